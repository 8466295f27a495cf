"""What a SavedModel's graph holds and may do. Needs neither TensorFlow nor Keras."""
