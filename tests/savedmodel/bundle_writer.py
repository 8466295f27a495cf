"""Write index tables and checkpoints by hand, sound and unsound, for the tests of their reader."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hublayer.savedmodel import schema
from hublayer.savedmodel.checksums import masked_crc32c

MAGIC = 0xDB4775248B80FB57.to_bytes(8, "little")
NONE, SNAPPY = 0, 1


def varint(value: int) -> bytes:
    """7 bits a byte, lowest first."""
    output = bytearray()
    while value >= 0x80:
        output.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*output, value])


def block(entries: Iterable[tuple[bytes, bytes]], restart_interval: int = 16) -> bytes:
    """A block of a table, uncompressed and without its trailer."""
    output, restarts, last = bytearray(), [], b""
    for number, (key, value) in enumerate(entries):
        shared = 0
        if number % restart_interval:
            while shared < min(len(key), len(last)) and key[shared] == last[shared]:
                shared += 1
        else:
            restarts.append(len(output))
        output += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        last = key
    for offset in [*(restarts or [0]), len(restarts or [0])]:
        output += offset.to_bytes(4, "little")
    return bytes(output)


def snappy(data: bytes) -> bytes:
    """Snappy's format: copies where the last 4 bytes were seen before, literals elsewhere."""
    output, literal, seen, position = bytearray(varint(len(data))), bytearray(), {}, 0

    def flush() -> None:
        for start in range(0, len(literal), 300):
            piece = literal[start : start + 300]
            long = len(piece) > 60
            output.extend([61 << 2, *(len(piece) - 1).to_bytes(2, "little")] if long else [len(piece) - 1 << 2])
            output.extend(piece)
        literal.clear()

    while position < len(data):
        found, four = seen.get(data[position : position + 4]), data[position : position + 4]
        seen[four] = position
        offset = 0 if found is None or len(four) < 4 else position - found
        if not 0 < offset < 1 << 16:
            literal.append(data[position])
            position += 1
            continue
        count = 4
        while count < 64 and position + count < len(data) and data[position + count] == data[position + count - offset]:
            count += 1
        flush()
        if count < 12 and offset < 1 << 11:
            output.extend([offset >> 8 << 5 | count - 4 << 2 | 1, offset & 255])
        else:
            output.extend([count - 1 << 2 | 2, *offset.to_bytes(2, "little")])
        position += count
    flush()
    return bytes(output)


def table_of_blocks(blocks: list[tuple[bytes, bytes]], compression: int = NONE, listed: int = 1) -> bytes:
    """A table with the data `blocks`: last key and content of each. The index lists all of them `listed` times."""
    output = bytearray()

    def add(content: bytes) -> bytes:
        content = snappy(content) if compression == SNAPPY else content
        start, tagged = len(output), content + bytes([compression])
        output.extend(tagged + masked_crc32c([tagged]).to_bytes(4, "little"))
        return varint(start) + varint(len(content))

    handles = [(key, add(content)) for key, content in blocks]
    footer = add(block([])) + add(block(handles * listed, restart_interval=1))
    return bytes(output) + footer.ljust(40, b"\0") + MAGIC


def table(entries: dict[bytes, bytes], compression: int = NONE, per_block: int = 100) -> bytes:
    """A table with `entries` in the order of their keys, `per_block` in each data block."""
    rows = sorted(entries.items())
    parts = [rows[start : start + per_block] for start in range(0, len(rows), per_block)]
    return table_of_blocks([(part[-1][0], block(part)) for part in parts], compression)


def entry(
    shape: Iterable[int] = (),
    dtype: int = 1,
    slices: Iterable[Iterable[tuple[int, int | None]]] = (),
    **fields: int,
) -> bytes:
    """A serialised BundleEntry; float32 unless told."""
    message = schema.message("BundleEntry")(dtype=dtype, **fields)
    message.shape.SetInParent()
    for dim in shape:
        message.shape.dim.add().size = dim
    for part in slices:
        added = message.slices.add()
        for start, length in part:
            extent = added.extent.add(start=start)
            if length is not None:
                extent.length = length
    return message.SerializeToString()


def header(num_shards: int = 1, **fields: Any) -> bytes:
    """A serialised BundleHeader."""
    return schema.message("BundleHeader")(num_shards=num_shards, **fields).SerializeToString()


def write(folder: Path, entries: dict[bytes, bytes], *shards: bytes, **fields: Any) -> Path:
    """Write a bundle with `entries`, a header and `shards`; its prefix is returned."""
    (folder / "v.index").write_bytes(table({b"": header(len(shards), **fields), **entries}))
    for number, content in enumerate(shards):
        (folder / f"v.data-{number:05d}-of-{len(shards):05d}").write_bytes(content)
    return folder / "v"
