"""Damage to the files of a model, as hypothesis draws it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf import text_format
from hypothesis import strategies as st
from savedmodel.bundle_writer import varint

from hublayer.savedmodel import schema

# Numbers on both sides of what fits a byte, an int32, an int64, a memory.
NUMBERS = (
    0,
    1,
    2,
    3,
    5,
    7,
    8,
    100,
    127,
    128,
    255,
    10**4,
    10**6,
    10**9,
    2**31 - 1,
    2**31,
    2**32,
    10**12,
    2**62,
    2**63 - 1,
)
_INTEGERS = (*NUMBERS, -1, -2, -(10**6), -(2**31), -(2**63))
_FLOATS = (0.0, -1.0, 0.5, 1e9, 1e30, -1e30, float("inf"), float("nan"))
_TEXTS = ("", "x", "0", "nothing:0", "^nothing", "é" * 50, "a" * 10_000)


@dataclass(frozen=True)
class Edit:
    """One change of a file's bytes. Places are taken modulo the length that the file has by then."""

    kind: str
    place: int
    length: int = 1
    data: bytes = b""

    def apply(self, content: bytearray) -> None:
        """Change `content`."""
        at = self.place % max(len(content), 1)
        match self.kind:
            case "flip" if content:
                content[at] ^= self.length % 255 + 1
            case "cut":
                del content[at : at + self.length]
            case "end":
                del content[at:]
            case "repeat":
                content[at:at] = content[at : at + self.length] * (1 + self.place % 3)
            case "insert":
                content[at:at] = self.data
            case "put":
                content[at : at + len(self.data)] = self.data
            case "swap":
                first, second = content[at : at + self.length], content[at + self.length : at + 2 * self.length]
                content[at : at + 2 * self.length] = second + first


PLACES = st.integers(0, 2**32)
EDITS = st.one_of(
    st.builds(Edit, st.just("flip"), PLACES, st.integers(0, 254)),
    st.builds(Edit, st.sampled_from(["cut", "repeat", "swap"]), PLACES, st.integers(1, 64)),
    st.builds(Edit, st.just("end"), PLACES),
    st.builds(Edit, st.sampled_from(["insert", "put"]), PLACES, data=st.sampled_from(NUMBERS).map(varint)),
    st.builds(Edit, st.sampled_from(["insert", "put"]), PLACES, data=st.binary(min_size=1, max_size=9)),
)


def edited(content: bytes, edits: Sequence[Edit]) -> bytes:
    """`content` after all of `edits`."""
    changed = bytearray(content)
    for edit in edits:
        edit.apply(changed)
    return bytes(changed)


@dataclass(frozen=True)
class FieldEdit:
    """One change of a saved_model.pb that stays a protocol buffer: a walk to a field, and what to do there.

    walk: at each message the number of the field to go into, at each repeated field that of the item, modulo how many
    there are. action: which change of those that fit the field. start: where the walk begins: "file", or one of all
    "nodes" of the graph and its functions, of the "constants" among them, of the "objects".
    """

    walk: tuple[int, ...]
    action: int
    start: str = "file"

    def apply(self, message: Any) -> None:
        """Change `message`."""
        steps = iter(self.walk)
        if self.start != "file":
            places = [place for graph in message.meta_graphs for place in _places(graph, self.start)]
            if not places:
                return
            message = places[next(steps, 0) % len(places)]
        while True:
            fields = message.ListFields()
            if not fields:
                return
            field, value = fields[next(steps, 0) % len(fields)]
            if field.is_repeated:
                if _is_map(field):
                    key = sorted(value)[next(steps, 0) % len(value)]
                    if self.action % 8 == 0:
                        del value[key]
                        return
                    if not hasattr(value[key], "ListFields"):
                        value[key] = _other(value[key], self.action)
                        return
                    message = value[key]
                    continue
                index = next(steps, 0) % len(value)
                if self.action % 8 == 0:
                    del value[index]
                    return
                if self.action % 8 == 1:
                    value.append(value[index])
                    return
                if not hasattr(value[index], "ListFields"):
                    value[index] = _other(value[index], self.action)
                    return
                message = value[index]
            elif hasattr(value, "ListFields"):
                if self.action % 16 == 0:
                    message.ClearField(field.name)
                    return
                message = value
            else:
                setattr(message, field.name, _other(value, self.action))
                return


def _places(graph: Any, start: str) -> list[Any]:
    """The messages of a MetaGraph at which a walk may begin."""
    if start == "objects":
        return list(graph.object_graph_def.nodes)
    nodes = list(graph.graph_def.node)
    for function in graph.graph_def.library.function:
        nodes += function.node_def
    return nodes if start == "nodes" else [node.attr["value"].tensor for node in nodes if node.op == "Const"]


def _is_map(field: Any) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _other(value: Any, action: int) -> Any:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        near = (value + 1, value - 1, value * 2, -value)
        return ([*near, *_INTEGERS])[action % (len(near) + len(_INTEGERS))]
    if isinstance(value, float):
        return _FLOATS[action % len(_FLOATS)]
    if isinstance(value, bytes):
        at = action // 8 % max(len(value) // 4, 1) * 4
        number = _INTEGERS[action // 3 % len(_INTEGERS)]
        whole = number.to_bytes(8, "little", signed=True)
        return (
            b"",
            value[:-1],
            value + b"\0",
            value * 2,
            b"\xff" * len(value),
            (value[:at] + whole[:4] + value[at + 4 :])[: len(value)],
            (value[:at] + whole + value[at + 8 :])[: len(value)],
            bytes(len(value)),
        )[action % 8]
    return (*_TEXTS, value + "x", value[:-1], value * 2)[action % (len(_TEXTS) + 3)]


FIELD_EDITS = st.builds(
    FieldEdit,
    st.lists(st.integers(0, 10**6), min_size=12, max_size=12).map(tuple),
    st.integers(0, 1000),
    st.sampled_from(["nodes", "constants", "objects", "file"]),
)


def with_other_fields(content: bytes, edits: Sequence[FieldEdit], text: bool = False) -> bytes:
    """A saved_model.pb (`text`: a .pbtxt) after all of `edits`; numbers that a field cannot hold leave it as it was."""
    message = schema.SavedModel()
    if text:
        text_format.Parse(content, message, allow_unknown_field=True)
    else:
        message.ParseFromString(content)
    for edit in edits:
        try:
            edit.apply(message)
        except ValueError:
            continue
    return text_format.MessageToString(message).encode() if text else message.SerializeToString()
