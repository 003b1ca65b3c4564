"""The choice of a method of attribution, for what asks by it."""

from __future__ import annotations

from app.catalog.attributions import AnyAttribution

__all__ = ["AnyAttribution"]
