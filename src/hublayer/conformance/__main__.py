"""``python -m hublayer.conformance`` is ``hublayer conformance``."""

import typer

from hublayer.cli_conformance import conformance_command

typer.run(conformance_command)
