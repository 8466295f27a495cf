"""What the command line passes to an endpoint: texts, images and JSON become the arrays that it takes."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import typer

from hublayer.savedmodel.endpoints import Endpoint
from hublayer.savedmodel.specs import TensorSpec, is_spec, spec_leaves

if TYPE_CHECKING:
    from PIL.Image import Image

_MODES = {1: "L", 3: "RGB"}
_WHITE = 255


def read_inputs(endpoint: Endpoint, texts: Sequence[str], images: Sequence[Path], json_text: str | None) -> Any:
    """The inputs for `endpoint`: what one of the three options gave.

    Returns an array, a nest of Python values, or None for an endpoint without inputs.

    Raises typer.BadParameter if none or several were given, or what was given cannot be read.
    """
    given = [name for name, value in (("--text", texts), ("--image", images), ("--json", json_text)) if value]
    if len(given) > 1:
        raise typer.BadParameter(f"{' and '.join(given)} exclude each other; pass one of them.")
    if texts:
        return _texts(endpoint, texts)
    if images:
        return _images(endpoint, images)
    if json_text:
        return _placed(endpoint, from_json(json_text, "--json"))
    if endpoint.inputs:
        raise typer.BadParameter(
            f"The {endpoint.kind} {endpoint.name!r} takes inputs; pass --text, --image or --json. "
            f"It takes:\n{endpoint.describe_inputs()}"
        )
    return None


def from_json(text: str, option: str) -> Any:
    """The value of a JSON text; an object ``{"b64": "..."}`` stands for bytes, as in TensorFlow Serving.

    Raises typer.BadParameter, which names `option`, if it is no JSON.
    """
    try:
        return json.loads(text, object_hook=_bytes_or_object)
    except json.JSONDecodeError as error:
        raise typer.BadParameter(f"no JSON: {error}", param_hint=option) from error
    except (binascii.Error, UnicodeEncodeError) as error:
        raise typer.BadParameter(f"a value of b64 is no Base64: {error}", param_hint=option) from error


def _bytes_or_object(value: dict[str, Any]) -> Any:
    if list(value) == ["b64"] and isinstance(value["b64"], str):
        return base64.b64decode(value["b64"], validate=True)
    return value


def _single_specs(endpoint: Endpoint) -> list[TensorSpec]:
    """The spec of the one input, for each structure that has one dense input."""
    found = [[spec for _, spec in spec_leaves(structure)] for structure in endpoint.input_structures()]
    return [specs[0] for specs in found if len(specs) == 1 and isinstance(specs[0], TensorSpec)]


def _placed(endpoint: Endpoint, value: Any) -> Any:
    """A JSON array for an endpoint that keeps its one input in a list goes into such a list."""
    structures = endpoint.input_structures()
    if isinstance(value, dict) or len(_single_specs(endpoint)) != len(structures):
        return value
    structure = next(iter(structures[0].values()))
    while not is_spec(structure) and isinstance(structure, list | tuple):
        value, structure = [value], structure[0]
    return value


def _texts(endpoint: Endpoint, texts: Sequence[str]) -> np.ndarray:
    array = np.array(list(texts), dtype=object)
    spec = next((spec for spec in _single_specs(endpoint) if spec.dtype == "string"), None)
    return _with_rank(array, spec)


def _with_rank(array: np.ndarray, spec: TensorSpec | None) -> np.ndarray:
    """Values (n,) as the column or the scalar that some endpoints take."""
    rank = None if spec is None or spec.shape is None else len(spec.shape)
    if rank == 2:
        return array[:, None]
    return array.reshape(()) if rank == 0 and len(array) == 1 else array


def _images(endpoint: Endpoint, files: Sequence[Path]) -> np.ndarray:
    specs = _single_specs(endpoint)
    encoded = next((spec for spec in specs if spec.dtype == "string"), None)
    if encoded is not None:  # the model decodes the files itself
        for file in files:
            _opened(file)
        return _with_rank(np.array([file.read_bytes() for file in files], dtype=object), encoded)
    spec = next((spec for spec in specs if _takes_images(spec)), None)
    if spec is None:
        raise typer.BadParameter(
            f"The {endpoint.kind} {endpoint.name!r} takes no image of 1 or 3 channels. "
            f"It takes:\n{endpoint.describe_inputs()}",
            param_hint="--image",
        )
    pixels = [_pixels(file, spec) for file in files]
    if len({array.shape for array in pixels}) > 1:
        sizes = ", ".join(f"{file.name} {a.shape[1]}x{a.shape[0]}" for file, a in zip(files, pixels, strict=True))
        raise typer.BadParameter(
            f"The model takes images of any size, but those of one call have to be equal: {sizes}.",
            param_hint="--image",
        )
    if spec.shape is not None and len(spec.shape) == 3:
        if len(pixels) > 1:
            raise typer.BadParameter("The model takes one image at a time.", param_hint="--image")
        return pixels[0]
    return np.stack(pixels)


def _takes_images(spec: TensorSpec) -> bool:
    return spec.shape is None or (len(spec.shape) in (3, 4) and spec.shape[-1] in (None, *_MODES))


def _pixels(file: Path, spec: TensorSpec) -> np.ndarray:
    """One image (height, width, channels): 0..1 for floats, 0..255 otherwise."""
    height, width, channels = (None, None, None) if spec.shape is None else spec.shape[-3:]
    image = _opened(file).convert(_MODES[channels or 3])
    size = (width or image.width, height or image.height)
    if image.size != size:
        from PIL.Image import Resampling

        image = image.resize(size, Resampling.BILINEAR)
    array = np.asarray(image).reshape(size[1], size[0], -1)
    if spec.dtype.startswith(("float", "bfloat")):
        return array.astype(np.float32) / _WHITE
    return array


def _opened(file: Path) -> Image:
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(file) as image:
            if image.mode.startswith(("I", "F")):
                raise typer.BadParameter(
                    f"{file} has more than 8 bits for each channel; convert it to 8 bits first.", param_hint="--image"
                )
            return ImageOps.exif_transpose(image)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise typer.BadParameter(f"{file} cannot be read as an image: {error}", param_hint="--image") from error
