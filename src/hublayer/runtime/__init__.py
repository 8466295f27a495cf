"""Run the endpoints of a SavedModel: with TensorFlow's own loader (native)."""
