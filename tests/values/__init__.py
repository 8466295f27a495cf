"""The fuzz of values: nodes drawn from the schema of their op, compared with TensorFlow's kernels."""
