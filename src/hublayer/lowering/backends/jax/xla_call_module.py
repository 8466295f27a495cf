"""XlaCallModule: StableHLO on JAX."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from hublayer.errors import UnsupportedOpsError
from hublayer.graph.ir import FunctionName
from hublayer.lowering.backends.jax.xla_module import Module, read_module
from hublayer.lowering.backends.jax.xla_stablehlo import Interpreter, refuse_unsupported
from hublayer.lowering.execute import Run
from hublayer.lowering.registry import lowers

for _part in ("elementwise", "shapes", "linalg", "reductions", "control_flow", "custom_calls", "lapack"):
    importlib.import_module(f"hublayer.lowering.backends.jax.xla_stablehlo_{_part}")


@cache
def _module(data: str | bytes) -> Module:
    """The module, every operation of which is known. Raises UnsupportedOpsError for the others, all at once."""
    module = read_module(data)
    refuse_unsupported(module)
    return module


def _version(version: int) -> int:
    if version < 5:
        raise UnsupportedOpsError(
            f"An XlaCallModule of version {version} holds MHLO, which has no stable form; versions from 5 on hold "
            "StableHLO and run here. Convert the model again with a newer jax2tf, or use Keras's TensorFlow backend."
        )
    return version


# By JAX's name of a backend: what XlaCallModule may call it.
_PLATFORMS = {"cpu": ("CPU",), "gpu": ("CUDA", "ROCM"), "cuda": ("CUDA",), "rocm": ("ROCM",), "tpu": ("TPU",)}


def _place(platform: str, platforms: Sequence[str]) -> int:
    """Which of the module's platforms this one is. Raises ValueError if it is none of them."""
    names = _PLATFORMS.get(platform, ())
    for i, other in enumerate(platforms):
        if other.upper() in names:
            return i
    raise ValueError(f"the module is for {', '.join(platforms)}, and JAX runs on {platform}")


@lowers("XlaCallModule", backend="jax", decode={"version": _version, "module": _module})
def _xla_call_module(
    run: Run,
    args: list[Any],
    *,
    version: int,
    module: Module,
    Sout: Sequence[Any] = (),
    Tout: Sequence[str] = (),
    dim_args_spec: Sequence[str] = (),
    platforms: Sequence[str] = (),
    function_list: Sequence[FunctionName] = (),
    has_token_input_output: bool = False,
    disabled_checks: Sequence[str] = (),
    use_shardy_partitioner: bool = False,
) -> list[Any]:
    """The results of the module's main function."""

    def call(index: int, arguments: Sequence[Any]) -> Sequence[Any]:
        return run.executable(function_list[index])(run, list(arguments))

    main = module.functions["main"]
    given: list[Any] = [np.array(_place(run.platform, platforms), np.int32)] if len(platforms) > 1 else []
    for spec in dim_args_spec:  # "argument.dimension"
        argument, dimension = map(int, spec.split("."))
        given.append(np.array(args[argument].shape[dimension], np.int32))
    given += args
    values = iter(given)
    arguments = [np.zeros((0,), bool) if kind.dtype == "token" else next(values) for kind in main.types]
    results = Interpreter(module, call, run.platform).block(main, arguments, {})
    return results[len(results) - len(Tout) :]
