"""What ICU, as tensorflow_text ships it, knows of characters that are newer than Python 3.11's Unicode 14.

    python tools/make_unicode_table.py

needs tensorflow_text, and unicodedata2 for the properties of characters that Python does not know yet. Writes
src/hublayer/host/newer_characters.tsv: code point, canonical combining class, NFD, NFKD, NFKC_Casefold; code points in
hexadecimal. A character that a later Unicode gives properties to, but ICU does not, is listed as one without any, so
that results do not depend on the Python that runs.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

import tensorflow_text as text
import unicodedata2

TARGET = Path(__file__).parents[1] / "src" / "hublayer" / "host" / "newer_characters.tsv"
OLDEST = "14.0.0"
HEADER = f"""\
# Characters whose normalisation or case folding is newer than Unicode {OLDEST}, as ICU in tensorflow_text has them.
# Written by tools/make_unicode_table.py. Code point, combining class, NFD, NFKD, NFKC_Casefold.
"""


def through(operation, characters: list[str]) -> list[str]:
    """The characters after an op of tensorflow_text's."""
    return [value.decode() for value in operation([character.encode() for character in characters]).numpy()]


def main() -> None:
    """Write the table."""
    if unicodedata.unidata_version != OLDEST:
        raise SystemExit(f"run it with the oldest supported Python, whose unicodedata is that of Unicode {OLDEST}")
    new = [
        chr(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code)) == "Cn" and unicodedata2.category(chr(code)) != "Cn"
    ]
    nfd = through(lambda x: text.normalize_utf8(x, "NFD"), new)
    nfkd = through(lambda x: text.normalize_utf8(x, "NFKD"), new)
    folded = through(text.case_fold_utf8, new)
    # An overlay (class 1) moves before a mark of any higher class; a class 1 mark moves before one of class 220.
    before = through(lambda x: text.normalize_utf8(x, "NFD"), ["a" + character + "\u0334" for character in new])
    rows, parts = [], set()
    for character, d, k, f, order in zip(new, nfd, nfkd, folded, before, strict=True):
        properties = (
            unicodedata2.combining(character),
            unicodedata2.normalize("NFKD", character),
            unicodedata2.normalize("NFKC", unicodedata2.normalize("NFKC", character).casefold()),
        )
        known = (d, k, f) != (character,) * 3 or properties[1] != character or properties[0]
        if not known:
            continue
        combining = unicodedata2.combining(character) if order[1] == "\u0334" else 0
        rows.append((character, combining, d, k, f))
        parts |= set(d) & set(new)
    listed = {row[0] for row in rows}
    rows += [(character, 0, character, character, character) for character in parts - listed]
    lines = [
        "\t".join([f"{ord(c):X}", str(ccc), *(" ".join(f"{ord(x):X}" for x in value) for value in values)])
        for c, ccc, *values in sorted(rows)
    ]
    TARGET.write_text(HEADER + "\n".join(lines) + "\n")
    print(f"{TARGET}: {len(lines)} characters")


if __name__ == "__main__":
    main()
