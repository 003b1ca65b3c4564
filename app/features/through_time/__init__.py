"""A recurrent layer at every step of time."""
