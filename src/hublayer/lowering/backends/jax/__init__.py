"""Lowerings of the JAX backend's own: a missing function, a wrong result or a measured gain, as each says."""
