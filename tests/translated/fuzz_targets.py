"""The models that are damaged: of the zoo where it is, else samples."""

from __future__ import annotations

from translated.fuzzing import ROOT, Target

_ZOO = ROOT.parent / "shared" / "zoo"
_SAMPLES = ROOT / "tests" / "samples"


def targets(light: bool = False) -> list[Target]:
    """A TF2 Keras model with a loop, a TF1 model with v1 control flow, a text model with tables, and samples.

    light: without the text model of the zoo, which takes long to load when it is sound.
    """
    zoo = [
        Target(_ZOO / "scisharp_lstm_sequential"),
        Target(_ZOO / "vespa_external_v1"),
        Target(_ZOO / "tfx_taxi_serving_2022", "serving_default", "", 0.3),
    ]
    samples = [
        Target(_SAMPLES / name) for name in ("plain_module", "tf1_control_flow", "word_tables", "tf1_text_module")
    ]
    return [target for target in zoo[: 2 if light else 3] if target.folder.is_dir()] + samples
