"""What TensorFlow's CPU kernels cannot show: dilated depthwise gradients, and layouts that the kernels refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hublayer.lowering.registry import find_lowering
from lowering.backends import BACKEND, gradients, to_numpy, to_tensor
from lowering.case import cotangent, floats


def call(op: str, *inputs: Any, **attributes: Any) -> list[Any]:
    """The op's outputs on this backend."""
    lowering = find_lowering(op, BACKEND)
    assert lowering is not None
    result = lowering.function(*inputs, **attributes)
    return list(result) if isinstance(result, tuple | list) else [result]


def value_and_gradients(op: str, *inputs: np.ndarray, **attributes: Any) -> list[np.ndarray]:
    """The first output, and the gradients of its weighted sum for all inputs."""
    tensors = [to_tensor(array) for array in inputs]
    first = to_numpy(call(op, *tensors, **attributes)[0])
    found = gradients(
        lambda given: call(op, *given, **attributes)[:1], tensors, range(len(tensors)), [cotangent(0, first)]
    )
    return [first, *(np.zeros_like(array) if g is None else g for g, array in zip(found, inputs, strict=True))]


def dense(kernel: np.ndarray) -> np.ndarray:
    """A depthwise filter (h, w, C, m) as a full one, (h, w, C, C · m)."""
    height, width, channels, multiplier = kernel.shape
    full = np.zeros((height, width, channels, channels, multiplier), kernel.dtype)
    for c in range(channels):
        full[:, :, c, c] = kernel[:, :, c]
    return full.reshape(height, width, channels, channels * multiplier)


@pytest.mark.skipif(BACKEND == "tensorflow", reason="its own gradient kernels ignore dilations on CPU")
@pytest.mark.parametrize("dilation", [1, 2, 3])
@pytest.mark.parametrize("multiplier", [1, 2])
def test_a_depthwise_convolution_is_a_convolution_with_zeros_between_channels(dilation, multiplier):
    x, kernel = floats(2, 7, 6, 3), floats(3, 2, 3, multiplier, seed=1)
    attributes = {"strides": [1, 1, 1, 1], "padding": "SAME", "dilations": [1, dilation, dilation, 1]}
    got = value_and_gradients("DepthwiseConv2dNative", x, kernel, **attributes)
    value, for_x, for_full = value_and_gradients("Conv2D", x, dense(kernel), **attributes)
    picked = for_full.reshape(3, 2, 3, 3, multiplier)[:, :, range(3), range(3)]
    for array, expected in zip(got, (value, for_x, picked), strict=True):
        np.testing.assert_allclose(array, expected, rtol=1e-4, atol=1e-4)


def _nchw(values: list[Any]) -> list[Any]:
    return [values[0], values[3], values[1], values[2]]


@pytest.mark.skipif(BACKEND == "tensorflow", reason="its own kernels refuse NCHW on CPU")
@pytest.mark.parametrize("kernel", [(1, 1, 4, 3), (3, 2, 4, 3), (3, 3, 2, 6), (3, 3, 1, 8)])
@pytest.mark.parametrize("stride", [1, 2])
def test_convolutions_in_nchw_are_those_in_nhwc(kernel, stride):
    x, weights = floats(2, 5, 6, 4), floats(*kernel, seed=1)
    attributes = {"padding": "EXPLICIT", "strides": [1, stride, 1, 1]}
    last = call("Conv2D", to_tensor(x), to_tensor(weights), explicit_paddings=[0, 0, 1, 0, 2, 1, 0, 0], **attributes)
    attributes["strides"] = _nchw(attributes["strides"])
    first = call(
        "Conv2D",
        to_tensor(np.moveaxis(x, 3, 1).copy()),
        to_tensor(weights),
        explicit_paddings=[0, 0, 0, 0, 1, 0, 2, 1],
        data_format="NCHW",
        **attributes,
    )
    np.testing.assert_allclose(np.moveaxis(to_numpy(first[0]), 1, 3), to_numpy(last[0]), rtol=1e-4, atol=1e-4)


@pytest.mark.skipif(BACKEND == "tensorflow", reason="its own kernels refuse NCDHW on CPU")
@pytest.mark.parametrize("op", ["MaxPool3D", "AvgPool3D"])
def test_pooling_in_ncdhw_is_that_in_ndhwc(op):
    x, window = floats(1, 4, 5, 3, 2), {"padding": "SAME"}
    value, gradient = value_and_gradients(op, x, ksize=[1, 2, 3, 2, 1], strides=[1, 2, 1, 1, 1], **window)
    first = np.moveaxis(x, 4, 1).copy()
    layout = {"ksize": [1, 1, 2, 3, 2], "strides": [1, 1, 2, 1, 1], "data_format": "NCDHW", **window}
    got = to_numpy(call(op, to_tensor(first), **layout)[0])
    np.testing.assert_allclose(np.moveaxis(got, 1, 4), value, rtol=1e-5)
    assert gradient.shape == x.shape


def test_inference_of_volumes_is_that_of_images():
    x, statistics = floats(2, 3, 4, 5, 3), [floats(3, seed=i, low=0.5) for i in range(4)]
    tensors = [to_tensor(array) for array in statistics]
    volume = call("FusedBatchNormV3", to_tensor(x), *tensors, is_training=False, data_format="NDHWC")
    image = call("FusedBatchNormV3", to_tensor(x.reshape(2, 12, 5, 3)), *tensors, is_training=False)
    np.testing.assert_allclose(to_numpy(volume[0]), to_numpy(image[0]).reshape(x.shape), rtol=1e-6)
    first = (
        call(
            "FusedBatchNormV3", to_tensor(np.moveaxis(x, 4, 1).copy()), *tensors, is_training=False, data_format="NCDHW"
        )
        if BACKEND != "tensorflow"
        else None
    )
    if first is not None:
        np.testing.assert_allclose(np.moveaxis(to_numpy(first[0]), 1, 4), to_numpy(volume[0]), rtol=1e-6)


@pytest.mark.parametrize("scaled", [True, False])
def test_the_old_batch_norm_is_its_formula(scaled):
    t = floats(2, 3, 4, 3)
    m, v, beta, gamma = (floats(3, seed=i, low=0.5) for i in range(4))
    got = call(
        "BatchNormWithGlobalNormalization",
        *(to_tensor(array) for array in (t, m, v, beta, gamma)),
        variance_epsilon=1e-2,
        scale_after_normalization=scaled,
    )
    expected = (t - m) / np.sqrt(v + 1e-2) * (gamma if scaled else 1) + beta
    np.testing.assert_allclose(to_numpy(got[0]), expected, rtol=1e-4, atol=1e-5)


def test_packed_layouts_are_refused_by_name():
    if BACKEND == "tensorflow":
        pytest.skip("TensorFlow has its own message")
    with pytest.raises(ValueError, match="NCHW_VECT_C"):
        call(
            "MaxPool",
            to_tensor(floats(1, 4, 4, 4)),
            ksize=[1, 2, 2, 1],
            strides=[1, 2, 2, 1],
            padding="SAME",
            data_format="NCHW_VECT_C",
        )
