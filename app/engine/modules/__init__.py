"""Our own modules, each in its file; the rest is torch.nn."""
