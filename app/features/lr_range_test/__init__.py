"""The range test of learning rates: start, look, cancel."""
