"""A folder of another tool's cache becomes one of ours: by hard links where the file system can, else by copies."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from hublayer.errors import UnsafeArchiveError
from hublayer.hub.origin import Origin


def adopt(source: Path, target: Path, origin: Origin, *, within: Path) -> Path:
    """Make ``target`` a folder with the files of ``source``, and return it.

    Arguments:
        source: a folder; links in it are followed.
        target: a folder that does not exist yet.
        origin: what messages say about the handle.
        within: the folder out of which no link may lead.
    Raises:
        UnsafeArchiveError: something is neither a file nor a folder, or a link leads out of ``within``.
        OSError: a file cannot be read or written.
    """
    within = within.resolve()
    for parent, _, names in os.walk(source):
        folder = target / Path(parent).relative_to(source)
        folder.mkdir(parents=True)
        for name in names:
            file = Path(parent, name).resolve()
            if not file.is_relative_to(within) or not stat.S_ISREG(file.stat().st_mode):
                raise UnsafeArchiveError(
                    origin.message(
                        f"{Path(parent, name)}: not a file within {within}",
                        expected="a folder of files",
                        advice="delete that folder of the other tool's cache and try again",
                    )
                )
            try:
                (folder / name).hardlink_to(file)
            except OSError:  # another file system, or one without hard links
                shutil.copyfile(file, folder / name)
    return target
