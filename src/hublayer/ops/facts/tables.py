"""Lookup tables, and the models of tokenizers, which are resources too."""

from hublayer.ops.traits import Facts, State, Trait

_READ = Facts(state=State.TABLE)  # makes a table, or reads one
_WRITE = Facts(Trait.WRITES, State.TABLE)
_MODEL = Facts(state=State.MODEL)

ROWS = {
    "AnonymousHashTable": _READ,
    "AnonymousMutableDenseHashTable": _READ,
    "AnonymousMutableHashTable": _READ,
    "AnonymousMutableHashTableOfTensors": _READ,
    "HashTable": _READ,
    "HashTableV2": _READ,
    "InitializeTable": _WRITE,
    "InitializeTableFromDataset": _WRITE,
    "InitializeTableFromTextFile": _WRITE,
    "InitializeTableFromTextFileV2": _WRITE,
    "InitializeTableV2": _WRITE,
    "LookupTableExport": _READ,
    "LookupTableExportV2": _READ,
    "LookupTableFind": _READ,
    "LookupTableFindV2": _READ,
    "LookupTableImport": _WRITE,
    "LookupTableImportV2": _WRITE,
    "LookupTableInsert": _WRITE,
    "LookupTableInsertV2": _WRITE,
    "LookupTableRemoveV2": _WRITE,
    "LookupTableSize": _READ,
    "LookupTableSizeV2": _READ,
    "MutableDenseHashTable": _READ,
    "MutableDenseHashTableV2": _READ,
    "MutableHashTable": _READ,
    "MutableHashTableOfTensors": _READ,
    "MutableHashTableOfTensorsV2": _READ,
    "MutableHashTableV2": _READ,
    "SentencepieceDetokenizeOp": _MODEL,
    "SentencepieceIdToStringOp": _MODEL,
    "SentencepieceOp": _MODEL,
    "SentencepieceStringToIdOp": _MODEL,
    "SentencepieceTokenizeOp": _MODEL,
    "SentencepieceTokenizeWithOffsetsOp": _MODEL,
    "SentencepieceVocabSizeOp": _MODEL,
    "WordpieceTokenizeWithOffsets": Facts(state=State.TABLE),
}
