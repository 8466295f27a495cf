"""What TF1 keeps in a MetaGraph's collections and in places like them: nodes by role, and attachments."""

from __future__ import annotations

from typing import Any

from google.protobuf import message as protobuf_message

from hublayer.errors import CorruptSavedModelError
from hublayer.savedmodel import schema

_INIT_SIGNATURE = "__saved_model_init_op"
_INIT_COLLECTIONS = ("saved_model_main_op", "legacy_init_op")
_TABLE_COLLECTIONS = ("table_initializer", "tables_initializer")
_ATTACHMENTS = "hub_module_attachments"
_IMAGE_MODULE_INFO = "image_module_info"


def collected(message: Any, collection: str) -> tuple[str, ...]:
    """Names of the tensors or ops in a collection of the MetaGraph `message`, in order and without repetition."""
    if collection not in message.collection_def:
        return ()
    return tuple(dict.fromkeys(message.collection_def[collection].node_list.value))


def initializers(message: Any) -> tuple[str, ...]:
    """Names of the ops that TensorFlow runs when it has restored the variables of the MetaGraph `message`.

    They are the op of the signature that names it, or of one of two collections, and whatever fills tables.
    """
    names: list[str] = []
    if _INIT_SIGNATURE in message.signature_def:
        names += [output.name for output in message.signature_def[_INIT_SIGNATURE].outputs.values()]
    for collection in (*_INIT_COLLECTIONS, *_TABLE_COLLECTIONS):
        names += collected(message, collection)
    return tuple(dict.fromkeys(name.split(":")[0] for name in names if name))


def attachments(message: Any, where: str) -> dict[str, bytes]:
    """The attachments of a TF1 Hub module, serialized, by key. `where` names the file in messages.

    Raises CorruptSavedModelError if they cannot be parsed.
    """
    if _ATTACHMENTS not in message.collection_def:
        return {}
    found = [
        _parse("ModuleAttachment", value, where) for value in message.collection_def[_ATTACHMENTS].bytes_list.value
    ]
    return {attachment.key: attachment.value for attachment in found}


def image_size(message: Any, where: str) -> tuple[int, int] | None:
    """(height, width) in pixels that a TF1 Hub module of images says it takes; None if it does not say."""
    info = attachments(message, where).get(_IMAGE_MODULE_INFO)
    if info is None:
        return None
    size = _parse("ImageModuleInfo", info, where).default_image_size
    return (size.height, size.width) if size.height and size.width else None


def _parse(kind: str, value: bytes, where: str) -> Any:
    try:
        return schema.message(kind).FromString(value)
    except protobuf_message.DecodeError as error:
        raise CorruptSavedModelError(f"{where}: an attachment of the module is no {kind} ({error}).") from error
