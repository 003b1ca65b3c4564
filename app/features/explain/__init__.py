"""One number of a step as the sum that it came from."""
