"""Builds the sample SavedModels of the tests and of the demo: ``python tools/make_samples.py [--only NAME]``.

Every sample is built in a process of its own, with fixed seeds, so that the same bytes come out each time whatever
else is built (`keras3_export` says why it is the exception).
"""

import argparse
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from text_samples import TEXT_SAMPLES

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = [
    "text_embedding",
    "image_classifier",
    "digits",
    "bert_encoder",
    "plain_module",
    "keras3_export",
    "keras2_save",
    "tf1_hub",
    "word_tables",
    "tf1_image_module",
    "tf1_sequence_module",
    "tf1_control_flow",
    "tf1_text_module",
    "object_detector",
    "host_and_device",
    "wide_ids",
    *TEXT_SAMPLES,
]
ENVIRONMENT = {"CUDA_VISIBLE_DEVICES": "-1", "PYTHONHASHSEED": "0", "TF_CPP_MIN_LOG_LEVEL": "2"}
UNNEEDED = ["fingerprint.pb"]


def build(name: str, folder: Path) -> None:
    """Builds sample `name` in a scratch folder and, once that succeeded, puts it in the place of `folder`."""
    module = importlib.import_module(f"samples.{name}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / folder.name
        module.build(made)
        for unneeded in UNNEEDED:
            (made / unneeded).unlink(missing_ok=True)
        for empty in [path for path in made.iterdir() if path.is_dir() and not any(path.iterdir())]:
            empty.rmdir()
        shutil.rmtree(folder, ignore_errors=True)
        # What a module writes beside its SavedModel belongs beside `folder`.
        for path in Path(scratch).iterdir():
            shutil.move(path, folder.parent / path.name)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder}: {size / 1000:.0f} kB")


def main() -> None:
    """Parses the command line and builds what it names, or everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=SAMPLES, action="append", metavar="NAME", help=", ".join(SAMPLES))
    parser.add_argument("--out", type=Path, default=ROOT / "tests" / "samples", help="folder of the test samples")
    parser.add_argument("--demo-out", type=Path, default=ROOT / "src" / "hublayer" / "demo", help="folder of the demo")
    parser.add_argument("--here", action="store_true", help="build in this process")
    arguments = parser.parse_args()
    for name in arguments.only or SAMPLES:
        if arguments.here:
            place = arguments.demo_out / "digits_feature_vector" if name == "digits" else arguments.out / name
            build(name, place.resolve())
        else:
            places = ["--out", arguments.out, "--demo-out", arguments.demo_out]
            command = [sys.executable, __file__, "--here", "--only", name, *places]
            subprocess.run(command, check=True, env=os.environ | ENVIRONMENT)


if __name__ == "__main__":
    main()
