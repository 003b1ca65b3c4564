"""A sample as training would see it."""
