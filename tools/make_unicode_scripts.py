"""Write the table of Unicode scripts that TensorFlow's UnicodeScript op has: src/hublayer/host/unicode_scripts.tsv.

python tools/make_unicode_scripts.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

TABLE = Path(__file__).parents[1] / "src" / "hublayer" / "host" / "unicode_scripts.tsv"
HEAD = f"""# Scripts of Unicode's characters as the UnicodeScript op of TensorFlow {tf.__version__} has them.
# Written by tools/make_unicode_scripts.py. First code point, ICU's number of the script up to the next line's.
"""


def main() -> None:
    """Ask the op about every code point and keep where the answer changes."""
    scripts = tf.strings.unicode_script(np.arange(0x110000, dtype=np.int32)).numpy()
    starts = np.flatnonzero(np.diff(scripts, prepend=-2))
    lines = [f"{start:X}\t{scripts[start]}\n" for start in starts.tolist()]
    TABLE.write_text(HEAD + "".join(lines), "utf-8")
    print(f"{len(lines)} ranges")


if __name__ == "__main__":
    main()
