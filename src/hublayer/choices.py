"""What the layer does with a model it has never seen: which endpoint to call, which output to return."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hublayer.errors import ConfigError, EndpointError, OutputKeyError
from hublayer.savedmodel.endpoints import Endpoint
from hublayer.savedmodel.keras_export import CALLABLE, with_own_inputs
from hublayer.savedmodel.reader import MetaGraph

if TYPE_CHECKING:
    from hublayer.runtime.targets import Target

_HUB_DEFAULT = "default"
_SERVING_NAMES = ("serving_default", CALLABLE)


def choose_endpoint(meta_graph: MetaGraph, signature: str | None, handle: str) -> Endpoint:
    """The endpoint called `signature`, or the one that stands out.

    In this order: `signature`; ``__call__``; the TF1 Hub format's ``default``; ``serving_default``; Keras's
    ``serve``; the only signature; the only callable. `handle` is what messages call the model.

    Raises EndpointError, which lists what there is, if none is left.
    """
    signatures, callables = meta_graph.signatures, meta_graph.callables
    there_is = f"It has the signatures {list(signatures)} and the callables {list(callables)}."
    if signature is not None:
        endpoint = signatures.get(signature) or callables.get(signature)
        if endpoint is None:
            raise EndpointError(f"{handle} has no signature and no callable {signature!r}. {there_is}")
        return with_own_inputs(meta_graph, endpoint) if signature == CALLABLE else endpoint
    if "__call__" in callables:
        return callables["__call__"]
    for name in (_HUB_DEFAULT, *_SERVING_NAMES):
        if name in signatures:
            return with_own_inputs(meta_graph, signatures[name])
    if CALLABLE in callables:
        return callables[CALLABLE]
    if len(signatures) == 1:
        return next(iter(signatures.values()))
    if not signatures and len(callables) == 1:
        return next(iter(callables.values()))
    raise EndpointError(
        f"{handle} has no __call__ and no signature that is the obvious one. {there_is} "
        + ("Pass one of them as signature=." if signatures or callables else "There is nothing to call.")
    )


@dataclass(frozen=True)
class OutputChoice:
    """What becomes of an endpoint's outputs: one key, the only value of the dict, or all as they are."""

    key: str | None = None
    only: bool = False


def choose_output(target: Target, output_key: str | None, as_dict: bool | None) -> OutputChoice:
    """Decide, before the first call, what the layer returns.

    A signature with one output gives it as a tensor, unless `as_dict`; the TF1 Hub format gives its output
    ``default`` if it has one.

    Raises ConfigError for arguments that exclude each other, OutputKeyError for a key that is not there.
    """
    endpoint = target.endpoint
    if output_key is not None and as_dict:
        raise ConfigError(
            f"output_key={output_key!r} asks for one output, signature_outputs_as_dict=True for all of them. "
            "Pass one of the two."
        )
    if endpoint is None or endpoint.kind != "signature":
        if as_dict:
            raise ConfigError(
                "signature_outputs_as_dict=True asks for the outputs of a signature as a dict, but what is called here "
                "is no signature. Pass signature=, or leave it out: a callable returns what it was saved with."
            )
        if output_key is not None and endpoint is not None:
            check_output_key(endpoint, output_key)
        return OutputChoice(key=output_key)
    if output_key is not None:
        check_output_key(endpoint, output_key)
        return OutputChoice(key=output_key)
    if as_dict:
        return OutputChoice()
    names = endpoint.traces[0].outputs
    if target.is_hub_module and _HUB_DEFAULT in names:
        return OutputChoice(key=_HUB_DEFAULT)
    return OutputChoice(only=len(names) == 1)


def check_output_key(endpoint: Endpoint, key: str) -> None:
    """Raise OutputKeyError, which lists what there is, if `endpoint` was saved without an output `key`."""
    outputs = endpoint.traces[0].outputs
    if not isinstance(outputs, dict):
        raise OutputKeyError(
            f"The {endpoint.kind} {endpoint.name!r} does not return a dict, so output_key={key!r} cannot pick from it. "
            "Leave output_key out."
        )
    if key not in outputs:
        raise OutputKeyError(
            f"The {endpoint.kind} {endpoint.name!r} has no output {key!r}. Its outputs are {sorted(outputs)}."
        )


def select_output(outputs: Any, choice: OutputChoice) -> Any:
    """What `choice` leaves of `outputs`. Raises OutputKeyError if a callable's outputs lack the key."""
    if choice.only:
        return next(iter(outputs.values()))
    if choice.key is None:
        return outputs
    if not isinstance(outputs, dict) or choice.key not in outputs:
        has = f"the outputs {sorted(outputs)}" if isinstance(outputs, dict) else f"{type(outputs).__name__}, no dict"
        raise OutputKeyError(f"The callable returned {has}, so output_key={choice.key!r} cannot pick from it.")
    return outputs[choice.key]
