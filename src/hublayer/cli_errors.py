"""How a command ends: what it says on stderr, and its exit code."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.text import Text

from hublayer import errors
from hublayer.info_tables import printable

EXIT_CODES: dict[type[Exception] | tuple[type[Exception], ...], int] = {
    (errors.HandleError, errors.ModelNotFoundError, errors.NotASavedModelError): 3,
    errors.AccessDeniedError: 4,
    (errors.HostUnreachableError, errors.DownloadTimeoutError, errors.ServerError, errors.OfflineError): 5,
    (
        errors.ContentMismatchError,
        errors.UnsafeArchiveError,
        errors.CorruptArchiveError,
        errors.NotAnArchiveError,
        errors.CorruptSavedModelError,
        errors.SideEffectsError,
    ): 6,
    errors.CacheError: 7,
    errors.MissingPackageError: 8,
}
DAMAGED = 6
EXIT_CODES_HELP = (
    "Exit codes: 0 done, 1 other error, 2 usage, 3 no such model, 4 access denied, 5 network or offline, "
    "6 content refused or damaged, 7 cache, 8 package missing."
)

_OPTION_FOR = {
    errors.TagsError: "--tags",
    errors.SideEffectsError: "--allow-side-effects",
    errors.OutputKeyError: "--output-key",
    errors.ArgumentsError: "--arguments",
    errors.EndpointError: "--signature",
}


def exit_code(error: Exception) -> int:
    """Return the code that a program ends with after an error."""
    return next((code for kinds, code in EXIT_CODES.items() if isinstance(error, kinds)), 1)


@contextmanager
def errors_in_red() -> Iterator[None]:
    """Print hublayer's errors, and warnings, on stderr without a traceback; an error ends the program."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: print_to_stderr("Warning: ", str(message), "yellow")
        try:
            yield
        except errors.HubLayerError as error:
            complain(str(error))
            option = next((option for kind, option in _OPTION_FOR.items() if isinstance(error, kind)), None)
            if option:
                Console(stderr=True).print(Text(f"Here the option is {option}.", "dim"))
            raise typer.Exit(exit_code(error)) from error


def complain(message: str) -> None:
    """Print an error on stderr."""
    print_to_stderr("Error: ", message, "red")


def print_to_stderr(label: str, message: str, style: str) -> None:
    """Print a message on stderr, its first line in colour."""
    first, newline, rest = printable(message).partition("\n")
    text = Text.assemble((label, f"bold {style}"), (first, style), newline + rest)
    Console(stderr=True).print(text, soft_wrap=True, highlight=False)
