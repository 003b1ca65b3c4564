"""Every part that a network, its data or its training can be made of: one file a part."""
