"""The demo: a hub on loopback, a bundled model, and transfer learning from one to the other; no network.

It holds `digits_feature_vector`, a feature vector trained on the digits 0 to 4, and `digits.npz`, images of 5 to 9.
"""
