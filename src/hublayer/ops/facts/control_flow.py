"""Calls, branches and loops."""

from hublayer.ops.traits import Facts, State, Trait

_CALL = Facts(Trait.CALLS, State.CALLED)
_CONDITIONAL = Facts(Trait.CALLS | Trait.SELECTS | Trait.LOOKS, State.CALLED)
_LOOP = Facts(Trait.CALLS | Trait.LOOKS, State.CALLED)

ROWS = {
    "Case": _CONDITIONAL,
    "If": _CONDITIONAL,
    "PartitionedCall": _CALL,
    "StatefulPartitionedCall": _CALL,
    "StatelessCase": _CONDITIONAL,
    "StatelessIf": _CONDITIONAL,
    "StatelessWhile": _LOOP,
    "While": _LOOP,
    "XlaIf": _CONDITIONAL,
    "XlaWhile": _LOOP,
}
