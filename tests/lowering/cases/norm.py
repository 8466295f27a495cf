"""Cases of hublayer.lowering.norm."""

from lowering.case import Case, floats

X = floats(2, 3, 4, 3)
CHANNELS = tuple(floats(3, seed=i, low=0.5, high=2.0) for i in (1, 2, 3, 4))
TRAINING, INFERENCE = {"is_training": True}, {"is_training": False}
V3 = "FusedBatchNormV3"

CASES = [
    *(
        Case(op, (X, *CHANNELS), {**mode, "epsilon": 1e-3}, name=name)
        for op in ("FusedBatchNorm", "FusedBatchNormV2", V3)
        for name, mode in (("training", TRAINING), ("inference", INFERENCE))
    ),
    Case(V3, (X, *CHANNELS), name="defaults"),
    Case(V3, (X, *CHANNELS), {**TRAINING, "exponential_avg_factor": 0.3}, name="average"),
    Case(V3, (X, *CHANNELS), {**INFERENCE, "exponential_avg_factor": 0.3}, name="inference-average"),
    Case(V3, (X[:1, :1, :1], *CHANNELS), TRAINING, name="one-value"),
    Case(V3, (floats(2, 3, 4, 5), *CHANNELS), {**INFERENCE, "data_format": "NCHW"}, name="nchw"),
    Case(V3, (floats(2, 3, 4, 5), *CHANNELS), {**TRAINING, "data_format": "NCHW"}, name="nchw-training"),
    # NDHWC for inference leaves two outputs unset in TensorFlow: test_conv_layouts.py has it.
    Case(V3, (floats(2, 3, 2, 2, 3), *CHANNELS), {**TRAINING, "data_format": "NDHWC"}, name="ndhwc-training"),
    # Outputs of two dtypes: the harness cannot sum them for a gradient on TensorFlow.
    Case(V3, (X.astype("float16"), *CHANNELS), INFERENCE, name="float16", gradient=False, outputs=3),
    Case(V3, (X.astype("float16"), *CHANNELS), TRAINING, name="float16-training", gradient=False, outputs=3),
    Case("LRN", (floats(2, 3, 2, 7),), name="defaults"),
    Case("LRN", (floats(2, 3, 2, 7),), {"depth_radius": 2, "bias": 2.0, "alpha": 1e-2, "beta": 0.75}, name="radius-2"),
    Case("LRN", (floats(1, 2, 2, 3),), {"depth_radius": 0}, name="radius-0"),
]
