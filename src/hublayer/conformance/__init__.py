"""Does a model give the same numbers here as in TensorFlow? ``python -m hublayer.conformance FOLDER…``"""
