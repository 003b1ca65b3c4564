"""Numbers that are positive to everybody."""

from __future__ import annotations

TINY = 1e-30
"""The least that counts as more than zero: what is smaller is 0 to a float32, and a worker, which
flushes subnormal numbers, reads 5e-324 as 0 where the server reads a positive number."""
