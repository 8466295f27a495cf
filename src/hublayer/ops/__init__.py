"""What is known of each op, in one place. Nothing here imports Keras, TensorFlow or Arrow."""
