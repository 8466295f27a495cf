"""Values that may be missing: a list of them, or None."""

from __future__ import annotations

import numpy as np

from hublayer.host.registry import host_op


@host_op("OptionalFromValue")
def optional_from_value(components, *, Toutput_types=()):
    """One that holds `components`."""
    return list(components)


@host_op("OptionalNone")
def optional_none():
    """One that holds nothing."""
    return None


@host_op("OptionalHasValue")
def optional_has_value(optional):
    """Whether it holds something."""
    return np.asarray(optional is not None)


@host_op("OptionalGetValue")
def optional_get_value(optional, *, output_types=(), output_shapes=()):
    """What it holds. Raises ValueError if that is nothing."""
    if optional is None:
        raise ValueError("the optional has no value")
    return optional
