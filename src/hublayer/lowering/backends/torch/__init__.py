"""Lowerings of the PyTorch backend's own: a missing function, a wrong result or a measured gain, as each says."""
