"""A network of next tokens continues a text."""
