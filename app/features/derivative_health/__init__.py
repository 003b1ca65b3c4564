"""How large the derivatives were over the run."""
