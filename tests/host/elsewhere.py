"""Host ops whose cases are not data, and the test file that has them."""

OPS = {
    "BoostedTreesBucketize": "tests/host/test_buckets.py",
    "EncodeJpeg": "tests/host/test_images.py",
    "EncodeJpegVariableQuality": "tests/host/test_images.py",
    "EncodePng": "tests/host/test_images.py",
    "Assert": "tests/host/test_control_flow.py",
    "BucketizeWithInputBoundaries": "tests/host/test_buckets.py",
    "Case": "tests/host/test_control_flow.py",
    "If": "tests/host/test_control_flow.py",
    "PartitionedCall": "tests/host/test_control_flow.py",
    "Placeholder": "tests/host/test_control_flow.py",
    "PlaceholderWithDefault": "tests/host/test_control_flow.py",
    "StatefulPartitionedCall": "tests/host/test_control_flow.py",
    "StatelessCase": "tests/host/test_control_flow.py",
    "StatelessIf": "tests/host/test_control_flow.py",
    "StatelessWhile": "tests/host/test_control_flow.py",
    "While": "tests/host/test_control_flow.py",
}
