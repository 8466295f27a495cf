"""Lowerings that one backend has of its own."""
