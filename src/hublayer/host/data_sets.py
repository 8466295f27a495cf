"""Datasets inside of a graph (``tf.data``): what makes them, changes them, and takes values out of them.

A dataset is a thing that can be gone through again and again. Options about threads and buffers change nothing here:
elements come in the order of the deterministic dataset, one after another.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from hublayer.host.control_flow import truth
from hublayer.host.execute import HostRun
from hublayer.host.registry import host_op
from hublayer.host.tensor_list import row, stacked
from hublayer.savedmodel.tensors import constant_dtype

# An element: its tensors, in the order of the dataset's output_types.
Element = list[Any]


@dataclass(frozen=True, eq=False)
class Dataset:
    """elements: starts a new walk over the elements."""

    elements: Callable[[], Iterator[Element]]


def _dataset(value: Any) -> Dataset:
    if isinstance(value, np.ndarray) and value.dtype == object and value.size == 1:
        value = value.item()
    if not isinstance(value, Dataset):
        raise ValueError(f"a dataset was expected, but {type(value).__name__} came")
    return value


@host_op("TensorDataset")
def tensor_dataset(components, *, Toutput_types, output_shapes, metadata=""):
    """One element."""
    return Dataset(lambda: iter([list(components)]))


@host_op("TensorSliceDataset")
def tensor_slice_dataset(
    components, *, Toutput_types, output_shapes, is_files=False, metadata="", replicate_on_split=False
):
    """The rows of tensors that have as many."""
    sizes = {component.shape[0] if component.shape else None for component in components}
    if len(sizes) != 1 or None in sizes:
        raise ValueError(f"tensors of shapes {[component.shape for component in components]} have not as many rows")
    (size,) = sizes
    return Dataset(lambda: ([row(component, i) for component in components] for i in range(size or 0)))


@host_op("RangeDataset")
def range_dataset(start, stop, step, *, output_types, output_shapes, metadata="", replicate_on_split=False):
    """start, start + step, … before stop."""
    if not int(step):
        raise ValueError("a range whose step is 0")
    dtype = constant_dtype(output_types[0])
    return Dataset(lambda: ([np.array(i, dtype)] for i in range(int(start), int(stop), int(step))))


def _mapped(run: HostRun, f: str, input_dataset: Any, others: Element) -> Iterator[Element]:
    call = run.executable(f)
    return (call(run, [*element, *others]) for element in _dataset(input_dataset).elements())


@host_op("MapDataset")
def map_dataset(
    run, input_dataset, other_arguments, *, f, output_types, output_shapes, use_inter_op_parallelism=True,
    preserve_cardinality=False, force_synchronous=False, metadata="",
):  # fmt: skip
    """f of each element."""
    return Dataset(lambda: _mapped(run, f, input_dataset, other_arguments))


@host_op("ParallelMapDataset")
def parallel_map_dataset(
    run, input_dataset, other_arguments, num_parallel_calls, *, f, output_types, output_shapes,
    use_inter_op_parallelism=True, sloppy=False, preserve_cardinality=False, metadata="",
):  # fmt: skip
    """f of each element."""
    return Dataset(lambda: _mapped(run, f, input_dataset, other_arguments))


@host_op("ParallelMapDatasetV2")
def parallel_map_dataset_v2(
    run, input_dataset, other_arguments, num_parallel_calls, *, f, output_types, output_shapes,
    use_inter_op_parallelism=True, deterministic="default", preserve_cardinality=False,
    use_unbounded_threadpool=False, metadata="",
):  # fmt: skip
    """f of each element."""
    return Dataset(lambda: _mapped(run, f, input_dataset, other_arguments))


@host_op("FlatMapDataset")
def flat_map_dataset(run, input_dataset, other_arguments, *, f, output_types, output_shapes, metadata=""):
    """The elements of the datasets that f makes of each element."""

    def elements() -> Iterator[Element]:
        for (made,) in _mapped(run, f, input_dataset, other_arguments):
            yield from _dataset(made).elements()

    return Dataset(elements)


def _kept(run: HostRun, predicate: str, input_dataset: Any, others: Element) -> Iterator[tuple[bool, Element]]:
    call = run.executable(predicate)
    for element in _dataset(input_dataset).elements():
        yield truth(call(run, [*element, *others])[0]), element


@host_op("FilterDataset")
def filter_dataset(run, input_dataset, other_arguments, *, predicate, output_types, output_shapes, metadata=""):
    """The elements for which the predicate holds."""
    return Dataset(lambda: (element for kept, element in _kept(run, predicate, input_dataset, other_arguments) if kept))


@host_op("TakeWhileDataset")
def take_while_dataset(run, input_dataset, other_arguments, *, predicate, output_types, output_shapes, metadata=""):
    """The elements before the first for which the predicate does not hold."""

    def elements() -> Iterator[Element]:
        for kept, element in _kept(run, predicate, input_dataset, other_arguments):
            if not kept:
                return
            yield element

    return Dataset(elements)


@host_op("ScanDataset")
def scan_dataset(
    run, input_dataset, initial_state, other_arguments, *, f, Tstate, output_types, output_shapes,
    preserve_cardinality=False, use_default_device=True, metadata="",
):  # fmt: skip
    """What f returns beside a new state, for the state and each element."""

    def elements() -> Iterator[Element]:
        call, state = run.executable(f), list(initial_state)
        for element in _dataset(input_dataset).elements():
            results = call(run, [*state, *element, *other_arguments])
            state = results[: len(state)]
            yield results[len(state) :]

    return Dataset(elements)


def _batched(input_dataset: Any, batch_size: Any, drop_remainder: Any, dtypes: list[str]) -> Dataset:
    size = int(batch_size)
    if size < 1:
        raise ValueError(f"batch_size is {size}")

    def elements() -> Iterator[Element]:
        walk = _dataset(input_dataset).elements()
        while rows := list(itertools.islice(walk, size)):
            if len(rows) < size and bool(drop_remainder):
                return
            columns = zip(*rows, strict=True)
            yield [stacked(column, dtype, column[0].shape) for column, dtype in zip(columns, dtypes, strict=True)]

    return Dataset(elements)


@host_op("BatchDataset")
def batch_dataset(input_dataset, batch_size, *, output_types, output_shapes, metadata=""):
    """Each batch_size elements stacked; the last batch may be smaller."""
    return _batched(input_dataset, batch_size, False, output_types)


@host_op("BatchDatasetV2")
def batch_dataset_v2(
    input_dataset, batch_size, drop_remainder, *, output_types, output_shapes, parallel_copy=False, metadata=""
):
    """Each batch_size elements stacked."""
    return _batched(input_dataset, batch_size, drop_remainder, output_types)


@host_op("ParallelBatchDataset")
def parallel_batch_dataset(
    input_dataset, batch_size, num_parallel_calls, drop_remainder, *, output_types, output_shapes,
    parallel_copy=False, deterministic="default", metadata="",
):  # fmt: skip
    """Each batch_size elements stacked."""
    return _batched(input_dataset, batch_size, drop_remainder, output_types)


@host_op("UnbatchDataset")
def unbatch_dataset(input_dataset, *, output_types, output_shapes, metadata=""):
    """The rows of each element."""

    def elements() -> Iterator[Element]:
        for element in _dataset(input_dataset).elements():
            yield from ([row(component, i) for component in element] for i in range(element[0].shape[0]))

    return Dataset(elements)


@host_op("ZipDataset")
def zip_dataset(input_datasets, *, output_types, output_shapes, metadata=""):
    """The elements of several datasets side by side, as many as the shortest has."""

    def elements() -> Iterator[Element]:
        for parts in zip(*(_dataset(each).elements() for each in input_datasets), strict=False):
            yield [component for part in parts for component in part]

    return Dataset(elements)


@host_op("ConcatenateDataset")
def concatenate_dataset(input_dataset, another_dataset, *, output_types, output_shapes, metadata=""):
    """The elements of one dataset after those of another."""
    both = (input_dataset, another_dataset)
    return Dataset(lambda: itertools.chain.from_iterable(_dataset(each).elements() for each in both))


@host_op("TakeDataset")
def take_dataset(input_dataset, count, *, output_types, output_shapes, metadata=""):
    """The first elements; all of them if count is -1."""
    number = int(count) if int(count) >= 0 else None
    return Dataset(lambda: itertools.islice(_dataset(input_dataset).elements(), number))


@host_op("SkipDataset")
def skip_dataset(input_dataset, count, *, output_types, output_shapes, metadata=""):
    """All elements but the first; none if count is -1."""
    number = int(count)
    return Dataset(
        lambda: itertools.islice(_dataset(input_dataset).elements(), number, None) if number >= 0 else iter(())
    )


@host_op("RepeatDataset")
def repeat_dataset(input_dataset, count, *, output_types, output_shapes, metadata=""):
    """The elements again and again, count times; without end if it is -1."""
    number = int(count)

    def elements() -> Iterator[Element]:
        for _ in itertools.count() if number < 0 else range(number):
            found = False
            for element in _dataset(input_dataset).elements():
                found = True
                yield element
            if not found:
                return

    return Dataset(elements)


@host_op("PrefetchDataset")
def prefetch_dataset(
    input_dataset, buffer_size, *, output_types, output_shapes, slack_period=0, legacy_autotune=True,
    buffer_size_min=0, metadata="",
):  # fmt: skip
    """The same elements: nothing is fetched ahead."""
    return _dataset(input_dataset)


@host_op("OptionsDataset")
def options_dataset(input_dataset, *, serialized_options, output_types, output_shapes, metadata=""):
    """The same elements: options say how fast they come, and whether in this order."""
    return _dataset(input_dataset)


@host_op("RewriteDataset")
def rewrite_dataset(input_dataset, rewrite_name, *, output_types, output_shapes):
    """The same elements: what they are made by is rewritten for speed."""
    return _dataset(input_dataset)


@host_op("ReduceDataset")
def reduce_dataset(
    run, input_dataset, initial_state, other_arguments, *, f, Tstate, output_types, output_shapes,
    use_inter_op_parallelism=True, metadata="",
):  # fmt: skip
    """The last state: f makes the next one of a state and an element."""
    call, state = run.executable(f), list(initial_state)
    for element in _dataset(input_dataset).elements():
        state = call(run, [*state, *element, *other_arguments])
    return state


@host_op("DatasetToSingleElement")
def dataset_to_single_element(dataset, *, output_types, output_shapes, metadata=""):
    """The only element. Raises ValueError if there is none, or another."""
    found = list(itertools.islice(_dataset(dataset).elements(), 2))
    if len(found) != 1:
        raise ValueError(f"a dataset of one element was expected, but it has {'none' if not found else 'more'}")
    return found[0]
