"""Data sets of a user's own: uploads read in a process of their own, kept by their content's hash."""
