"""PyTorch modules of our own, one file each. The catalogue's parts build them."""
