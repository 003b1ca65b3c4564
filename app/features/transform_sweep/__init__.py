"""The answer for a picture along a movement of it."""
