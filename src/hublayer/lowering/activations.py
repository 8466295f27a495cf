"""Activation functions, and their gradients' ops, which the functions of custom gradients hold."""

from __future__ import annotations

from typing import Any

from hublayer.lowering.dtypes import cast, dtype_of
from hublayer.lowering.registry import lowers, lowers_table
from hublayer.lowering.windows import ops, tensor

# Klambauer et al., "Self-Normalizing Neural Networks" (2017), as TensorFlow's kernel rounds them.
_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_SCALE_ALPHA = 1.7580993408473768599402175208123


def _where(condition: Any, x: Any, y: Any) -> Any:
    return ops.where(condition, ops.convert_to_tensor(x), ops.convert_to_tensor(y))


def relu(features: Any) -> Any:
    """The positive part; its gradient at 0 is 0."""
    return ops.relu(features)


def relu6(features: Any) -> Any:
    """min(max(features, 0), 6); the gradient at 0 and at 6 is 0, which a composition of min and max would not give."""
    features = ops.convert_to_tensor(features)
    inner = _where(ops.less_equal(features, 0), ops.zeros_like(features), features)
    return _where(ops.greater_equal(features, 6), ops.full_like(features, 6), inner)


def sigmoid_grad(y: Any, dy: Any) -> Any:
    """The gradient of Sigmoid, y its output."""
    return ops.multiply(ops.multiply(dy, y), ops.subtract(1, y))


def _kept(gradients: Any, condition: Any) -> Any:
    """`gradients` where `condition`, else 0 times them, which is NaN where they are not finite, as in the kernel."""
    gradients = tensor(gradients)
    return gradients * cast(condition, dtype_of(gradients))


def relu_grad(gradients: Any, features: Any) -> Any:
    """`gradients` where features > 0."""
    return _kept(gradients, ops.greater(features, 0))


def relu6_grad(gradients: Any, features: Any) -> Any:
    """`gradients` where 0 < features < 6."""
    return _kept(gradients, ops.logical_and(ops.greater(features, 0), ops.less(features, 6)))


def elu_grad(gradients: Any, outputs: Any) -> Any:
    """The gradient of Elu from its outputs."""
    return _where(ops.less(outputs, 0), ops.multiply(gradients, ops.add(outputs, 1)), gradients)


def selu_grad(gradients: Any, outputs: Any) -> Any:
    """The gradient of Selu from its outputs."""
    # Operators, for keras.ops would round the factors to float32 and widen half floats to it.
    gradients, outputs = tensor(gradients), tensor(outputs)
    negative = gradients * (outputs + _SELU_SCALE_ALPHA)
    return _where(ops.less(outputs, 0), negative, gradients * _SELU_SCALE)


def softplus_grad(gradients: Any, features: Any) -> Any:
    """gradients · sigmoid(features)."""
    return ops.multiply(gradients, ops.sigmoid(features))


def softsign_grad(gradients: Any, features: Any) -> Any:
    """gradients / (1 + |features|)²."""
    root = ops.add(ops.abs(features), 1)
    return ops.divide(gradients, ops.multiply(root, root))


lowers_table(
    {
        "Elu": ops.elu,
        "EluGrad": elu_grad,
        "Relu": relu,
        "Relu6": relu6,
        "Relu6Grad": relu6_grad,
        "ReluGrad": relu_grad,
        "Selu": ops.selu,
        "SeluGrad": selu_grad,
        "Sigmoid": ops.sigmoid,
        "SigmoidGrad": sigmoid_grad,
        "Softplus": ops.softplus,
        "SoftplusGrad": softplus_grad,
        "Softsign": ops.softsign,
        "SoftsignGrad": softsign_grad,
    }
)


@lowers("LeakyRelu")
def leaky_relu(features: Any, *, alpha: float = 0.2) -> Any:
    """features where positive, else alpha · features."""
    features = tensor(features)
    return _where(ops.greater(features, 0), features, features * alpha)


@lowers("LeakyReluGrad")
def leaky_relu_grad(gradients: Any, features: Any, *, alpha: float = 0.2) -> Any:
    """`gradients` where features > 0, else alpha · gradients."""
    gradients = tensor(gradients)
    return _where(ops.greater(features, 0), gradients, gradients * alpha)
