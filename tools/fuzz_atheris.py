"""Coverage-guided fuzzing of the reader and the graph, where atheris is installed (`pip install atheris`).

    python tools/fuzz_atheris.py CORPUS [-runs=100000] [-timeout=1] [-rss_limit_mb=1024] [OTHER OPTIONS OF LIBFUZZER]

CORPUS is a folder, filled with the samples' graphs when it is empty. An input is a saved_model.pb; it is read, scanned
and translated for every endpoint, and only hublayer's own errors may come. No backend is needed. What fails is written
to the working directory by libFuzzer.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris  # pyright: ignore[reportMissingImports]

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

with atheris.instrument_imports(include=["hublayer"]):
    from hublayer.errors import HubLayerError
    from hublayer.graph.endpoint_graph import GraphSource
    from hublayer.graph.library import Library
    from hublayer.graph.side_effects import refuse_side_effects
    from hublayer.savedmodel import read

_FOLDER = Path(tempfile.mkdtemp())


def one_input(data: bytes) -> None:
    """Read, scan and translate one graph."""
    (_FOLDER / "saved_model.pb").write_bytes(data)
    try:
        saved_model = read(_FOLDER)
        meta_graph = saved_model.meta_graph()
        refuse_side_effects(saved_model, meta_graph)
        source = GraphSource(Library(meta_graph))
        endpoints = list(meta_graph.endpoints.values())
    except HubLayerError:
        return
    for endpoint in endpoints:
        for trace in endpoint.traces:
            try:
                source.endpoint(endpoint, trace)
            except HubLayerError:
                continue


def main() -> None:
    """Fill the corpus and start libFuzzer."""
    corpus = next((Path(argument) for argument in sys.argv[1:] if not argument.startswith("-")), None)
    if corpus is not None and (not corpus.is_dir() or not any(corpus.iterdir())):
        corpus.mkdir(parents=True, exist_ok=True)
        for graph in (ROOT / "tests" / "samples").glob("*/saved_model.pb"):
            (corpus / graph.parent.name).write_bytes(graph.read_bytes())
    atheris.Setup([argument for argument in sys.argv if argument], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
