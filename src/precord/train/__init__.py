"""Training (PyTorch; the `train` extra): pools of records, the loop, checkpoints, ONNX export."""
