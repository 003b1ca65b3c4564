"""What leaves Glassnet with a network: readable PyTorch code, a notebook, ONNX. Runs in a worker."""
