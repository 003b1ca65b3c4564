"""The declarative description of a network, its training and a run; and what can be said without torch."""
