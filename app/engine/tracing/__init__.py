"""Looks into one training step: every number as the sum it came from. Never on the training path."""
