"""What a job of attribution needs of a run: its weights and one input."""
