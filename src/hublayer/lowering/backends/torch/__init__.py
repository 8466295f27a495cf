"""Lowerings of the torch backend's own: a missing function, a wrong result, or a measured gain; each says which."""
