"""The towers, the projections that align them, and the losses (PyTorch; the `train` extra)."""
