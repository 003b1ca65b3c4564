"""The present parameters as a file."""
