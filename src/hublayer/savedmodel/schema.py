"""Message classes of the SavedModel format, built from saved_model.proto's descriptor.

They live in a descriptor pool of their own and under hublayer's package name, so an installed TensorFlow,
which registers the same messages under its name, is not disturbed.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory


def _load() -> dict[str, Any]:
    descriptors = descriptor_pb2.FileDescriptorSet.FromString(
        files("hublayer.savedmodel").joinpath("saved_model.desc").read_bytes()
    )
    return dict(message_factory.GetMessages(descriptors.file, pool=descriptor_pool.DescriptorPool()))


_messages = _load()


def message(name: str) -> Any:
    """The message class `name` of saved_model.proto, such as ``"SavedModel"``."""
    return _messages[f"hublayer.savedmodel.{name}"]


SavedModel = message("SavedModel")
Variable = message("Variable")
AssetFile = message("AssetFile")
