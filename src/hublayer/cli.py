"""The command line. It parses, calls and prints; the work is done elsewhere."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from hublayer import __version__, errors, hub
from hublayer.choices import OutputChoice, check_output_key, choose_endpoint, select_output
from hublayer.cli_backend import import_keras
from hublayer.cli_cache import cache_app
from hublayer.cli_conformance import conformance_command
from hublayer.cli_errors import EXIT_CODES_HELP, complain, errors_in_red
from hublayer.cli_hub import lock_command, resolve_command
from hublayer.cli_inputs import from_json, read_inputs
from hublayer.cli_serve import serve_command

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    epilog=f"Example: hublayer demo\n\n{EXIT_CODES_HELP}",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


class Format(StrEnum):
    """How `run` prints."""

    TABLE = "table"
    JSON = "json"


Handle = Annotated[
    str, typer.Argument(metavar="HANDLE", help="A folder, an archive, or the URL of one or of a model on a hub.")
]
Tags = Annotated[str | None, typer.Option(help="Tags of the graph, separated by commas.", metavar="A,B")]


def main() -> None:
    """The console entry point."""
    app(prog_name="hublayer")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hublayer {__version__}")
        raise typer.Exit


@app.callback()
def _hublayer(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """A pretrained SavedModel as one line of a Keras 3 model."""


@app.command("inspect", epilog="Example: hublayer inspect ./my_model --variables")
def inspect_command(
    handle: Handle,
    tags: Tags = None,
    variables: Annotated[bool, typer.Option("--variables", help="List every variable.")] = False,
    ops: Annotated[bool, typer.Option("--ops", help="List every op, its count, and whether it runs here.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Show what a model offers and holds; nothing of it is run."""
    from hublayer.info import inspect
    from hublayer.info_tables import overview

    with errors_in_red():
        info = inspect(handle, _tags(tags))
        support = _support(info) if ops else None
    if as_json:
        content = info.to_dict()
        if support is not None:
            content["runtime"], content["unsupported_ops"] = support[0], sorted(support[1])
        typer.echo(json.dumps(content, indent=2))
    else:
        Console().print(overview(info, all_variables=variables, support=support), highlight=False)


def _support(info: Any) -> tuple[str, set[str]]:
    """The runtime that would run the model here, in words, and the ops that it cannot run."""
    import_keras()
    from hublayer.runtime.support import runtime_in_words, unsupported_ops

    return runtime_in_words(), unsupported_ops(info.folder, info.tags)


@app.command("run", epilog='Example: hublayer run ./text_embedding --text "good film" --text "bad film"')
def run_command(
    handle: Handle,
    text: Annotated[list[str] | None, typer.Option(help="A text; repeat it for a batch.", metavar="TEXT")] = None,
    image: Annotated[
        list[Path] | None,
        typer.Option(
            help="An image file, made to fit the model (floats are scaled to 0..1); repeat it for a batch.",
            exists=True,
            dir_okay=False,
            metavar="FILE",
        ),
    ] = None,
    json_text: Annotated[
        str | None,
        typer.Option(
            "--json",
            help='An array for the one input, or an object by input name; {"b64": "…"} is bytes.',
            metavar="JSON",
        ),
    ] = None,
    signature: Annotated[str | None, typer.Option(help="The endpoint to call.", metavar="NAME")] = None,
    output_key: Annotated[str | None, typer.Option(help="The one output to print.", metavar="KEY")] = None,
    arguments: Annotated[
        str | None, typer.Option(help="Hyperparameters: a JSON object by name.", metavar="JSON")
    ] = None,
    tags: Tags = None,
    format: Annotated[Format, typer.Option(help="Abbreviated for people, or everything for programs.")] = Format.TABLE,
    allow_side_effects: Annotated[
        bool,
        typer.Option("--allow-side-effects", help="Run a model that touches files, processes or the network, too."),
    ] = False,
) -> None:
    """Call a model once and print what it returns."""
    from hublayer.cli_outputs import as_json, as_table, outputs_of
    from hublayer.runtime.traces import check_arguments
    from hublayer.savedmodel import read

    with errors_in_red():
        # What is wrong with the inputs shows before TensorFlow, which takes seconds, is imported.
        meta_graph = read(hub.resolve(handle)).meta_graph(_tags(tags))
        endpoint = choose_endpoint(meta_graph, signature, hub.parse(handle).shown)
        inputs = read_inputs(endpoint, text or (), image or (), json_text)
        given = _arguments(arguments)
        check_arguments(endpoint, given)
        if output_key is not None:
            check_output_key(endpoint, output_key)
        returned = _call(handle, _tags(tags), signature, inputs, given, allow_side_effects)
        outputs = outputs_of(select_output(returned, OutputChoice(output_key)))
    if format is Format.JSON:
        typer.echo(json.dumps({"endpoint": endpoint.name, "outputs": as_json(outputs)}))
    else:
        Console().print(as_table(outputs), highlight=False)


@app.command("demo", epilog="Example: hublayer demo --seed 1")
def demo_command(
    cache: Annotated[
        Path | None,
        typer.Option(
            help="Where to keep the model; by default it is deleted at the end.", file_okay=False, metavar="DIR"
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Of the new head's weights and of the order of the images.", min=0, metavar="N")
    ] = 0,
) -> None:
    """See transfer learning from end to end in half a minute, without network."""
    from hublayer.demo.run import run_demo

    with errors_in_red():
        result = run_demo(Console(), cache, seed)
    if result.problems:
        for problem in result.problems:
            complain(problem)
        raise typer.Exit(1)


app.command("conformance", epilog="Example: hublayer conformance ~/models/encoder --backend jax")(conformance_command)
app.command("resolve", epilog="Example: hublayer resolve hf://Dimitre/universal-sentence-encoder")(resolve_command)
app.command("lock", epilog="Example: hublayer lock kaggle://google/nnlm/tensorFlow2/en-dim128")(lock_command)
app.add_typer(cache_app, name="cache")
app.command("serve", epilog="Example: hublayer serve ~/models --port 8501")(serve_command)


def _call(
    handle: str,
    tags: list[str] | None,
    signature: str | None,
    inputs: Any,
    arguments: dict[str, Any],
    allow_side_effects: bool,
) -> Any:
    import_keras()
    from hublayer.model import load
    from hublayer.runtime.call import call_endpoint

    model = load(handle, tags, allow_side_effects=allow_side_effects)
    endpoint = choose_endpoint(model.meta_graph, signature, hub.parse(handle).shown)
    training = arguments.pop("training", False)
    try:
        return call_endpoint(model.program, endpoint, inputs, training, arguments)
    except errors.HubLayerError:
        raise
    except Exception as error:
        complain(f"{hub.parse(handle).shown} failed while it ran: {type(error).__name__}: {_telling(error)}")
        raise typer.Exit(1) from error


def _telling(error: Exception) -> str:
    """What a runtime's error says, without the traces that TensorFlow writes into it."""
    beginnings = ("Graph execution error", "Detected at node", "<stack traces", "File ")
    lines = [line.strip() for line in str(error).splitlines()]
    return "\n".join(line for line in lines if line and not line.startswith(beginnings))


def _tags(text: str | None) -> list[str] | None:
    return None if text is None else [tag for tag in text.split(",") if tag]


def _arguments(text: str | None) -> dict[str, Any]:
    arguments = {} if text is None else from_json(text, "--arguments")
    if not isinstance(arguments, dict):
        raise typer.BadParameter('expected a JSON object as {"seq_length": 128}', param_hint="--arguments")
    return arguments


if __name__ == "__main__":
    main()
