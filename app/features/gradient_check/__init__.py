"""Gradients against differences of losses."""
