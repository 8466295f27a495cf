"""Tables: made, filled, changed and asked."""

from __future__ import annotations

from typing import Any

import numpy as np
from lowering.case import floats, i32, i64

from host.collect import strings, text
from host.program import File, Program, Step

HARD = strings("", "a", "é", b"\xff\x00", "e\u0301", "👩‍👩‍👧", "漢字", "שלום", "a\x00", "z" * 10_000)
STRING_TO_INT = {"key_dtype": "string", "value_dtype": "int64"}
FILE = "assets/vocab.txt"


def table(op: str = "HashTableV2", **attrs: Any) -> Step:
    return Step("table", op, (), {"shared_name": "t", **attrs})


def fill(keys: np.ndarray, values: np.ndarray, name: str = "fill") -> Step:
    return Step(name, "InitializeTableV2", ("table", keys, values))


def insert(keys: np.ndarray, values: np.ndarray, name: str = "insert", op: str = "LookupTableInsertV2") -> Step:
    return Step(name, op, ("table", keys, values))


def find(keys: np.ndarray, default: np.ndarray, name: str = "find") -> Step:
    return Step(name, "LookupTableFindV2", ("table", keys, default))


def read(content: bytes, dtypes: tuple[str, str], key: int, value: int, keys: np.ndarray, default: Any, **more: Any):
    """The steps of a table that is read from a file, and the file."""
    raises = more.pop("raises", "")
    name = more.pop("name")
    steps = (
        table(key_dtype=dtypes[0], value_dtype=dtypes[1]),
        Step("read", "InitializeTableFromTextFileV2", ("table", File(FILE)),
             {"key_index": key, "value_index": value, **more}),
        find(keys, default),
        Step("size", "LookupTableSizeV2", ("table",)),
    )  # fmt: skip
    return Program(name, steps, () if raises else ("find", "size"), {FILE: content}, raises)


def many(count: int) -> np.ndarray:
    """Strings of 0 to 20 bytes, some of which differ only in their last byte or in length."""
    return strings(*[("ab" * (i % 10)) + str(i // 3) + "\x00" * (i % 3) for i in range(count)])


def typed(key_dtype: str, value_dtype: str) -> Program:
    keys = strings("a", "b", "c") if key_dtype == "string" else np.array([5, -7, 2**31 - 1], key_dtype)
    ask = strings(["c", "x"], ["a", "c"]) if key_dtype == "string" else np.array([[-7, 6], [5, 5]], key_dtype)
    if value_dtype == "string":
        values, default = strings("one", "", b"\xff"), text("other")
    else:
        values, default = np.array([0, 1, 3]).astype(value_dtype), np.array(1, value_dtype)
    steps = (table(key_dtype=key_dtype, value_dtype=value_dtype), fill(keys, values), find(ask, default))
    return Program(f"{key_dtype} to {value_dtype}", steps, ("find",))


IMMUTABLE = [
    *[typed("string", dtype) for dtype in ("int32", "int64", "float32", "float64", "bool", "string")],
    *[typed("int64", dtype) for dtype in ("int32", "int64", "float32", "float64", "string")],
    *[typed("int32", dtype) for dtype in ("int32", "float32", "float64", "string")],
    Program("hard strings", (table(**STRING_TO_INT), fill(HARD[:-2], i64(*range(8))), find(HARD, i64(-1))), ("find",)),
    Program("no keys", (table(**STRING_TO_INT), fill(HARD, i64(*range(10))), find(HARD[:0], i64(-1))), ("find",)),
    Program("an empty table",
            (table(**STRING_TO_INT), fill(HARD[:0], i64([]))), (), raises="filled with nothing"),
    Program("many strings",
            (table(**STRING_TO_INT), fill(many(3000)[::2], i64(*range(1500))),
             find(many(4000).reshape(40, 100), i64(-5))), ("find",)),
    Program("many strings, one of them long",
            (table(**STRING_TO_INT), fill(np.append(many(300), strings("x" * 100)), i64(*range(301))),
             find(np.append(many(4000), strings("x" * 100, "x" * 99)), i64(-5))), ("find",)),
    Program("many strings to strings",
            (table(key_dtype="string", value_dtype="string"), fill(many(3000), many(3000)[::-1]),
             find(many(4000).reshape(40, 100), text("none"))), ("find",)),
    Program("many long strings that are not there",
            (table(**STRING_TO_INT), fill(many(2000), i64(*range(2000))),
             find(np.array([b"ab" * 500 + bytes([i % 256]) for i in range(2000)], object), i64(-5))), ("find",)),
    Program("many integers",
            (table(key_dtype="int64", value_dtype="int64"), fill(np.arange(-3000, 3000, 2) * 2**40, i64(*range(3000))),
             find(np.arange(-3000, 3000) * 2**40, i64(-5))), ("find",)),
    Program("the same pair twice",
            (table(**STRING_TO_INT), fill(strings("a", "b", "a"), i64(1, 2, 1)), find(strings("a", "b"), i64(-1)),
             Step("size", "LookupTableSizeV2", ("table",))), ("find", "size")),
    Program("a key with two values",
            (table(**STRING_TO_INT), fill(strings("a", "b", "a"), i64(1, 2, 3))), (), raises="b'a' has value 1"),
    Program("filled twice with as many",
            (table(**STRING_TO_INT), fill(strings("a"), i64([1])), fill(strings("b"), i64([2]), "again"),
             find(strings("a", "b"), i64(-1))), ("find",)),
    Program("filled twice", (table(**STRING_TO_INT), fill(strings("a"), i64([1])),
                             fill(strings("b", "c"), i64(2, 3), "again")), (), raises="other entries"),
    Program("asked before it is filled", (table(**STRING_TO_INT), find(strings("a"), i64(-1))), (),
            raises="not initialized"),
    Program("size before it is filled", (table(**STRING_TO_INT), Step("size", "LookupTableSizeV2", ("table",))),
            ("size",)),
    Program("keys of another dtype", (table(**STRING_TO_INT), fill(strings("a"), i64([1])), find(i64([1]), i64(-1))),
            (), raises="takes keys of dtype string, but int64 came"),
    Program("a default of another dtype",
            (table(**STRING_TO_INT), fill(strings("a"), i64([1])), find(strings("a"), i32(-1))), (),
            raises="values of dtype int64, but int32"),
    Program("filled with another dtype", (table(**STRING_TO_INT), fill(strings("a"), i32([1]))), (),
            raises="values of dtype int64, but int32"),
    Program("more keys than values", (table(**STRING_TO_INT), fill(strings("a", "b"), i64([1]))), (),
            raises="need values of shape"),
    Program("keys of rank two", (table(**STRING_TO_INT), fill(strings(["a", "b"]), i64([[1, 2]]))), (),
            raises="two vectors"),
    Program("insert into an immutable table", (table(**STRING_TO_INT), fill(strings("a"), i64([1])),
                                               insert(strings("b"), i64([1]))), (), raises="cannot be changed"),
    Program("import into an immutable table",
            (table(**STRING_TO_INT), Step("import", "LookupTableImportV2", ("table", strings("a"), i64([1]))),
             find(strings("a", "b"), i64(-1))), ("find",)),
    Program("export of an immutable table",
            (table(**STRING_TO_INT), fill(HARD, i64(*range(10))),
             Step("export", "LookupTableExportV2", ("table",), {"Tkeys": "string", "Tvalues": "int64"})),
            ("export", "export:1"), rows=True),
    Program("two tables of one name",
            (table(**STRING_TO_INT), fill(strings("a"), i64([1])),
             Step("same", "HashTableV2", (), {"shared_name": "t", **STRING_TO_INT}),
             Step("find", "LookupTableFindV2", ("same", strings("a"), i64(-1)))), ("find",)),
    Program("one name for two kinds",
            (table(**STRING_TO_INT), Step("same", "HashTableV2", (),
                                          {"shared_name": "t", "key_dtype": "string", "value_dtype": "float32"})),
            (), raises="stands for"),
    Program("the first version's ops",
            (Step("table", "HashTable", (), {"shared_name": "v1", **STRING_TO_INT}),
             Step("fill", "InitializeTable", ("table", strings("a", "b"), i64(1, 2))),
             Step("find", "LookupTableFind", ("table", strings("b", "x"), i64(-1))),
             Step("size", "LookupTableSize", ("table",))), ("find", "size")),
    Program("anonymous",
            (Step("table", "AnonymousHashTable", (), STRING_TO_INT), fill(strings("a", "b"), i64(1, 2)),
             find(strings("b", "x"), i64(-1))), ("find",)),
]  # fmt: skip

LINES = b"alpha\nbeta\r\n gamma \nd\xff\x00\n" + "é漢\n".encode() + b"x" * 300
ASK = strings("alpha", "beta", " gamma ", "gamma", b"d\xff\x00", "é漢", "x" * 300, "")
COLUMNS = b"a\t1\tx\nb\t-2\ty\nc\t3\tz\tmore\n"
LINE, NUMBER = -2, -1
FILES = [
    read(LINES, ("string", "int64"), LINE, NUMBER, ASK, i64(-1), name="line to number"),
    read(LINES, ("int64", "string"), NUMBER, LINE, i64(*range(-1, 8)), text("?"), name="number to line"),
    read(LINES + b"\n", ("string", "int64"), LINE, NUMBER, ASK, i64(-1), name="with a last newline"),
    read(LINES, ("string", "int64"), LINE, NUMBER, ASK, i64(-1), offset=100, name="offset"),
    read(LINES, ("string", "int64"), LINE, NUMBER, ASK, i64(-1), vocab_size=3, name="the first three lines"),
    read(LINES, ("string", "int64"), LINE, NUMBER, ASK, i64(-1), vocab_size=6, name="vocab_size as it is"),
    read(LINES, ("string", "int64"), LINE, NUMBER, ASK, i64(-1), vocab_size=7, name="too few lines",
         raises="vocab_size is 7"),
    read(b"a\nb\n\nc\n", ("string", "int64"), LINE, NUMBER, ASK, i64(-1), name="empty line", raises="line 2.*empty"),
    read(b"a\nb\na\n", ("string", "int64"), LINE, NUMBER, ASK, i64(-1), name="line twice", raises="b'a' has value 0"),
    read(COLUMNS, ("string", "int64"), 0, 1, strings("a", "b", "c", "d"), i64(-1), name="columns"),
    read(COLUMNS, ("string", "float32"), 2, 1, strings("x", "y", "a"), np.float32(-1), name="columns as floats"),
    read(COLUMNS, ("string", "string"), 0, 2, strings("a", "c"), text("?"), name="columns as strings"),
    read(COLUMNS, ("int64", "string"), 1, LINE, i64(1, -2, 5), text("?"), name="a column to the line"),
    read(COLUMNS, ("string", "int64"), 0, NUMBER, strings("a", "c"), i64(-1), name="a column to the number"),
    read(COLUMNS, ("string", "int64"), 3, NUMBER, strings("a"), i64(-1), name="missing column", raises="4 columns"),
    read(COLUMNS, ("string", "int64"), 0, 2, strings("a"), i64(-1), name="no number", raises="no valid int64"),
    read(b"a b,5\nc,6", ("string", "int64"), 0, 1, strings("a b", "c"), i64(-1), delimiter=",", name="delimiter"),
    read(b"a,,5\nc,,6", ("string", "int64"), 0, 2, strings("a", "c"), i64(-1), delimiter=",", name="empty fields"),
    read(b"a, 5\nb,6 \nc,+7\nd,-0", ("string", "int64"), 0, 1, strings("a", "b", "c", "d"), i64(-1), delimiter=",",
         name="spaces and signs"),
    read(b"a,0x5\n", ("string", "int64"), 0, 1, strings("a"), i64(-1), delimiter=",", name="hexadecimal",
         raises="no valid int64"),
    read(b"a,9223372036854775808\n", ("string", "int64"), 0, 1, strings("a"), i64(-1), delimiter=",",
         name="too large", raises="no valid int64"),
    read(b"a,1e3\nb,-.5\nc, inf \nd,0.1", ("string", "float32"), 0, 1, strings("a", "b", "c", "d"), np.float32(-1),
         delimiter=",", name="floats"),
    read(b"a,1x\n", ("string", "float32"), 0, 1, strings("a"), np.float32(-1), delimiter=",", name="no float",
         raises="no valid float32"),
    read(b"", ("string", "int64"), LINE, NUMBER, strings("a"), i64(-1), name="empty file",
         raises="filled with nothing"),
    read(b"a", ("string", "int32"), LINE, NUMBER, strings("a"), i32(-1), name="numbers are int64",
         raises="int64, but the table's are int32"),
    read(b"a", ("string", "int64"), LINE, LINE, strings("a"), i64(-1), name="lines are strings",
         raises="strings, but the table's are int64"),
    Program("missing file",
            (table(**STRING_TO_INT),
             Step("read", "InitializeTableFromTextFileV2", ("table", File("assets/nothing.txt")),
                  {"key_index": -2, "value_index": -1})), (),
            raises=r"InitializeTableFromTextFileV2.*assets/nothing\.txt"),
    Program("the first version's op",
            (Step("table", "HashTable", (), {"shared_name": "v1", **STRING_TO_INT}),
             Step("read", "InitializeTableFromTextFile", ("table", File(FILE)), {"key_index": -2, "value_index": -1}),
             Step("find", "LookupTableFind", ("table", ASK, i64(-1)))), ("find",), {FILE: LINES}),
]  # fmt: skip


def export(keys: str, values: str) -> Step:
    return Step("export", "LookupTableExportV2", ("table",), {"Tkeys": keys, "Tvalues": values})


MUTABLE_TABLE = table("MutableHashTableV2", **STRING_TO_INT)
SIZE = Step("size", "LookupTableSizeV2", ("table",))
ASKED = strings("a", "b", "c", "d")
VECTORS = floats(3, 4)
DENSE = Step("table", "MutableDenseHashTableV2", (i64(0), i64(-1)), {"shared_name": "d", "value_dtype": "int64"})
DENSE_VECTORS = Step("table", "MutableDenseHashTableV2", (i64(0, 0), i64(-1, -1)),
                     {"shared_name": "d", "value_dtype": "float32", "value_shape": (4,)})  # fmt: skip
MUTABLE = [
    Program("insert and change",
            (MUTABLE_TABLE, insert(strings("a", "b"), i64(1, 2)), insert(strings("b", "c", "b"), i64(3, 4, 5), "more"),
             find(ASKED, i64(-1)), SIZE, export("string", "int64")), ("find", "size")),
    Program("export",
            (MUTABLE_TABLE, insert(strings("a", "b"), i64(1, 2)), insert(strings("b", "c"), i64(3, 4), "more"),
             export("string", "int64")), ("export", "export:1"), rows=True),
    Program("remove",
            (MUTABLE_TABLE, insert(strings("a", "b", "c"), i64(1, 2, 3)),
             Step("remove", "LookupTableRemoveV2", ("table", strings("b", "x", "b"))), find(ASKED, i64(-1)), SIZE),
            ("find", "size")),
    Program("import forgets",
            (MUTABLE_TABLE, insert(strings("a", "b", "c"), i64(1, 2, 3)),
             Step("import", "LookupTableImportV2", ("table", strings("b", "d"), i64(7, 8))), find(ASKED, i64(-1)),
             SIZE), ("find", "size")),
    Program("insert of rank two",
            (MUTABLE_TABLE, insert(strings(["a", "b"], ["c", "d"]), i64([[1, 2], [3, 4]])), find(ASKED, i64(-1))),
            ("find",)),
    Program("a default for each key",
            (MUTABLE_TABLE, insert(strings("a"), i64([1])), find(ASKED, i64(10, 20, 30, 40))), ("find",)),
    Program("many keys, and a default for each",
            (MUTABLE_TABLE, insert(many(500), i64(*range(500))), find(many(2000), i64(*range(0, -2000, -1)))),
            ("find",)),
    Program("many keys to strings, and a default for each",
            (table("MutableHashTableV2", key_dtype="int64", value_dtype="string"),
             insert(np.arange(500), many(500)), find(np.arange(2000), many(2000)[::-1])), ("find",)),
    Program("many keys again after a change",
            (MUTABLE_TABLE, insert(many(500), i64(*range(500))), find(many(2000), i64(-1), "before"),
             insert(many(700), i64(*range(700, 0, -1)), "more"),
             Step("remove", "LookupTableRemoveV2", ("table", many(100))), find(many(2000), i64(-1))),
            ("before", "find")),
    Program("a new table", (MUTABLE_TABLE, find(ASKED, i64(-1)), SIZE), ("find", "size")),
    Program("an export of nothing", (MUTABLE_TABLE, export("string", "int64")), ("export", "export:1")),
    Program("insert of another dtype", (MUTABLE_TABLE, insert(i64([1]), i64([1]))), (), raises="takes keys of dtype"),
    Program("insert of too few values", (MUTABLE_TABLE, insert(ASKED, i64([1]))), (), raises="need values of shape"),
    Program("mutable, the first version",
            (Step("table", "MutableHashTable", (), {"shared_name": "m1", **STRING_TO_INT}),
             Step("import", "LookupTableImport", ("table", strings("a"), i64([1]))),
             Step("insert", "LookupTableInsert", ("table", strings("b"), i64([2]))),
             Step("find", "LookupTableFind", ("table", ASKED, i64(-1))),
             Step("export", "LookupTableExport", ("table",), {"Tkeys": "string", "Tvalues": "int64"})),
            ("find",)),
    Program("mutable and anonymous",
            (Step("table", "AnonymousMutableHashTable", (), STRING_TO_INT), insert(strings("a"), i64([1])),
             find(ASKED, i64(-1))), ("find",)),
    Program("vectors",
            (table("MutableHashTableOfTensorsV2", key_dtype="string", value_dtype="float32", value_shape=(4,)),
             insert(strings("a", "b", "c"), VECTORS), find(strings(["d", "c"], ["a", "a"]), floats(4, seed=1)), SIZE,
             export("string", "float32")), ("find", "size")),
    Program("many vectors",
            (table("MutableHashTableOfTensorsV2", key_dtype="string", value_dtype="float32", value_shape=(4,)),
             insert(many(300), floats(300, 4)), find(many(2000), floats(4, seed=1))), ("find",)),
    Program("vectors of another length",
            (table("MutableHashTableOfTensorsV2", key_dtype="string", value_dtype="float32", value_shape=(4,)),
             insert(strings("a"), floats(1, 3))), (), raises="need values of shape"),
    Program("vectors, the first version",
            (Step("table", "MutableHashTableOfTensors", (),
                  {"shared_name": "v1", "key_dtype": "string", "value_dtype": "float32", "value_shape": (4,)}),
             Step("insert", "LookupTableInsert", ("table", strings("a", "b", "c"), VECTORS)),
             Step("find", "LookupTableFind", ("table", ASKED, floats(4, seed=1)))), ("find",)),
    Program("vectors and anonymous",
            (Step("table", "AnonymousMutableHashTableOfTensors", (),
                  {"key_dtype": "string", "value_dtype": "float32", "value_shape": (4,)}),
             insert(strings("a", "b", "c"), VECTORS), find(ASKED, floats(4, seed=1))), ("find",)),
    Program("dense",
            (DENSE, insert(i64(1, 2, 3), i64(10, 20, 30)),
             Step("remove", "LookupTableRemoveV2", ("table", i64([2]))), find(i64(1, 2, 3, 4), i64(-5)), SIZE),
            ("find", "size")),
    Program("dense, the empty key", (DENSE, insert(i64(0, 2), i64(10, 20))), (), raises="empty key"),
    Program("dense, the deleted key", (DENSE, find(i64(-1, 2), i64(0))), (), raises="deleted key"),
    Program("dense vectors",
            (DENSE_VECTORS, insert(i64([[1, 2], [3, 4], [0, 1]]), VECTORS),
             find(i64([[0, 1], [1, 0], [3, 4]]), floats(4, seed=1)), SIZE), ("find", "size")),
    Program("dense and anonymous",
            (Step("table", "AnonymousMutableDenseHashTable", (text("none"), text("gone")), {"value_dtype": "int64"}),
             insert(strings("a", "b"), i64(1, 2)), find(ASKED, i64(-1))), ("find",)),
    Program("dense, one key for both",
            (Step("table", "MutableDenseHashTableV2", (i64(0), i64(0)), {"shared_name": "d", "value_dtype": "int64"}),),
            (), raises="are both 0"),
]  # fmt: skip

PROGRAMS = IMMUTABLE + FILES + MUTABLE
