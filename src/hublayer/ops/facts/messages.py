"""Checks, reads that check, and prints."""

from hublayer.ops.traits import Facts, State, Trait

_CHECK = Facts(Trait.RAISES | Trait.LOOKS, State.CALLER)
_PRINT = Facts(Trait.PRINTS, State.CALLER)

ROWS = {
    "Assert": _CHECK,
    "CheckNumerics": _CHECK,
    "CheckNumericsV2": _CHECK,
    "OptionalGetValue": Facts(Trait.RAISES | Trait.LOOKS),
    "Print": _PRINT,
    "PrintV2": _PRINT,
}
