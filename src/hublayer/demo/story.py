"""What the demo says at each step, and what it measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hublayer.demo.digits import Digits
from hublayer.info import ModelInfo
from hublayer.info_tables import card

_TOLERANCE = 1e-5
_INDENT = (0, 0, 0, 3)


@dataclass(frozen=True)
class DemoResult:
    """What the demo measured.

    requests: how many the host saw. Accuracies: shares of the test images, 0..1.
    largest_difference: between the logits before saving and after loading.
    """

    requests: int
    frozen_accuracy: float
    tuned_accuracy: float
    reloaded_accuracy: float
    largest_difference: float
    backend: str
    runtime: str
    seconds: float

    @property
    def problems(self) -> list[str]:
        """What did not go as it should, in words."""
        problems = []
        if self.requests > 1:
            problems.append(f"The host saw {self.requests} requests; all but the first should come from the cache.")
        if not self.tuned_accuracy > self.frozen_accuracy:
            problems.append(
                f"Fine-tuning did not help: {self.tuned_accuracy:.1%} after {self.frozen_accuracy:.1%} with the "
                "layer frozen."
            )
        if not self.largest_difference <= _TOLERANCE:
            problems.append(
                f"The model that was loaded predicts otherwise than the one that was saved: logits differ by up to "
                f"{self.largest_difference:.3g}."
            )
        return problems


class Story:
    """The demo's words, one method for each step."""

    def __init__(self, console: Console):
        self._console = console
        self._step = 0

    def opened(self, handle: str) -> None:
        """A host was started."""
        self._head("A hub of our own", "this machine alone, no network")
        self._say("It serves a small model that was trained to see the digits 0 to 4:")
        self._code(handle)

    def resolved(self, folder: str, requests: list[str], seconds: float, more: int, again: float) -> None:
        """The handle was resolved twice."""
        self._head("The URL becomes a folder", "download, unpack, cache")
        self._code("hub.resolve(handle)")
        for request in requests:
            self._say(f"GET {request}   {seconds * 1000:.0f} ms")
        self._say(folder)
        if more:
            self._say(f"Once more: {more} more requests, {again * 1000:.1f} ms.")
        else:
            self._say(f"Once more: no request, {again * 1000:.1f} ms. It is in the cache.")

    def inspected(self, info: ModelInfo) -> None:
        """The model was inspected."""
        self._head("What is in it", "read from its files; nothing is run, no TensorFlow yet")
        self._code("hub.inspect(handle)")
        self._console.print(Padding(card(info, with_folder=False), _INDENT, expand=False), highlight=False)

    @contextmanager
    def importing(self) -> Iterator[None]:
        """While Keras is imported and the layer is made."""
        self._head("The model becomes a layer", "with a new head of five classes on top")
        self._code("layer = hub.KerasLayer(handle)")
        self._code("model = keras.Sequential([keras.Input((8, 8, 1)), layer, keras.layers.Dense(5)])")
        with self._console.status("importing Keras", spinner="dots"):
            yield

    def imported(self, backend: str, runtime: str) -> None:
        """Keras is there."""
        self._say(f"Keras runs on {backend}, the layer on the {runtime} runtime.")

    def training(self, digits: Digits) -> None:
        """The head is about to be trained."""
        self._head("Train the head", "the layer is frozen: its weights stay as published")
        self._say(
            f"The task is new: digits 5 to 9, {len(digits.train_images)} images to learn from, "
            f"{len(digits.test_images)} others to test on."
        )
        self._code("model.fit(images, labels, epochs=30)")

    def tuning(self, weights: int) -> None:
        """The layer is about to be fine-tuned."""
        self._head("Fine-tune", f"now {weights} weights of the layer learn too")
        self._code("layer.trainable = True; model.compile(...); model.fit(images, labels, epochs=15)")

    @contextmanager
    def epochs(self, count: int) -> Iterator[Callable[[int], None]]:
        """While training runs; gives a function to be told each finished epoch."""
        with self._console.status("", spinner="dots") as status:

            def finished(epoch: int) -> None:
                status.update(f"epoch {epoch} of {count}")

            yield finished

    def trained(self, accuracy: float, seconds: float) -> None:
        """Training ended."""
        self._line(Text.assemble((f"{accuracy:.1%}", "bold green"), f" of the test images right, {seconds:.1f} s"))

    def saving(self) -> None:
        """The model is about to be saved and loaded."""
        self._head("Save, and load", "the hub is off by now; the cache is enough")
        self._code('model.save("model.keras"); keras.models.load_model("model.keras")')

    def ended(self, result: DemoResult) -> None:
        """The summary."""
        table = Table(
            title="Digits 5 to 9",
            title_justify="left",
            title_style="bold",
            box=None,
            padding=(0, 3, 0, 0),
            pad_edge=False,
        )
        table.add_column()
        table.add_column("Test images right", justify="right")
        table.add_row("frozen layer, trained head", f"{result.frozen_accuracy:.1%}")
        table.add_row("fine-tuned", f"{result.tuned_accuracy:.1%}")
        table.add_row("saved and loaded", f"{result.reloaded_accuracy:.1%}")
        self._console.print()
        self._console.print(table, highlight=False)
        self._console.print(
            Text(f"{result.seconds:.0f} seconds in all, Keras on {result.backend}, {result.runtime} runtime.", "dim")
        )

    def reloaded(self, difference: float) -> None:
        """The model was loaded and compared."""
        self._say(
            "The predictions are the same, bit by bit."
            if difference == 0
            else f"The predictions differ by {difference:.2g} at most."
        )

    def _head(self, title: str, remark: str) -> None:
        self._step += 1
        self._console.print()
        self._console.print(Text.assemble((f"{self._step}  ", "bold cyan"), (title, "bold"), (f"  {remark}", "dim")))

    def _say(self, text: str) -> None:
        self._line(Text(text))

    def _code(self, text: str) -> None:
        self._line(Text(text, "cyan"))

    def _line(self, text: Text) -> None:
        # The terminal wraps it, so that paths and code can be copied.
        self._console.print(Text(" " * _INDENT[-1]).append_text(text), soft_wrap=True)
