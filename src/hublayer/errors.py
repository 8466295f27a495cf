"""Every exception that hublayer raises itself, in one tree.

Each class also subclasses the built-in exception that Python or Keras would raise in its place,
so code that catches ``ValueError`` or ``OSError`` keeps working::

    HubLayerError
    ├── HandleError (ValueError)                 a handle that names no source we know
    ├── ResolveError (OSError)                   a handle that did not become a folder
    │   ├── ModelNotFoundError (FileNotFoundError)   404, or no such folder or archive
    │   ├── AccessDeniedError (PermissionError)      401 or 403
    │   ├── HostUnreachableError (ConnectionError)   no such host, refused, broken off, TLS
    │   ├── DownloadTimeoutError (TimeoutError)      the host stopped answering
    │   ├── ServerError                              any other HTTP status
    │   ├── NotAnArchiveError (ValueError)           an HTML page or other content in place of an archive
    │   ├── CorruptArchiveError (ValueError)         a truncated or damaged archive
    │   ├── UnsafeArchiveError (ValueError)          a member that would leave its folder, a link, a device, a bomb
    │   ├── ContentMismatchError (ValueError)        another content than the pin or the lock file names
    │   ├── OfflineError (ConnectionError)           not in the cache, and HUBLAYER_OFFLINE forbids the network
    │   └── CacheError                               the cache folder cannot be used
    ├── SavedModelError (ValueError)             a folder that did not become a model
    │   ├── NotASavedModelError (FileNotFoundError)  no saved_model.pb or saved_model.pbtxt
    │   ├── CorruptSavedModelError                   a saved_model.pb that cannot be read
    │   ├── TagsError                                no MetaGraph with these tags, or several to choose from
    │   ├── ModelLoadError (RuntimeError)            the runtime could not load it
    │   ├── UnsupportedOpsError (RuntimeError)       ops that the runtime does not know, all of them
    │   └── SideEffectsError (PermissionError)       ops that reach beyond the model's own files
    ├── EndpointError (ValueError)               no such endpoint, or none to choose by itself
    │   ├── OutputKeyError (KeyError)                no such output
    │   ├── SignatureNameError (KeyError)            no such signature, asked for by model.signatures[name]
    │   ├── ArgumentsError                           a hyperparameter the endpoint was not saved with
    │   └── NotSeparableError (AttributeError)       no preprocessor, or no encoder, to separate
    ├── InputError (ValueError)                  inputs that do not fit the endpoint
    │   ├── InputStructureError                      a wrong number of inputs, or a wrong nesting
    │   ├── InputNameError (KeyError)                a name missing or not known
    │   ├── InputDtypeError (TypeError)              a dtype that cannot be cast without loss
    │   └── InputShapeError                          a wrong rank or dimension
    ├── ExecutionError (RuntimeError)            a node of the graph that failed
    ├── ConfigError (ValueError)                 arguments of the layer that exclude each other
    ├── MissingPackageError (ImportError)        a package that a handle, a command or Keras needs
    └── BackendError (RuntimeError)              a backend that hublayer does not run on, or that lacks the runtime
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = [
    "AccessDeniedError",
    "ArgumentsError",
    "BackendError",
    "CacheError",
    "ConfigError",
    "ContentMismatchError",
    "CorruptArchiveError",
    "CorruptSavedModelError",
    "DownloadTimeoutError",
    "EndpointError",
    "ExecutionError",
    "HandleError",
    "HostUnreachableError",
    "HubLayerError",
    "InputDtypeError",
    "InputError",
    "InputNameError",
    "InputShapeError",
    "InputStructureError",
    "MissingPackageError",
    "ModelLoadError",
    "ModelNotFoundError",
    "NotASavedModelError",
    "NotAnArchiveError",
    "NotSeparableError",
    "OfflineError",
    "OutputKeyError",
    "ResolveError",
    "SavedModelError",
    "ServerError",
    "SideEffectsError",
    "SignatureNameError",
    "TagsError",
    "UnsafeArchiveError",
    "UnsupportedOpsError",
]


class HubLayerError(Exception):
    """The root of every exception that hublayer raises itself."""

    def __str__(self) -> str:
        # KeyError and OSError change what str() prints; a message is a message.
        return str(self.args[0]) if self.args else ""


class HandleError(HubLayerError, ValueError):
    """A handle that names no source we know."""


class ResolveError(HubLayerError, OSError):
    """A handle that did not become a folder."""


class ModelNotFoundError(ResolveError, FileNotFoundError):
    """The host answered 404, or there is no such local folder or archive."""


class AccessDeniedError(ResolveError, PermissionError):
    """The host answered 401 or 403, or a local file may not be read."""


class HostUnreachableError(ResolveError, ConnectionError):
    """The host is unknown, refused the connection, broke it off or failed TLS verification."""


class DownloadTimeoutError(ResolveError, TimeoutError):
    """The host did not answer, or stopped answering, within the timeout."""


class ServerError(ResolveError):
    """The host answered with a status that is neither success, 401, 403 nor 404."""


class NotAnArchiveError(ResolveError, ValueError):
    """The host sent something other than an archive, an HTML page for example."""


class CorruptArchiveError(ResolveError, ValueError):
    """The archive is truncated or damaged."""


class UnsafeArchiveError(ResolveError, ValueError):
    """The archive has a member that would be written outside its folder, a link out, or a device."""


class ContentMismatchError(ResolveError, ValueError):
    """The content has another digest than the handle's ``@sha256:`` or the lock file asks for; it is not kept."""


class OfflineError(ResolveError, ConnectionError):
    """The model is not, or no longer wholly, in the cache, and HUBLAYER_OFFLINE forbids to fetch it."""


class CacheError(ResolveError):
    """The cache folder cannot be read or written."""


class SavedModelError(HubLayerError, ValueError):
    """A folder that did not become a model."""


class NotASavedModelError(SavedModelError, FileNotFoundError):
    """The folder holds neither saved_model.pb nor saved_model.pbtxt."""


class CorruptSavedModelError(SavedModelError):
    """A file of the SavedModel cannot be read as what it should be."""


class TagsError(SavedModelError):
    """No MetaGraph has these tags, or there are several and none is the obvious one."""


class ModelLoadError(SavedModelError, RuntimeError):
    """The runtime could not load the model; the cause is chained."""


class UnsupportedOpsError(SavedModelError, RuntimeError):
    """The model uses ops that the runtime does not know; the message lists all of them.

    ops: what cannot run (an op, or ``OP with ATTRIBUTE``), and how often, where and why. Empty if it is no op.
    """

    def __init__(self, message: str, ops: Mapping[str, str] | None = None):
        super().__init__(message)
        self.ops: dict[str, str] = dict(ops or {})


class SideEffectsError(SavedModelError, PermissionError):
    """The model reaches ops that touch files, processes, sockets or Python beyond its own assets."""


class EndpointError(HubLayerError, ValueError):
    """The model has no such endpoint, or none that could be chosen without being named."""


class OutputKeyError(EndpointError, KeyError):
    """The endpoint has no output of this name."""


class SignatureNameError(EndpointError, KeyError):
    """The model has no signature of this name."""


class ArgumentsError(EndpointError):
    """The endpoint was not saved with this argument, or not with this value of it."""


class NotSeparableError(EndpointError, AttributeError):
    """The endpoint has no preprocessor, or no encoder: nothing in it works on strings, or nothing on anything else."""


class InputError(HubLayerError, ValueError):
    """The inputs do not fit the endpoint."""


class InputStructureError(InputError):
    """A wrong number of inputs, or a wrong nesting of lists and dicts."""


class InputNameError(InputError, KeyError):
    """An input name is missing, or the endpoint has none of that name."""


class InputDtypeError(InputError, TypeError):
    """An input has a dtype that cannot be cast to the endpoint's without loss."""


class InputShapeError(InputError):
    """An input has a wrong rank or a wrong dimension."""


class ExecutionError(HubLayerError, RuntimeError):
    """A node of the graph failed, or needs a value that is not known while the graph is traced."""


class ConfigError(HubLayerError, ValueError):
    """Arguments of the layer that exclude each other, or a config that cannot be made."""


class MissingPackageError(HubLayerError, ImportError):
    """A handle, a command or Keras needs a package that is not installed; the message has the pip command."""


class BackendError(HubLayerError, RuntimeError):
    """Keras runs on a backend that hublayer has no ops for, or that does not offer the runtime that was asked for."""
