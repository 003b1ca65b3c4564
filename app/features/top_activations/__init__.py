"""The training samples that excite a map most."""
