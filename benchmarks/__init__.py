"""What the README promises, measured on this machine. ``python -m benchmarks`` runs all of it."""
