"""The operations of one step, in order."""
