"""Functions of numbers, such as XLA's reductions take, for cases."""

from __future__ import annotations

import numpy as np

from hublayer.graph.ir import Function, Node, Parameter, Value

X, Y = Value("x"), Value("y")


def of_two(op: str, dtype: str = "float32") -> Function:
    """The function of x and y that is one op."""
    parameters = (Parameter("x", dtype), Parameter("y", dtype))
    result = Node("same", "Identity", (Value("result"),))
    return Function(f"{op}_{dtype}", parameters, (Node("result", op, (X, Y)), result), (Value("same"),))


def second(dtype: str = "float32") -> Function:
    """The function that returns its second argument."""
    return Function(f"second_{dtype}", (Parameter("x", dtype), Parameter("y", dtype)), (), (Y,))


def root_of_squares() -> Function:
    """sqrt(x² + y²), which is no known reduction."""
    nodes = (
        Node("a", "Square", (X,)),
        Node("b", "Square", (Y,)),
        Node("sum", "AddV2", (Value("a"), Value("b"))),
        Node("root", "Sqrt", (Value("sum"),)),
    )
    return Function("root_of_squares", (Parameter("x", "float32"), Parameter("y", "float32")), nodes, (Value("root"),))


def reshaped_maximum() -> Function:
    """max(x, y) by way of a vector, so that it works on numbers alone."""
    nodes = (
        Node("shape", "Const", (), {"value": np.array([1], np.int32)}),
        Node("none", "Const", (), {"value": np.zeros(0, np.int32)}),
        Node("a", "Reshape", (X, Value("shape"))),
        Node("most", "Maximum", (Value("a"), Y)),
        Node("number", "Reshape", (Value("most"), Value("none"))),
    )
    return Function("reshaped", (Parameter("x", "float32"), Parameter("y", "float32")), nodes, (Value("number"),))


def first_largest() -> Function:
    """(value, index) of the larger value, of the first index where they are equal."""
    parameters = tuple(Parameter(n, d) for n, d in zip("abcd", ("float32", "int32") * 2, strict=True))
    a, i, b, j = map(Value, "abcd")
    nodes = (
        Node("more", "Greater", (a, b)),
        Node("same", "Equal", (a, b)),
        Node("before", "Less", (i, j)),
        Node("first", "LogicalAnd", (Value("same"), Value("before"))),
        Node("keep", "LogicalOr", (Value("more"), Value("first"))),
        Node("value", "SelectV2", (Value("more"), a, b)),
        Node("index", "SelectV2", (Value("keep"), i, j)),
    )
    return Function("first_largest", parameters, nodes, (Value("value"), Value("index")))


def sum_and_maximum() -> Function:
    """The sum of the first values and the maximum of the second."""
    parameters = tuple(Parameter(name, "float32") for name in "abcd")
    nodes = (
        Node("sum", "AddV2", (Value("a"), Value("c"))),
        Node("most", "Maximum", (Value("b"), Value("d"))),
    )
    return Function("sum_and_maximum", parameters, nodes, (Value("sum"), Value("most")))


def compared(op: str, *dtypes: str, by: int = 0, turned: bool = False) -> Function:
    """A comparator of elements with one value per dtype that compares the value number `by`."""
    parameters = tuple(Parameter(f"{side}{n}", dtype) for n, dtype in enumerate(dtypes) for side in "xy")
    sides = Value(f"x{by}"), Value(f"y{by}")
    node = Node("before", op, sides[::-1] if turned else sides)
    return Function(f"{op}_{'_'.join(dtypes)}_{by}_{turned}", parameters, (node,), (Value("before"),))


def total_order() -> Function:
    """Floats by their bits: NaN last, and no difference between zeros."""
    nodes: list[Node] = [
        Node("zero", "Const", (), {"value": np.zeros((), np.float32)}),
        Node("nan", "Const", (), {"value": np.float32(np.nan)}),
        Node("all", "Const", (), {"value": np.array(31, np.int32)}),
        Node("one", "Const", (), {"value": np.array(1, np.uint32)}),
    ]
    for side in "xy":
        v = {n: Value(f"{n}_{side}") for n in ("z", "a", "n", "b", "i", "s", "u", "h", "m", "k")}
        nodes += [
            Node(v["z"].node, "Equal", (Value(side), Value("zero"))),
            Node(v["a"].node, "SelectV2", (v["z"], Value("zero"), Value(side))),
            Node(v["n"].node, "NotEqual", (Value(side), Value(side))),
            Node(v["b"].node, "SelectV2", (v["n"], Value("nan"), v["a"])),
            Node(v["i"].node, "Bitcast", (v["b"],), {"T": "float32", "type": "int32"}),
            Node(v["s"].node, "RightShift", (v["i"], Value("all"))),
            Node(v["u"].node, "Bitcast", (v["s"],), {"T": "int32", "type": "uint32"}),
            Node(v["h"].node, "RightShift", (v["u"], Value("one")), {"T": "uint32"}),
            Node(v["m"].node, "Bitcast", (v["h"],), {"T": "uint32", "type": "int32"}),
            Node(v["k"].node, "BitwiseXor", (v["i"], v["m"])),
        ]
    nodes.append(Node("before", "Less", (Value("k_x"), Value("k_y"))))
    parameters = (Parameter("x", "float32"), Parameter("y", "float32"))
    return Function("total_order", parameters, tuple(nodes), (Value("before"),))


def two_keys() -> Function:
    """The first values rising; where they are equal, the second falling."""
    parameters = tuple(Parameter(n, d) for n, d in (("x", "int32"), ("y", "int32"), ("v", "float32"), ("w", "float32")))
    nodes = (
        Node("less", "Less", (X, Y)),
        Node("same", "Equal", (X, Y)),
        Node("more", "Greater", (Value("v"), Value("w"))),
        Node("both", "LogicalAnd", (Value("same"), Value("more"))),
        Node("before", "LogicalOr", (Value("less"), Value("both"))),
    )
    return Function("two_keys", parameters, nodes, (Value("before"),))


def by_distance() -> Function:
    """x - y < 0, which no key is read from."""
    nodes = (
        Node("zero", "Const", (), {"value": np.zeros((), np.float32)}),
        Node("distance", "Sub", (X, Y)),
        Node("before", "Less", (Value("distance"), Value("zero"))),
    )
    return Function("by_distance", (Parameter("x", "float32"), Parameter("y", "float32")), nodes, (Value("before"),))
