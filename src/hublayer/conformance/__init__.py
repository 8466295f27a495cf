"""Does a model give the same numbers here as in TensorFlow? ``hublayer conformance FOLDER…``"""
