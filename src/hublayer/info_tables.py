"""A ModelInfo as rich tables, and those as plain text."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hublayer.info import ArgumentInfo, EndpointInfo, ModelInfo, TensorInfo, Total
from hublayer.savedmodel.specs import Shape, describe, shape_text

_PLAIN_WIDTH = 100
_OPS_SHOWN = 8
_INDENT = (0, 0, 0, 2)


def overview(
    info: ModelInfo, all_variables: bool = False, support: tuple[str, set[str]] | None = None
) -> RenderableType:
    """The card, then the endpoints; with `all_variables` the list of them, with `support` that of the ops.

    support: the runtime in words, and the ops that it cannot run.
    """
    parts: list[RenderableType] = [card(info), Text()]
    parts += _separated(_endpoint(endpoint) for endpoint in info.endpoints)
    if all_variables:
        parts += [Text(), _variables(info)]
    if support is not None:
        parts += [Text(), _ops(info, *support)]
    return Group(*parts)


def card(info: ModelInfo, with_folder: bool = True) -> Table:
    """The facts about the model as a whole; its folder only where it is not the handle."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")

    def row(label: str, value: str | Text) -> None:
        table.add_row(label, value if isinstance(value, Text) else printable(value))

    row("Model", info.handle)
    if with_folder and Path(info.handle).absolute() != Path(info.folder):
        row("Folder", info.folder)
    row("Format", f"{info.format}, written by TensorFlow {info.tensorflow_version or '(version unknown)'}")
    row("Tags", _tags(info))
    row("Variables", _totals(info))
    if info.regularization_losses:
        row("Losses", f"{info.regularization_losses} for regularisation")
    for index, asset in enumerate(info.assets):
        size = "missing" if asset.nbytes is None else bytes_text(asset.nbytes)
        row("" if index else "Assets", f"{asset.name} ({size})")
    if info.image_size:
        row("Images", f"{info.image_size[0]} x {info.image_size[1]} pixels (height, width)")
    row("Ops", _ops_summary(info))
    if info.side_effects:
        for index, effect in enumerate(info.side_effects):
            row("" if index else "Side effects", Text(printable(str(effect)), "red"))
    else:
        row("Side effects", "none found")
    if info.default_endpoint is None:
        row("Default", Text("no endpoint stands out; name one", "yellow"))
    return table


def as_text(renderable: RenderableType, width: int = _PLAIN_WIDTH) -> str:
    """What rich prints at `width` columns, without colours."""
    file = io.StringIO()
    console = Console(
        file=file, width=width, color_system=None, force_terminal=False, force_jupyter=False, legacy_windows=False
    )
    console.print(renderable, highlight=False)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def printable(text: str) -> str:
    """`text` with control characters escaped: names come from the model, and could steer a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def bytes_text(count: int) -> str:
    """``512 bytes``, ``9.4 kB``, ``102 MB``."""
    if count < 1000:
        return f"{count} byte{'s' * (count != 1)}"
    size, units = count / 1000, iter(("kB", "MB", "GB", "TB"))
    unit = next(units)
    while size >= 999.5 and unit != "TB":
        size, unit = size / 1000, next(units)
    return f"{size:.1f} {unit}" if size < 99.95 else f"{size:.0f} {unit}"


def tensor_shape(shape: Shape) -> Text:
    """A shape; an unknown rank is dim."""
    return Text("unknown rank", "dim") if shape is None else Text(shape_text(shape))


def _separated(parts: Iterable[RenderableType]) -> list[RenderableType]:
    separated: list[RenderableType] = []
    for part in parts:
        separated += [Text(), part] if separated else [part]
    return separated


def _tags(info: ModelInfo) -> str:
    described = _tag_set(info.tags)
    others = [_tag_set(tags) for tags in info.tag_sets if tags != info.tags]
    return f"{described}; there is also {', '.join(others)}" if others else described


def _tag_set(tags: Sequence[str]) -> str:
    return "{" + ", ".join(tags) + "}"


def _totals(info: ModelInfo) -> str:
    if not info.variables:
        return "none"
    return f"{_total(info.total)}; trainable {_total(info.trainable_total)}"


def _total(total: Total) -> str:
    if total.count == 0:
        return "none"
    if total.unknown == total.count:
        return f"{total.count} (size unknown)"
    known = f"{total.elements:,} value{'s' * (total.elements != 1)}, {bytes_text(total.nbytes)}"
    return f"{total.count} ({known}" + (f", and {total.unknown} of unknown size)" if total.unknown else ")")


def _ops_summary(info: ModelInfo) -> str:
    most = [f"{printable(op)}×{count:,}" for op, count in list(info.ops.items())[:_OPS_SHOWN]]
    more = ", …" if len(info.ops) > _OPS_SHOWN else ""
    functions = f" and {info.functions:,} functions" if info.functions else ""
    return f"{len(info.ops)} kinds, {sum(info.ops.values()):,} nodes{functions}: {', '.join(most)}{more}"


def _endpoint(endpoint: EndpointInfo) -> RenderableType:
    title = Text.assemble((printable(endpoint.name), "bold cyan"), (f"  {endpoint.kind}", "dim"))
    if endpoint.traces > 1:
        title.append(f", {endpoint.traces} traces", "dim")
    if endpoint.is_default:
        title.append("  called by default", "green")
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_column(overflow="fold")
    grid.add_column(overflow="fold")
    _add_tensors(grid, "input", endpoint.inputs)
    for argument in endpoint.arguments:
        grid.add_row("argument", printable(argument.name), *_argument(argument))
    _add_tensors(grid, "output", endpoint.outputs)
    return Group(title, Padding(grid, _INDENT, expand=False))


def _add_tensors(grid: Table, role: str, structures: tuple[tuple[TensorInfo, ...], ...]) -> None:
    if not any(structures):
        grid.add_row(role, Text("none", "dim"))
        return
    for index, structure in enumerate(structures):
        for tensor in structure:
            kind = "" if tensor.kind == "dense" else f"{tensor.kind} "
            name = Text(printable(tensor.path)) if tensor.path else Text("the result", "dim")
            label = f"or {role}" if index else role
            grid.add_row(label, name, Text(printable(f"{kind}{tensor.dtype or ''}")), tensor_shape(tensor.shape))


def _argument(argument: ArgumentInfo) -> tuple[Text, Text]:
    default = Text(f"= {printable(describe(argument.default))}") if argument.has_default else Text("required", "yellow")
    return default, Text(f"saved for {printable(', '.join(map(describe, argument.traced)))}")


def _variables(info: ModelInfo) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("Variable", overflow="fold")
    table.add_column("Dtype", no_wrap=True)
    table.add_column("Shape", no_wrap=True)
    table.add_column("Size", justify="right", no_wrap=True)
    table.add_column("Trainable", no_wrap=True)
    for variable in info.variables:
        size = Text("unknown", "dim") if variable.nbytes is None else Text(bytes_text(variable.nbytes))
        table.add_row(
            Text(printable(variable.name)),
            variable.dtype,
            tensor_shape(variable.shape),
            size,
            "yes" if variable.trainable else Text("no", "dim"),
        )
    return Group(Text("Variables", "bold"), Padding(table, _INDENT, expand=False))


def _ops(info: ModelInfo, runtime: str, missing: set[str]) -> RenderableType:
    width = max((len(f"{count:,}") for count in info.ops.values()), default=0)
    cells = [
        Text.assemble(
            (f"{count:>{width},} ", "dim"),
            (printable(op) + (" ✗" if op in missing else ""), "red" * (op in missing)),
            no_wrap=True,
        )
        for op, count in info.ops.items()
    ]
    if missing:
        said = (
            f"{len(missing)} of {len(info.ops)} not in the {runtime} (✗); those that no endpoint reaches do not matter"
        )
    else:
        said = f"all {len(info.ops)} run in the {runtime}"
    heading = Text.assemble(("Ops  ", "bold"), (said, "dim"))
    return Group(heading, Padding(Columns(cells, padding=(0, 3), column_first=True), _INDENT))
