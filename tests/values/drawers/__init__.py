"""Drawers of inputs, by family. Importing this registers all of them."""

from values.drawers import arrays, elementwise, images, indexing, linalg, neural, reductions

__all__ = ["arrays", "elementwise", "images", "indexing", "linalg", "neural", "reductions"]
