"""What runs on the host: strings, tables, ragged and sparse work, parsing. Arrow and NumPy; no Keras, no TensorFlow.

A value is a NumPy array, a StringTensor, or what a resource or variant holds (a table, a list, a ragged tensor).
"""
