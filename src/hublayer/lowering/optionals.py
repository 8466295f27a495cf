"""Ops on values that may be missing. TF1's layers make them in the branches of a conditional, as intermediates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hublayer.lowering.checks import require
from hublayer.lowering.execute import Run
from hublayer.lowering.optional import Optional
from hublayer.lowering.registry import lowers


@lowers("OptionalFromValue")
def optional_from_value(components: Sequence[Any], *, Toutput_types: Sequence[str] = ()) -> Optional:
    """One that holds `components`."""
    return Optional(np.asarray(True), tuple(components))


@lowers("OptionalNone")
def optional_none() -> Optional:
    """One that holds nothing."""
    return Optional(np.asarray(False), None)


@lowers("OptionalHasValue")
def optional_has_value(optional: Optional) -> Any:
    """Whether it holds something."""
    return optional.present


@lowers("OptionalGetValue")
def optional_get_value(
    run: Run, optional: Optional, *, output_types: Sequence[str] = (), output_shapes: Sequence[Any] = ()
) -> list[Any]:
    """What it holds. Raises ValueError if that is nothing."""
    if optional.components is None:
        raise ValueError("the optional has no value")
    require(run, optional.present, "an optional has no value")
    return list(optional.components)
