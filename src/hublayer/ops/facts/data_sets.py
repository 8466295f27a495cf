"""Datasets in graphs: values that describe what a walk over them gives. Those that apply functions call them then."""

from hublayer.ops.traits import Facts, State, Trait

_VALUE = Facts()
_APPLIES = Facts(Trait.CALLS, State.CALLED)

ROWS = {
    "DatasetToSingleElement": _APPLIES,  # walks over the dataset
    "FilterDataset": _APPLIES,
    "FlatMapDataset": _APPLIES,
    "MapDataset": _APPLIES,
    "ParallelMapDataset": _APPLIES,
    "ParallelMapDatasetV2": _APPLIES,
    "RangeDataset": _VALUE,
    "ReduceDataset": _APPLIES,
    "ScanDataset": _APPLIES,
    "TakeWhileDataset": _APPLIES,
    "TensorDataset": _VALUE,
    "TensorSliceDataset": _VALUE,
}
