"""XlaCallModule: modules that JAX exports give what the exported functions give, values and derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from hublayer.errors import CorruptSavedModelError, ExecutionError, UnsupportedOpsError
from hublayer.graph.ir import Function, FunctionName, Node, Parameter, Value
from hublayer.lowering.execute import Executable, Run
from lowering.backends import BACKEND, to_numpy
from lowering.case import cotangent, floats, integers
from lowering.xla_functions import of_two

jax = pytest.importorskip("jax", reason="StableHLO is read and run by JAX")
jnp, lax = jax.numpy, jax.lax


def node(module: str | bytes, arguments: int, outputs: Sequence[str], **attrs: Any) -> Node:
    """An XlaCallModule of the inputs in_0, in_1, …"""
    given = {"version": 9, "platforms": ["CPU"], "Sout": [()] * len(outputs), "Tout": list(outputs), **attrs}
    inputs = tuple(Value(f"in_{i}") for i in range(arguments))
    types = {"Tin": ["float32"] * arguments}
    return Node("op", "XlaCallModule", inputs, {"module": module, **types, **given}, "test")


def bound(call: Node, dtypes: Sequence[str], *inner: Function) -> Callable[[Sequence[Any]], list[Any]]:
    """The call as a function of its arguments."""
    parameters = tuple(Parameter(f"in_{i}", dtype) for i, dtype in enumerate(dtypes))
    outputs = tuple(Value("op", i) for i in range(len(call.attrs["Tout"])))
    executable = Executable(Function("test", parameters, (call,), outputs), BACKEND)
    functions = {function.name: Executable(function, BACKEND) for function in inner}
    return lambda given: executable(Run({}, functions.__getitem__), given)


if BACKEND != "jax":
    pytest.skip("StableHLO runs on JAX", allow_module_level=True)


def exported(function: Callable[..., Any], *shapes: Any) -> bytes:
    """The function as a portable artifact, as jax2tf writes it."""
    return jax.export.export(jax.jit(function))(*shapes).mlir_module_serialized


def shapes_of(arguments: Sequence[Any]) -> list[Any]:
    return [jax.ShapeDtypeStruct(x.shape, x.dtype) for x in arguments]


def check(function: Callable[..., Any], arguments: Sequence[Any], module: bytes, gradient: bool = True) -> None:
    """The module gives the function's results under jit, and its derivatives."""
    expected = jax.tree_util.tree_leaves(function(*map(jnp.asarray, arguments)))
    names = [x.dtype.name for x in expected]
    run = bound(node(module, len(arguments), names), [x.dtype.name for x in arguments])
    for call in (run, jax.jit(run)):
        found = call([jnp.asarray(x) for x in arguments])
        assert len(found) == len(expected)
        for got, want in zip(found, expected, strict=True):
            assert to_numpy(got).shape == want.shape
            assert to_numpy(got).dtype == want.dtype
            np.testing.assert_allclose(
                to_numpy(got).astype("float64"), np.asarray(want, "float64"), rtol=2e-5, atol=2e-5
            )
    watched = [i for i, x in enumerate(arguments) if np.asarray(x).dtype.kind == "f"]
    if not gradient or not watched:
        return

    def loss(call: Callable[[Sequence[Any]], Sequence[Any]]) -> Callable[..., Any]:
        def total(values: list[Any]) -> Any:
            given = [jnp.asarray(x) for x in arguments]
            for i, value in zip(watched, values, strict=True):
                given[i] = value
            terms = [
                jnp.sum(y * cotangent(i, np.asarray(x)))
                for i, (x, y) in enumerate(zip(expected, call(given), strict=True))
                if x.dtype.kind == "f"
            ]
            return sum(terms, jnp.zeros(()))

        return total

    values = [jnp.asarray(arguments[i]) for i in watched]
    want = jax.grad(loss(lambda given: jax.tree_util.tree_leaves(function(*given))))(values)
    for got, expect in zip(jax.jit(jax.grad(loss(run)))(values), want, strict=True):
        np.testing.assert_allclose(got, expect, rtol=1e-4, atol=1e-4 * max(1.0, float(np.abs(expect).max(initial=0))))


X = floats(3, 5)
SQUARE = floats(3, 3) + 4 * np.eye(3, dtype=np.float32)
ROWS = np.array([0, 2, 0], np.int32)


def _counted(x):
    return lax.fori_loop(0, 4, lambda i, y: jnp.sin(y) * (i + 1.0), x)


def _scanned(x, w):
    carry, sums = lax.scan(lambda c, row: (jnp.tanh(c @ w + row), c.sum()), jnp.zeros(5), x)
    return carry, sums


def _searched(x):
    return lax.while_loop(lambda s: s[1].sum() < 100.0, lambda s: (s[0] + 1, s[1] * 2), (0, jnp.abs(x) + 1))


def _convolved(x, kernel):
    numbers = ("NHWC", "HWIO", "NHWC")
    same = lax.conv_general_dilated(x, kernel, (2, 1), "SAME", dimension_numbers=numbers, rhs_dilation=(1, 2))
    back = lax.conv_transpose(same, kernel, (2, 2), "SAME", dimension_numbers=numbers, transpose_kernel=True)
    return same, back


def _pooled(x):
    largest = lax.reduce_window(x, -jnp.inf, lax.max, (2, 2), (1, 1), "SAME")
    return largest, lax.reduce_window(x, 0.0, lax.add, (2, 3), (1, 2), "VALID"), jnp.cumsum(x, 0), jnp.cumprod(x, 1)


def _indexed(x, rows):
    changed = jnp.asarray(x).at[rows, 1].add(2.0).at[0, rows].set(1.0).at[1, rows].multiply(3.0)
    window = lax.dynamic_slice(x, (rows[1], rows[0]), (2, 2))
    return (
        changed,
        window,
        jnp.asarray(x)[rows],
        jnp.take_along_axis(x, rows[:, None], 1),
        jax.ops.segment_max(x, rows, 3),
    )


def _sorted(x):
    order = jnp.argsort(x, 1)
    return jnp.sort(x, 0), order, jnp.median(x), lax.top_k(x, 2), lax.sort((x, -x), dimension=1, num_keys=2)


def _chosen(x):
    return lax.cond(x.sum() > 0, jnp.sin, jnp.cos, x), lax.switch(jnp.int32(x[0, 0]), [jnp.exp, jnp.tanh], x)


def _activated(x):
    y = jax.nn.gelu(x, approximate=False) + jax.nn.softplus(x) + jax.scipy.special.erf(x) + jnp.arctan2(x, 2.0)
    return y, jax.nn.softmax(x), jax.nn.logsumexp(x, 1), jnp.sinh(x), lax.lgamma(jnp.abs(x) + 1), jnp.cbrt(x)


def _solved(a, x):
    positive = a @ a.T
    values, _ = jnp.linalg.eigh(positive)
    return jnp.linalg.cholesky(positive), jnp.linalg.solve(a, x), values, jnp.linalg.svd(a, compute_uv=False)


def _decomposed(a):
    q, r = jnp.linalg.qr(a @ a.T)
    u, s, vh = jnp.linalg.svd(a)
    return q @ r, (u * s) @ vh, jnp.linalg.det(a), jnp.linalg.inv(a)


FUNCTIONS: dict[str, tuple[Callable[..., Any], list[np.ndarray], bool]] = {
    "arithmetic": (lambda x: ((x + 2) / 3 - x * x, (jnp.abs(x) + 1) ** x, x % 1.5, x.clip(-1, 1)), [X], True),
    "activations": (_activated, [X], True),
    "integers": (lambda n: (n // 3, n % 3, n << 2, n >> 1, ~n, lax.population_count(n), n > 1), [integers(4, 3)], True),
    "products": (lambda x, y: (x @ y, jnp.einsum("ij,kj->ik", x, x), jnp.tensordot(x, y, 1)), [X, floats(5, 2)], True),
    "bfloat16": (lambda x: x.astype("bfloat16").astype("float32") * jnp.bfloat16(1.5).astype("float32"), [X], False),
    "convolution": (_convolved, [floats(1, 6, 6, 2), floats(3, 3, 2, 2)], True),
    "pooling": (_pooled, [X], True),
    "reductions": (lambda x: (x.sum(0), x.max(1), x.argmin(1), x.prod(), (x > 0).any(0), x.var()), [X], True),
    "indexing": (_indexed, [X, ROWS], True),
    "sorting": (_sorted, [X], True),
    "branches": (_chosen, [np.abs(X)], True),
    "counted_loop": (_counted, [X], True),
    "scan": (_scanned, [floats(4, 5), floats(5, 5)], True),
    "while_loop": (_searched, [X], False),
    "random_bits": (lambda key: (jax.random.uniform(key, (4,)), jax.random.normal(key, (3,))),
                    [np.array([0, 7], np.uint32)], False),
    "solvers": (_solved, [SQUARE, floats(3, 2)], True),
    "fourier": (lambda x: jnp.abs(jnp.fft.rfft(x)) + jnp.real(jnp.fft.fft(x))[:, :3], [X], True),
    "shapes": (lambda x: (jnp.pad(x, ((1, 0), (0, 2)), mode="edge"), x[::-1, ::2], jnp.tile(x, 2)), [X], True),
    "gradient": (jax.grad(lambda x: lax.reduce_window(jnp.sin(x), -jnp.inf, lax.max, (2, 2), (2, 2), "SAME").sum()),
                 [X], False),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name):
    function, arguments, gradient = FUNCTIONS[name]
    check(function, arguments, exported(function, *shapes_of(arguments)), gradient)


def test_decompositions_are_refused_or_right():
    module = exported(_decomposed, jax.ShapeDtypeStruct((3, 3), "float32"))
    with pytest.raises(UnsupportedOpsError, match="lapack_sgeqrf_ffi"):  # jax.lax has no QR in LAPACK's own form
        bound(node(module, 1, ["float32"] * 4), ["float32"])


def test_any_batch_size():
    (size,) = jax.export.symbolic_shape("b")

    def network(x, w):
        hidden = jax.nn.relu(x @ w).reshape(x.shape[0], 2, 2, 1)
        pooled = lax.reduce_window(hidden, 0.0, lax.add, (1, 2, 2, 1), (1, 1, 1, 1), "SAME")
        flat = pooled.reshape(x.shape[0], -1)
        return jax.nn.log_softmax(flat), jnp.argmax(flat, -1), jnp.sort(flat), jnp.ones((x.shape[0] + 1, 2)).cumsum(0)

    module = exported(network, jax.ShapeDtypeStruct((size, 3), "float32"), jax.ShapeDtypeStruct((3, 4), "float32"))
    for batch in (1, 2, 7):
        check(network, [floats(batch, 3), floats(3, 4)], module)


def test_shapes_that_do_not_fit_are_told():
    (size,) = jax.export.symbolic_shape("2*b")
    module = exported(lambda x: x * 2, jax.ShapeDtypeStruct((size, 3), "float32"))
    run = bound(node(module, 1, ["float32"]), ["float32"])
    assert run([jnp.ones((4, 3))])[0].shape == (4, 3)
    with pytest.raises(ExecutionError, match="Input shapes do not match the polymorphic shapes specification"):
        run([jnp.ones((3, 3))])


def test_custom_calls_that_are_not_known_are_refused_by_name():
    def calls_python(x):
        return jax.pure_callback(lambda y: y, jax.ShapeDtypeStruct((3,), "float32"), x)

    lowered = jax.jit(calls_python).lower(jax.ShapeDtypeStruct((3,), "float32"))
    with pytest.raises(UnsupportedOpsError, match=r"custom_call @xla_.*python.*callback"):
        bound(node(lowered.as_text(), 1, ["float32"]), ["float32"])
    text = """module { func.func public @main(%x: tensor<f32>) -> tensor<f32> {
        %y = stablehlo.custom_call @anything(%x) : (tensor<f32>) -> tensor<f32>
        %z = "stablehlo.all_reduce"(%y) ({ ^bb0(%a: tensor<f32>, %b: tensor<f32>):
          %c = stablehlo.add %a, %b : tensor<f32>
          stablehlo.return %c : tensor<f32> })
          {replica_groups = dense<0> : tensor<1x1xi64>} : (tensor<f32>) -> tensor<f32>
        return %z : tensor<f32> } }"""
    with pytest.raises(UnsupportedOpsError, match=r"2 operations(.|\n)*all_reduce(.|\n)*@anything"):
        bound(node(text, 1, ["float32"]), ["float32"])


def test_functions_of_tensorflow_are_called():
    text = """module { func.func public @main(%x: tensor<3xf32>, %y: tensor<3xf32>) -> tensor<3xf32> {
        %z = stablehlo.custom_call @tf.call_tf_function(%x, %y)
          {tf.backend_config = {called_index = 0 : i64, has_token_input_output = false}}
          : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
        return %z : tensor<3xf32> } }"""
    multiply = of_two("Mul")
    call = node(text, 2, ["float32"], function_list=[FunctionName(multiply.name)])
    run = bound(call, ["float32", "float32"], multiply)
    np.testing.assert_allclose(run([jnp.asarray([1.0, 2, 3]), jnp.full(3, 2.0)])[0], [2, 4, 6])


def test_one_of_several_platforms_is_chosen():
    text = """module { func.func public @main(%p: tensor<i32>, %x: tensor<f32>) -> tensor<f32> {
        %y = "stablehlo.case"(%p) ({ stablehlo.return %x : tensor<f32> }, {
          %two = stablehlo.add %x, %x : tensor<f32>
          stablehlo.return %two : tensor<f32> }) : (tensor<i32>) -> tensor<f32>
        return %y : tensor<f32> } }"""
    run = bound(node(text, 1, ["float32"], platforms=["TPU", "CPU"]), ["float32"])
    assert run([jnp.float32(3)])[0] == 6
    other = bound(node(text, 1, ["float32"], platforms=["TPU", "CUDA"]), ["float32"])
    with pytest.raises(ExecutionError, match="TPU, CUDA, and JAX runs on cpu"):
        other([jnp.float32(3)])


def test_dimensions_are_passed_where_the_module_asks_for_them():
    text = """module { func.func public @main(%n: tensor<i32>, %x: tensor<?xf32>) -> tensor<?xf32> {
        %s = stablehlo.reshape %n : (tensor<i32>) -> tensor<1xi32>
        %i = stablehlo.dynamic_iota %s, dim = 0 : (tensor<1xi32>) -> tensor<?xf32>
        %y = stablehlo.add %x, %i : tensor<?xf32>
        return %y : tensor<?xf32> } }"""
    run = bound(node(text, 1, ["float32"], version=5, dim_args_spec=["0.0"]), ["float32"])
    np.testing.assert_array_equal(run([jnp.zeros(4)])[0], [0, 1, 2, 3])


def test_versions_before_stablehlo_are_refused():
    with pytest.raises(UnsupportedOpsError, match="version 4 holds MHLO"):
        bound(node(b"", 0, ["float32"], version=4), [])


@pytest.mark.parametrize("data", [b"", b"ML\xefR", b"ML\xefR\x0dStableHLO_v1.0.0\x00\x01", "module {", b"\xff\xfe"])
def test_damaged_modules_are_told(data):
    with pytest.raises((CorruptSavedModelError, UnsupportedOpsError)):
        bound(node(data, 0, ["float32"]), [])


def test_cut_modules_are_told():
    whole = exported(lambda x: jnp.sin(x) @ x.T, jax.ShapeDtypeStruct((2, 3), "float32"))
    for length in range(5, len(whole), 37):
        with pytest.raises(CorruptSavedModelError):
            bound(node(whole[:length], 1, ["float32"]), ["float32"])


def test_scan_at_any_batch_size():
    (size,) = jax.export.symbolic_shape("b")

    def recurrent(x, w):
        start = jnp.zeros((x.shape[0], 4))
        _, states = lax.scan(lambda h, row: (jnp.tanh(h @ w + row),) * 2, start, jnp.swapaxes(x, 0, 1))
        return states

    module = exported(recurrent, jax.ShapeDtypeStruct((size, 3, 4), "float32"), jax.ShapeDtypeStruct((4, 4), "float32"))
    for batch in (1, 3):
        check(recurrent, [floats(batch, 3, 4), floats(4, 4)], module)


def test_slices_that_start_outside_are_moved_inside():
    text = """module { func.func public @main(%x: tensor<4xf32>, %u: tensor<2xf32>, %i: tensor<i32>)
          -> (tensor<2xf32>, tensor<4xf32>) {
        %s = stablehlo.dynamic_slice %x, %i, sizes = [2] : (tensor<4xf32>, tensor<i32>) -> tensor<2xf32>
        %t = stablehlo.dynamic_update_slice %x, %u, %i : (tensor<4xf32>, tensor<2xf32>, tensor<i32>) -> tensor<4xf32>
        return %s, %t : tensor<2xf32>, tensor<4xf32> } }"""
    run = bound(node(text, 3, ["float32"] * 2), ["float32", "float32", "int32"])
    x, update = jnp.arange(4.0), jnp.full(2, 9.0)
    for start, first in ((-1, 0), (1, 1), (7, 2)):
        window, changed = run([x, update, jnp.int32(start)])
        np.testing.assert_array_equal(window, [first, first + 1])
        np.testing.assert_array_equal(changed, x.at[first : first + 2].set(9.0))
