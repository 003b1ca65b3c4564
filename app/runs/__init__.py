"""The life of runs: their workers, states, viewers and places in the queue. Imports no store, no torch."""
