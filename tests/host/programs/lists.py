"""TensorLists and TensorArrays of strings, numbers, ragged variants and lists."""

from __future__ import annotations

from typing import Any

import numpy as np
from lowering.case import floats, i32, i64, integers

from host.collect import strings, text
from host.program import Program, Step

ANY = i32(-1)
ROWS = {
    "string": strings(["a", "é"], [b"\xff\x00", ""], ["z" * 1000, "漢"]),
    "float32": floats(3, 2),
    "int64": integers(3, 2, dtype="int64"),
    "bool": np.array([[True, False], [False, False], [True, True]]),
}
SCALARS = {"string": strings("a", "", "é"), "float32": floats(3), "int64": i64(5, 6, 7)}


def from_rows(tensor: np.ndarray, shape: Any = ANY, name: str = "list") -> Step:
    return Step(name, "TensorListFromTensor", (tensor, shape))


def reserve(dtype: str, number: int, shape: Any = ANY, name: str = "list") -> Step:
    return Step(name, "TensorListReserve", (shape, i32(number)), {"element_dtype": dtype})


def stack(of: str, dtype: str, shape: Any = ANY, **attrs: Any) -> Step:
    return Step("stack", "TensorListStack", (of, shape), {"element_dtype": dtype, **attrs})


def put(name: str, of: str, index: int, item: Any, **attrs: Any) -> Step:
    return Step(name, "TensorListSetItem", (of, i32(index), item), attrs)


def push(name: str, of: str, item: Any) -> Step:
    return Step(name, "TensorListPushBack", (of, item))


def of_dtype(dtype: str) -> list[Program]:
    tensor, attrs = ROWS[dtype], {"element_dtype": dtype}
    first = tensor[0]
    steps = (
        from_rows(tensor),
        Step("length", "TensorListLength", ("list",)),
        Step("item", "TensorListGetItem", ("list", i32(1), ANY), attrs),
        put("changed", "list", 2, first),
        stack("changed", dtype),
        Step("gather", "TensorListGather", ("changed", i32(2, 0, 2), ANY), attrs),
        Step("popped", "TensorListPopBack", ("list", ANY), attrs),
        Step("rest", "TensorListStack", ("popped", i32([2])), attrs),
        Step("resized", "TensorListResize", ("list", i32(5))),
        Step("longer", "TensorListStack", ("resized", ANY), attrs),
        Step("concat", "TensorListConcatV2", ("list", ANY, i64([])), attrs),
        Step("concat_v1", "TensorListConcat", ("list",), {**attrs, "element_shape": None}),
        Step("split", "TensorListSplit", (tensor, ANY, i64(2, 0, 1))),
        Step("joined", "TensorListConcatV2", ("split", i32([-1, 2]), i64([])), attrs),
        Step("scatter", "TensorListScatter", (tensor, i32(4, 0, 2), i32([2]))),
        Step("scattered", "TensorListStack", ("scatter", ANY), attrs),
        Step("scatter_v2", "TensorListScatterV2", (tensor, i32(4, 0, 2), i32([2]), i32(6))),
        Step("scattered_v2", "TensorListStack", ("scatter_v2", ANY), attrs),
        Step("into", "TensorListScatterIntoExistingList", ("list", tensor[:2], i32(2, 0))),
        Step("with", "TensorListStack", ("into", ANY), attrs),
        Step("both", "TensorListConcatLists", ("list", "split"), attrs),
        Step("both_length", "TensorListLength", ("both",)),
    )
    outputs = ("length", "item", "stack", "gather", "popped:1", "rest", "longer", "concat", "concat:1", "concat_v1",
               "concat_v1:1", "joined", "joined:1", "scattered", "scattered_v2", "with", "both_length")  # fmt: skip
    return [
        Program(f"list of {dtype}", steps, outputs),
        Program(f"reserved {dtype}",
                (reserve(dtype, 3, i32([2])), put("one", "list", 1, first), stack("one", dtype),
                 Step("unwritten", "TensorListGetItem", ("list", i32(0), ANY), attrs),
                 Step("shape", "TensorListElementShape", ("list",), {"shape_type": "int64"})),
                ("stack", "unwritten", "shape")),
        Program(f"pushed {dtype}",
                (Step("list", "EmptyTensorList", (i32([2]), i32(-1)), {"element_dtype": dtype}),
                 push("one", "list", first), push("two", "one", tensor[1]), stack("two", dtype, num_elements=2),
                 Step("none", "TensorListStack", ("list", ANY), attrs)), ("stack", "none")),
        Program(f"array of {dtype}",
                (Step("array", "TensorArrayV3", (i32(3),), {"dtype": dtype, "clear_after_read": False}),
                 Step("w0", "TensorArrayWriteV3", ("array", i32(0), first, "array:1")),
                 Step("w2", "TensorArrayWriteV3", ("array", i32(2), tensor[2], "w0")),
                 Step("w1", "TensorArrayScatterV3", ("array", i32([1]), tensor[1:2], "w2")),
                 Step("read", "TensorArrayReadV3", ("array", i32(2), "w1"), {"dtype": dtype}),
                 Step("gather", "TensorArrayGatherV3", ("array", i32(2, 0, 1), "w1"),
                      {"dtype": dtype, "element_shape": None}),
                 Step("concat", "TensorArrayConcatV3", ("array", "w1"), {"dtype": dtype}),
                 Step("size", "TensorArraySizeV3", ("array", "w1")),
                 Step("close", "TensorArrayCloseV3", ("array",))),
                ("read", "gather", "concat", "concat:1", "size", "w1")),
    ]  # fmt: skip


STRINGS = ROWS["string"]
LISTS = [
    *[program for dtype in ROWS for program in of_dtype(dtype)],
    *[Program(f"scalars of {dtype}",
              (from_rows(values, i32([])), stack("list", dtype),
               Step("item", "TensorListGetItem", ("list", i32(2), ANY), {"element_dtype": dtype})), ("stack", "item"))
      for dtype, values in SCALARS.items()],
    Program("unwritten scalars of strings", (reserve("string", 2, i32([])), stack("list", "string")), ("stack",)),
    Program("no rows", (from_rows(np.zeros((0, 2), object)), stack("list", "string", i32([2]))), ("stack",)),
    Program("written beyond the end",
            (reserve("string", 1, i32([])), put("more", "list", 3, text("x"), resize_if_index_out_of_bounds=True),
             stack("more", "string")), ("stack",)),
    Program("leading dimensions of unwritten items",
            (reserve("string", 3, i32([-1, 2])), put("one", "list", 1, STRINGS),
             Step("concat", "TensorListConcatV2", ("one", i32([-1, 2]), i64(1, 3, 2)), {"element_dtype": "string"})),
            ("concat", "concat:1")),
    Program("shape of an unknown rank",
            (reserve("string", 1), Step("shape", "TensorListElementShape", ("list",), {"shape_type": "int32"})),
            ("shape",)),
    Program("shape of unknown dimensions",
            (reserve("string", 1, i32([-1, 3])),
             Step("shape", "TensorListElementShape", ("list",), {"shape_type": "int32"})), ("shape",)),
    Program("a list of lists",
            (from_rows(STRINGS, ANY, "inner"),
             Step("outer", "EmptyTensorList", (i32([]), i32(-1)), {"element_dtype": "variant"}),
             push("outer1", "outer", "inner"),
             Step("back", "TensorListPopBack", ("outer1", i32([])), {"element_dtype": "variant"}),
             Step("stack", "TensorListStack", ("back:1", ANY), {"element_dtype": "string"})), ("stack",)),
    Program("a push to each of several lists",
            (Step("a", "EmptyTensorList", (i32([2]), i32(-1)), {"element_dtype": "string"}),
             Step("lists", "Pack", (["a", "a"],)),
             Step("pushed", "TensorListPushBackBatch", ("lists", STRINGS[:2])),
             Step("parts", "Unpack", ("pushed",), {"num": 2}),
             Step("stack", "TensorListStack", ("parts:1", ANY), {"element_dtype": "string"})), ("stack",)),
    Program("ragged rows in a list",
            (Step("rows", "RaggedTensorToVariant", ([i64(0, 2, 2, 3)], strings("a", "b", "c")),
                  {"batched_input": True}),
             Step("list", "TensorListFromTensor", ("rows", i32([]))),
             Step("item", "TensorListGetItem", ("list", i32(0), ANY), {"element_dtype": "variant"}),
             Step("values", "RaggedTensorFromVariant", ("item",),
                  {"input_ragged_rank": 0, "output_ragged_rank": 0, "Tvalues": "string", "Tsplits": "int64"}),
             Step("stack", "TensorListStack", ("list", i32([])), {"element_dtype": "variant"}),
             Step("out", "RaggedTensorFromVariant", ("stack",),
                  {"input_ragged_rank": 0, "output_ragged_rank": 1, "Tvalues": "string", "Tsplits": "int64"})),
            ("values", "out", "out:1")),
    Program("an array that grows",
            (Step("array", "TensorArrayV3", (i32(0),), {"dtype": "string", "dynamic_size": True}),
             Step("w", "TensorArrayWriteV3", ("array", i32(1), text("b"), "array:1")),
             Step("v", "TensorArrayWriteV3", ("array", i32(0), text("a"), "w")),
             Step("gather", "TensorArrayGatherV3", ("array", i32(0, 1), "v"),
                  {"dtype": "string", "element_shape": ()})), ("gather",)),
    Program("an array of pieces",
            (Step("array", "TensorArrayV3", (i32(3),), {"dtype": "string"}),
             Step("split", "TensorArraySplitV3", ("array", STRINGS, i64(2, 0, 1), "array:1")),
             Step("concat", "TensorArrayConcatV3", ("array", "split"), {"dtype": "string"})),
            ("concat", "concat:1")),
    Program("unwritten elements of an array",
            (Step("array", "TensorArrayV3", (i32(2),), {"dtype": "float32", "element_shape": (2,)}),
             Step("gather", "TensorArrayGatherV3", ("array", i32(0, 1), "array:1"), {"dtype": "float32"})),
            ("gather",)),
]  # fmt: skip


def refused(name: str, steps: tuple[Step, ...], raises: str) -> Program:
    return Program(name, steps, (), raises=raises)


ARRAY = Step("array", "TensorArrayV3", (i32(2),), {"dtype": "string"})
WRITTEN = Step("w", "TensorArrayWriteV3", ("array", i32(0), text("a"), "array:1"))
REFUSED = [
    refused("item beyond the end", (from_rows(STRINGS), put("x", "list", 3, STRINGS[0])), "no item 3"),
    refused("item of a negative number",
            (from_rows(STRINGS), Step("x", "TensorListGetItem", ("list", i32(-1), ANY), {"element_dtype": "string"})),
            "no item -1"),
    refused("item of another dtype", (from_rows(STRINGS), put("x", "list", 0, i64(1, 2))), "dtype string, but"),
    refused("item of another shape", (from_rows(STRINGS, i32([2])), put("x", "list", 0, STRINGS)), "have shape"),
    refused("stack of other shapes",
            (reserve("string", 2), put("a", "list", 0, STRINGS), put("b", "a", 1, STRINGS[0]), stack("b", "string")),
            "do not fit"),
    refused("stack of nothing known", (reserve("string", 2), stack("list", "string")), "is not known"),
    refused("stack of another number", (from_rows(STRINGS), stack("list", "string", num_elements=2)), "2 items was"),
    refused("stack as another dtype", (from_rows(STRINGS), stack("list", "int64")), "a list of int64 was expected"),
    refused("pop of nothing",
            (reserve("string", 0), Step("x", "TensorListPopBack", ("list", ANY), {"element_dtype": "string"})),
            "nothing to take"),
    refused("pushed too often",
            (Step("list", "EmptyTensorList", (ANY, i32(1)), {"element_dtype": "string"}), push("a", "list", text("a")),
             push("b", "a", text("b"))), "at most 1"),
    refused("rows of another shape", (from_rows(STRINGS, i32([3])),), "have shape"),
    refused("rows of a scalar", (from_rows(text("a")),), "no rows"),
    refused("lengths", (Step("x", "TensorListSplit", (STRINGS, ANY, i64(2, 2))),), "do not divide"),
    refused("concat of scalars",
            (from_rows(SCALARS["string"]),
             Step("x", "TensorListConcatV2", ("list", ANY, i64([])), {"element_dtype": "string"})), "stack them"),
    refused("resize to less than nothing", (from_rows(STRINGS), Step("x", "TensorListResize", ("list", i32(-1)))),
            "size is -1"),
    refused("scatter beyond num_elements",
            (Step("x", "TensorListScatterV2", (STRINGS, i32(0, 1, 5), ANY, i32(3))),), "not below num_elements=3"),
    refused("array, beyond the end", (ARRAY, Step("x", "TensorArrayWriteV3", ("array", i32(2), text("a"), "array:1"))),
            "no element 2"),
    refused("array, written twice",
            (ARRAY, WRITTEN, Step("x", "TensorArrayWriteV3", ("array", i32(0), text("a"), "w"))), "written already"),
    refused("array, read twice",
            (ARRAY, WRITTEN, Step("r", "TensorArrayReadV3", ("array", i32(0), "w"), {"dtype": "string"}),
             Step("x", "TensorArrayReadV3", ("array", i32(0), "w"), {"dtype": "string"})), "read already"),
    refused("array, another dtype", (ARRAY, Step("x", "TensorArrayWriteV3", ("array", i32(0), i64(1), "array:1"))),
            "dtype string, but"),
    refused("array, not written",
            (ARRAY, Step("x", "TensorArrayReadV3", ("array", i32(0), "array:1"), {"dtype": "string"})), "not written"),
    refused("array, lengths", (ARRAY, Step("x", "TensorArraySplitV3", ("array", STRINGS, i64(2, 2), "array:1"))),
            "do not divide"),
]  # fmt: skip

PROGRAMS = LISTS + REFUSED
