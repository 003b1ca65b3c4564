"""Word vectors: the nearest words of a word, and the vectors laid flat."""
