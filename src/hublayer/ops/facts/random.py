"""Random numbers. Ops with a `seed` attribute are known by it; these have none, or draw from a generator's state."""

from hublayer.ops.traits import Facts, State, Trait

_FROM_GENERATOR = Facts(Trait.DRAWS | Trait.WRITES, State.VARIABLE)
_MOVES_GENERATOR = Facts(Trait.WRITES, State.VARIABLE)

ROWS = {
    "RngReadAndSkip": _MOVES_GENERATOR,
    "RngSkip": _MOVES_GENERATOR,
    "StatefulRandomBinomial": _FROM_GENERATOR,
    "StatefulStandardNormal": _FROM_GENERATOR,
    "StatefulStandardNormalV2": _FROM_GENERATOR,
    "StatefulTruncatedNormal": _FROM_GENERATOR,
    "StatefulUniform": _FROM_GENERATOR,
    "StatefulUniformFullInt": _FROM_GENERATOR,
    "StatefulUniformInt": _FROM_GENERATOR,
    # Which algorithm the device has, and its key: the same at each run.
    "StatelessRandomGetAlg": Facts(),
}
