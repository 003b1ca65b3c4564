"""Glassnet: a glass box for real neural networks."""

__version__ = "0.1.0"
