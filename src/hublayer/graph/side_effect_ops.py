"""TensorFlow ops that reach beyond the model: files, processes, sockets, Python.

The lists follow the op registry of TensorFlow 2.21.
"""

from __future__ import annotations

from typing import Any

# Ops that read the files named by these inputs (by position). Where such a name is an asset of the model, the op
# reads what the model brought along, and is no side effect.
FILE_READERS: dict[str, tuple[int, ...]] = {
    "ReadFile": (0,),
    "InitializeTableFromTextFile": (1,),
    "InitializeTableFromTextFileV2": (1,),
    "TextLineDataset": (0,),
    "TFRecordDataset": (0,),
    "TFRecordDatasetV2": (0,),
    "FixedLengthRecordDataset": (0,),
    "FixedLengthRecordDatasetV2": (0,),
    "CSVDataset": (0,),
    "CSVDatasetV2": (0,),
    "ExperimentalCSVDataset": (0,),
    "GenerateVocabRemapping": (0, 1),
    "InitializeTRTResource": (1,),
}

# Ops that restore variables from a checkpoint: allowed from the model's own, at load.
CHECKPOINT_READERS = frozenset({"Restore", "RestoreSlice", "RestoreV2", "DTensorRestoreV2"})

_READS_FILES = frozenset(
    {
        *CHECKPOINT_READERS,
        "ExperimentalLMDBDataset",
        "ExperimentalMatchingFilesDataset",
        "ExperimentalSqlDataset",
        "FixedLengthRecordReader",
        "FixedLengthRecordReaderV2",
        "ImmutableConst",
        "LMDBDataset",
        "LMDBReader",
        "ListSnapshotChunksDataset",
        "LoadAndRemapMatrix",
        "LoadDataset",
        "MatchingFiles",
        "MatchingFilesDataset",
        "ReaderRead",
        "ReaderReadUpTo",
        "ReaderReadUpToV2",
        "ReaderReadV2",
        "RecordInput",
        "Skipgram",
        "SnapshotChunkDataset",
        "SnapshotDatasetReader",
        "SnapshotNestedDatasetReader",
        "SqlDataset",
        "TFRecordReader",
        "TFRecordReaderV2",
        "TextLineReader",
        "TextLineReaderV2",
        "WholeFileReader",
        "WholeFileReaderV2",
    }
)
_WRITES_FILES = frozenset(
    {
        "CalibrationStatisticsSaver",
        "CreateSummaryDbWriter",
        "CreateSummaryFileWriter",
        "DatasetToTFRecord",
        "DistributedSave",
        "DumpTensor",
        "ExperimentalDatasetToTFRecord",
        "FileSystemSetConfiguration",
        "MergeV2Checkpoints",
        "Save",
        "SaveDataset",
        "SaveDatasetV2",
        "SaveSlices",
        "SaveV2",
        "SnapshotDataset",
        "SnapshotDatasetV2",
        "WriteFile",
    }
)
_RUNS_PYTHON = frozenset({"EagerPyFunc", "GeneratorDataset", "PyFunc", "PyFuncStateless"})
_PROCESSES = frozenset(
    {
        "Abort",
        "DatasetFromGraph",
        "DebugIdentity",
        "DebugIdentityV2",
        "DebugIdentityV3",
        "DebugNanCount",
        "DebugNumericSummary",
        "DebugNumericSummaryV2",
        "RemoteFusedGraphExecute",
    }
)
_SOCKETS = frozenset(
    {
        "BigQueryReader",
        "ConfigureAndInitializeGlobalTPU",
        "ConfigureDistributedTPU",
        "DataServiceDataset",
        "DataServiceDatasetV2",
        "DataServiceDatasetV3",
        "DataServiceDatasetV4",
        "GcsConfigureBlockCache",
        "GcsConfigureCredentials",
        "RegisterDataset",
        "RegisterDatasetV2",
        "RemoteCall",
        "RpcCall",
        "RpcClient",
        "RpcServer",
        "RpcServerRegister",
        "RpcServerStart",
    }
)

_KINDS = {
    **dict.fromkeys(FILE_READERS, "reads files that are not the model's assets"),
    **dict.fromkeys(_READS_FILES, "reads files"),
    **dict.fromkeys(_WRITES_FILES, "writes files"),
    **dict.fromkeys(_RUNS_PYTHON, "runs Python"),
    **dict.fromkeys(_PROCESSES, "reaches into or ends the process"),
    **dict.fromkeys(_SOCKETS, "opens a connection"),
}

# StableHLO custom calls that jax2tf writes for host callbacks carry one of these target names.
_PYTHON_CALLBACKS = (b"xla_python_", b"xla_ffi_python_", b"xla_ffi_partitioned_python_", b"CallbackTo")
_IN_MEMORY_CACHE = frozenset({"CacheDataset", "CacheDatasetV2"})
_PROTO_OPS = frozenset({"DecodeProtoV2", "EncodeProto"})


def side_effect(node: Any, constant_input: Any) -> str | None:
    """What `node` does beyond the model, in words; None if nothing.

    constant_input: function of (node, index) that gives the bytes of a scalar string constant input, or None.
    """
    if node.op in _KINDS:
        return _KINDS[node.op]
    if node.op == "PrintV2" and node.attr["output_stream"].s.startswith(b"file:"):
        return "writes files"
    if node.op in _IN_MEMORY_CACHE and constant_input(node, 1) != b"":
        return "writes files"
    if node.op in _PROTO_OPS and node.attr["descriptor_source"].s not in (b"", b"local://"):
        return None if node.attr["descriptor_source"].s.startswith(b"bytes://") else "reads files"
    if node.op == "FixedUnigramCandidateSampler" and node.attr["vocab_file"].s:
        return "reads files"
    if node.op == "XlaCallModule" and any(target in node.attr["module"].s for target in _PYTHON_CALLBACKS):
        return "runs Python"
    return None
