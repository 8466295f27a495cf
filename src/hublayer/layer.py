"""KerasLayer: a pretrained SavedModel as a layer of Keras 3."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from hublayer.choices import choose_endpoint, choose_output, select_output
from hublayer.errors import ConfigError, NotSeparableError, SideEffectsError
from hublayer.legacy_keras import refuse_in_legacy_model, remark
from hublayer.load_options import load_options_from_config, load_options_to_config
from hublayer.model import BoundEndpoint, Model, load
from hublayer.runtime.call_scope import is_outermost
from hublayer.runtime.targets import CallableTarget, EndpointTarget, Target
from hublayer.runtime.traces import check_arguments
from hublayer.runtime.unavailable import available
from hublayer.runtime.weights import NamedVariable

if TYPE_CHECKING:
    from hublayer.runtime.preprocessor import Preprocessor
    from hublayer.savedmodel.endpoints import Endpoint


_ENCODER = "_encoder"  # ends the name of a layer's encoder


@keras.saving.register_keras_serializable(package="hublayer")
class KerasLayer(keras.layers.Layer):
    """Wrap a SavedModel, or a callable, as a Keras layer; frozen unless `trainable=True`.

    handle: what to load: a folder, an archive or a URL (see `hublayer.load`); or a loaded `Model`, one of its
        endpoints (``model.tokenize``), or any callable on tensors.
    trainable: whether the model's weights are trained, and whether it runs in training mode while Keras trains.
        It can be set later, too.
    arguments: hyperparameters that are passed on each call, such as ``{"batch_norm_momentum": 0.997}``.
    tags: tag set of the MetaGraph; by default the only one, ``{}`` in the TF1 Hub format, or ``{"serve"}``.
    signature: name of the signature, or of the named callable, to call. By default ``__call__``, then the
        signatures ``default`` (TF1 Hub), ``serving_default`` and ``serve``, then the only one there is.
    signature_outputs_as_dict: return all outputs of a signature as a dict even if there is only one.
    output_key: name of the one output to return.
    output_shape: shape of the output without its batch dimension, or a nest of them, where the model does not
        tell its own.
    load_options: a tf.saved_model.LoadOptions.
    runtime: "native" (TensorFlow's own loader), "translated" (the graph on Keras's backend) or "auto", which chooses
        as `hublayer.load` does.
    allow_side_effects: load a model that touches files, processes, sockets or Python beyond its own assets too.
        A ``.keras`` file with this setting loads only with ``safe_mode=False``.
    part: "encoder" for the part of a text model that takes what `preprocessor` returns; see `encoder`.
    **kwargs: arguments of keras.layers.Layer (`name`, `dtype`, …) and `input_shape`, without the batch dimension, or
        `batch_input_shape`, with it, which lets a Sequential model build itself. `dtype` is by default that of the
        model's first input.

    Inputs are a tensor, or several in a dict. A list or tuple is right where the inputs have an order: the parameters
    of a callable have one, the inputs of a signature have none. NumPy arrays and lists of str are fine. A signature
    with one output gives a tensor, with several a dict; a callable gives what it was saved with.

    Weights keep TensorFlow's names. Moving averages move only while Keras trains and the layer is trainable;
    the model's regularisation losses are in `losses` only while it is trainable.

    Raises what `hublayer.load` raises; EndpointError for a signature, output or hyperparameter that is not there,
    ConfigError for arguments that exclude each other. Calls raise an InputError, which prints the expected inputs
    beside what came.
    """

    def __init__(
        self,
        handle: str | PathLike[str] | Model | BoundEndpoint | Callable[..., Any],
        trainable: bool = False,
        arguments: Mapping[str, Any] | None = None,
        tags: Iterable[str] | str | None = None,
        signature: str | None = None,
        signature_outputs_as_dict: bool | None = None,
        output_key: str | None = None,
        output_shape: Any = None,
        load_options: Any = None,
        runtime: str = "auto",
        allow_side_effects: bool = False,
        part: str | None = None,
        **kwargs: Any,
    ):
        if isinstance(load_options, Mapping) and keras.config.backend() == "tensorflow":
            load_options = load_options_from_config(load_options)
        tags = None if tags is None else sorted([tags] if isinstance(tags, str) else tags)
        given_shape = _given_shape(kwargs)
        dtype = kwargs.pop("dtype", None)
        arguments = dict(arguments or {})
        target = _target(
            handle,
            arguments,
            tags,
            signature,
            load_options,
            runtime=runtime,
            allow_side_effects=allow_side_effects,
            part=part,
        )
        endpoint = target.endpoint
        if endpoint is not None:
            check_arguments(endpoint, arguments)
        self._choice = choose_output(target, output_key, signature_outputs_as_dict)

        kwargs.setdefault("autocast", False)
        dtype = keras.backend.standardize_dtype(dtype) if _is_dtype(dtype) else dtype
        super().__init__(trainable=trainable, dtype=dtype or target.input_dtype or "float32", **kwargs)
        # Keras converts inputs by its own rules before call(); here the endpoint says what its inputs are.
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True
        self.supports_jit = False
        self._given_input_shape = given_shape
        if given_shape is not None and self.compute_dtype == keras.config.floatx():
            # With it a Sequential model builds itself even if this is its only layer, but its input is a float then.
            self._input_shape_arg = given_shape[1:]
        self._given_output_shape = _as_shapes(output_shape)
        self._target = target
        self._tracked_resource = target.trackable  # so that exporting the outer model finds tables and assets
        self._seed_generator = target.seed_generator  # so that Keras carries its state through compiled steps
        self._config = {
            "handle": target.handle,
            "arguments": arguments,
            "tags": target.tags if tags is None else tags,
            "signature": target.signature if signature is None else signature,
            "signature_outputs_as_dict": signature_outputs_as_dict,
            "output_key": output_key,
            "output_shape": output_shape,
            "load_options": load_options,
            "runtime": runtime,
            "allow_side_effects": allow_side_effects,
            "part": part,
        }
        self._take(target.weights())
        self._build_at_init()
        if trainable and not self.trainable_weights:
            warnings.warn(
                f"The layer {self.name!r} was made with trainable=True, but {target.shown} has no trainable weights: "
                "training changes nothing in it.",
                stacklevel=2,
            )
        if trainable and target.serving_graph_only and self.trainable_weights:
            warnings.warn(
                f"{target.shown} is a TF1 model and trains through its serving graph: dropout and BatchNorm stay in "
                "inference mode, moving averages do not move.",
                stacklevel=2,
            )

    def _take(self, weights: Iterable[Any]) -> None:
        """Make these the layer's weights, in their order.

        Keras would sort them by what is trained now; here it is what the publisher lets be trained. Other layers over
        the same model may have some of them already: a frozen layer beside one that trains leaves them as they are.
        """
        weights = list(weights)
        named = [variable for variable in weights if isinstance(variable, NamedVariable)]
        taken = {variable.path for variable in named if variable.is_placed}
        # An encoder shares its layer's weights, and keeps their paths when it is loaded without that layer.
        place = self.name.removesuffix(_ENCODER) if self._config["part"] == "encoder" else self.name
        for variable in weights:
            if not isinstance(variable, NamedVariable):
                self._track_variable(variable)
                continue
            trained_elsewhere = variable.is_placed and variable.trainable
            variable.place(place, taken)
            self._tracker.add_to_store("trainable_variables", variable)
            variable.trainable = self.trainable or trained_elsewhere
            self._post_track_variable(variable)

    @property
    def resolved_object(self) -> Any:
        """The loaded model (its attributes, endpoints, variables), or the callable that was given."""
        return self._target.resolved_object

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """Shape of the one input with its batch dimension, if it was given or is fully known but for the batch.

        Raises AttributeError otherwise; a Sequential model then waits for data before it builds itself.
        """
        if self._given_input_shape is not None:
            return self._given_input_shape
        shape = self._target.input_shape
        if shape is None or len(shape) == 0 or shape[0] is not None or None in shape[1:]:
            raise AttributeError(f"The layer {self.name!r} does not know the full shape of its input.")
        return shape

    @property
    def preprocessor(self) -> Preprocessor:
        """The part of a text model that needs no weights, to be mapped over data: strings in, plain arrays out.

        Of a model that only preprocesses it gives the layer's outputs.

        Raises NotSeparableError, an EndpointError, if the model works on no strings.
        """
        from hublayer.runtime.encoder import preprocessor

        model, endpoint = self._text_model()
        return preprocessor(model, endpoint, self._config["arguments"], self._choice)

    @property
    def encoder(self) -> KerasLayer:
        """A layer over the part of a text model that follows `preprocessor`, with the weights of this one.

        It takes what the preprocessor returns, can be compiled, trained and saved, and is as trainable as this layer
        is now. Raises NotSeparableError, an EndpointError, if the model works on no strings, or on nothing else.
        """
        model, _ = self._text_model()
        names = ("arguments", "signature_outputs_as_dict", "output_key", "output_shape", "runtime")
        config = {name: self._config[name] for name in names}
        encoder = KerasLayer(
            model,
            trainable=self.trainable,
            signature=self._config["signature"],
            part="encoder",
            name=f"{self.name}{_ENCODER}",
            **config,
        )
        encoder._config["tags"] = self._config["tags"]
        encoder._config["allow_side_effects"] = self._config["allow_side_effects"]
        return encoder

    def __repr__(self) -> str:
        return super().__repr__() + remark()

    def __dir__(self) -> list[str]:
        # Keras saves every layer that it finds through dir(); this one's weights are saved already.
        return sorted(set(super().__dir__()) - {"encoder"})

    def __getattr__(self, name: str) -> Any:
        # Python comes here when a property has raised an AttributeError too. Then its own message is what is true, not
        # that of PyTorch's Module, which would say that there is no such attribute.
        found = getattr(type(self), name, None)
        if isinstance(found, property) and found.fget is not None:
            return found.fget(self)
        inherited = getattr(super(), "__getattr__", None)
        if inherited is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
        return inherited(name)

    def _text_model(self) -> tuple[Model, Endpoint]:
        endpoint = self._target.endpoint
        if self._config["part"] is not None:
            raise NotSeparableError(f"The layer {self.name!r} is an encoder; its own parts cannot be separated again.")
        if endpoint is None or not isinstance(self.resolved_object, Model):
            raise NotSeparableError(
                f"The layer {self.name!r} was made from {self.resolved_object!r}: only a SavedModel can be separated."
            )
        return self.resolved_object, endpoint

    @property
    def image_size(self) -> tuple[int, int] | None:
        """(height, width) in pixels of the images that the model takes, as its publisher said; None if unknown."""
        return self._target.image_size

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """See keras.layers.Layer; strings for a frozen layer, which Keras has nothing to do with, take a short way."""
        refuse_in_legacy_model(self, (args, kwargs))
        if len(args) == 1 and not kwargs and self._is_plain_call(args[0]):
            return self.call(args[0])
        return super().__call__(*args, **kwargs)

    def _is_plain_call(self, inputs: Any) -> bool:
        """Whether Layer.__call__ would only call `call`: no symbols, no masks, no losses, nobody around it."""
        if isinstance(inputs, list):
            strings = bool(inputs) and isinstance(inputs[0], str | bytes)
        else:
            strings = isinstance(inputs, np.ndarray) and inputs.dtype.kind == "O"
        return strings and self.built and not self.trainable and self.activity_regularizer is None and is_outermost()

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Run the endpoint on `inputs`.

        training: the trace to run; the training one only if the layer is trainable as well.
        """
        outputs = self._target(inputs, bool(training) and self.trainable)
        outputs = available(select_output(outputs, self._choice))
        return self._target.with_shape(outputs, self._given_output_shape)

    def compute_output_spec(self, inputs: Any, training: bool | None = None) -> Any:
        """Shapes and dtypes of the outputs for symbolic inputs, as KerasTensors."""
        if keras.config.backend() == "jax":
            from hublayer.runtime.wide_inputs import keep_wide_inputs

            keep_wide_inputs(KerasLayer)
        return self._target.output_spec(lambda x: self.call(x, training=training), inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shapes of the outputs for the shapes (or nest of shapes) of the inputs, batch dimension included."""
        spec = self.compute_output_spec(self._target.symbolic_inputs(input_shape, self.compute_dtype))
        return keras.tree.map_structure(lambda tensor: tuple(tensor.shape), spec)

    def _get_own_losses(self) -> list[Any]:
        # Keras gathers a model's losses from this method of each layer; add_loss() would only know of calls.
        losses = super()._get_own_losses()
        if self.trainable:
            losses = [*losses, *(loss() for loss in self._target.regularization_losses())]
        return losses

    def get_config(self) -> dict[str, Any]:
        """Everything that makes an equal layer. Raises ConfigError if it was made from a callable."""
        if self._target.handle is None:
            raise ConfigError(
                f"The layer {self.name!r} was made from {self.resolved_object!r}, which no config can name. To save, "
                "clone or export its config, save the callable as a SavedModel and pass the folder as the handle."
            )
        config = {**super().get_config(), **self._config}
        config["load_options"] = load_options_to_config(config["load_options"])
        if self._given_input_shape is not None:
            batch, *shape = self._given_input_shape
            config |= {"input_shape": shape} if batch is None else {"batch_input_shape": [batch, *shape]}
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> KerasLayer:
        """The layer of a config. Raises SideEffectsError for allow_side_effects=True under Keras's safe mode."""
        from keras.src.saving.serialization_lib import in_safe_mode  # Keras has no public question for it

        if config.get("allow_side_effects") and in_safe_mode():
            raise SideEffectsError(
                f"The layer {config.get('name')!r} loads {config.get('handle')!r} with allow_side_effects=True, which "
                "Keras's safe mode does not let through. If you trust the file, load it with safe_mode=False."
            )
        config = dict(config)
        if isinstance(dtype := config.get("dtype"), dict):
            old = dtype.get("class_name") == "Policy"  # Keras 2's class of all policies, told by their names
            config["dtype"] = dtype["config"]["name"] if old else keras.dtype_policies.deserialize(dtype)
        return cls(**config)  # Keras's own from_config would turn every error into a TypeError


def _target(
    handle: Any,
    arguments: dict[str, Any],
    tags: list[str] | None,
    signature: str | None,
    load_options: Any,
    runtime: str,
    allow_side_effects: bool,
    part: str | None,
) -> Target:
    if part not in (None, "encoder"):
        raise ConfigError(f"part={part!r} is not known; leave it out, or pass 'encoder'.")
    make: Any = EndpointTarget
    if part == "encoder":
        from hublayer.runtime.encoder import EncoderTarget

        make, runtime = EncoderTarget, "translated"
    if isinstance(handle, str | PathLike):
        model = load(fspath(handle), tags, load_options, runtime, allow_side_effects)
        return make(model, choose_endpoint(model.meta_graph, signature, model.shown), signature, arguments)
    refused = {"tags": tags, "load_options": load_options}
    if not isinstance(handle, Model):
        refused["signature"] = signature
    for name, value in refused.items():
        if value is not None:
            raise ConfigError(
                f"{name}= belongs to a handle that is still to be loaded, but a loaded object came: {handle!r}. "
                f"Pass {name}= where it is loaded, or pass its handle."
            )
    if isinstance(handle, Model):
        return make(handle, choose_endpoint(handle.meta_graph, signature, handle.shown), signature, arguments)
    if isinstance(handle, BoundEndpoint):
        return make(handle.model, handle.endpoint, handle.endpoint.name, arguments)
    if not callable(handle):
        raise ConfigError(
            f"The handle is {handle!r} (of type {type(handle).__name__}); expected a folder, an archive, a URL, "
            "a loaded model or a callable."
        )
    return CallableTarget(handle, arguments)


def _given_shape(arguments: dict[str, Any]) -> tuple[int | None, ...] | None:
    """Take `input_shape`, or what configs of Keras 2 say instead, out of a layer's arguments: the shape with its batch.

    Raises ConfigError if both are given.
    """
    shape, whole = arguments.pop("input_shape", None), arguments.pop("batch_input_shape", None)
    if shape is not None and whole is not None:
        raise ConfigError(
            f"input_shape={shape!r} and batch_input_shape={whole!r} say the same thing, without and with the batch "
            "dimension. Pass one of the two."
        )
    if whole is not None:
        return tuple(whole)
    return None if shape is None else (None, *shape)


def _is_dtype(dtype: Any) -> bool:
    return dtype is not None and not isinstance(dtype, str | dict | keras.DTypePolicy)


def _as_shapes(shapes: Any) -> Any:
    """A shape, or a nest of shapes, with every innermost list of dimensions as a tuple."""
    if shapes is None:
        return None
    if isinstance(shapes, Mapping):
        return {key: _as_shapes(value) for key, value in shapes.items()}
    shapes = list(shapes)
    if all(dim is None or isinstance(dim, int) for dim in shapes):
        return tuple(shapes)
    return [_as_shapes(shape) for shape in shapes]
