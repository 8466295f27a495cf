"""Ops of a graph on a Keras backend: one op, one function, grouped by family."""
