"""Every number of one step."""
