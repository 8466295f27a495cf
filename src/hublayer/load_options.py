"""tf.saved_model.LoadOptions as plain data, so that a layer's config can keep them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hublayer.errors import ConfigError

# Documented attributes of tf.saved_model.LoadOptions.
_PLAIN = (
    "experimental_io_device",
    "experimental_skip_checkpoint",
    "experimental_load_function_aliases",
    "allow_partial_checkpoint",
)
_POLICY = "experimental_variable_policy"


def load_options_to_config(options: Any) -> dict[str, Any] | None:
    """The options' values by name; None for no options."""
    if options is None:
        return None
    if isinstance(options, Mapping):  # a config that came from the TensorFlow backend and is only passed on
        return dict(options)
    config = {name: getattr(options, name) for name in _PLAIN if hasattr(options, name)}
    policy = getattr(options, _POLICY, None)
    config[_POLICY] = getattr(policy, "value", policy)
    return config


def load_options_from_config(config: Mapping[str, Any]) -> Any:
    """A tf.saved_model.LoadOptions with these values. Raises ConfigError for a name it does not have."""
    import tensorflow as tf

    try:
        return tf.saved_model.LoadOptions(**{name: value for name, value in config.items() if value is not None})
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"load_options={dict(config)!r} cannot be made into tf.saved_model.LoadOptions: {error}"
        ) from error
