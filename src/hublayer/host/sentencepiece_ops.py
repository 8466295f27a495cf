"""SentencePiece models in the graph: tokenising, detokenising and looking up with the `sentencepiece` library."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import chain, pairwise
from typing import Any

import numpy as np
import sentencepiece
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from hublayer.host.elements import splits_of
from hublayer.host.execute import HostRun
from hublayer.host.registry import host_op
from hublayer.host.row_splits import check_splits
from hublayer.host.string_tensor import StringTensor
from hublayer.host.strings_join import as_bytes
from hublayer.savedmodel.tensors import constant_dtype

# From so many texts on, threads are worth their start.
_THREADS_FROM = 8


@cache
def _messages() -> tuple[Any, Any]:
    """The messages SentencePieceText and NBestSentencePieceText, as far as they are read. Pieces may be no UTF-8."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="hublayer/sentencepiece_text.proto", package="hublayer.sentencepiece"
    )
    piece = file.message_type.add(name="Piece")
    piece.field.add(name="piece", number=1, type=field.TYPE_BYTES, label=field.LABEL_OPTIONAL)
    for number, name in ((2, "id"), (4, "begin"), (5, "end")):
        piece.field.add(name=name, number=number, type=field.TYPE_UINT32, label=field.LABEL_OPTIONAL)
    for name, member, number in (("Text", "Piece", 2), ("NBest", "Text", 1)):
        message = file.message_type.add(name=name)
        message.field.add(
            name="items",
            number=number,
            type=field.TYPE_MESSAGE,
            label=field.LABEL_REPEATED,
            type_name=f".hublayer.sentencepiece.{member}",
        )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file) if hasattr(pool, "Add") else pool.AddSerializedFile(file.SerializeToString())
    found = [pool.FindMessageTypeByName(f"hublayer.sentencepiece.{name}") for name in ("Text", "NBest")]
    return message_factory.GetMessageClass(found[0]), message_factory.GetMessageClass(found[1])


# (piece, id, begin, end), the offsets in bytes of the text.
_Token = tuple[bytes, int, int, int]


class SentencepieceModel:
    """A SentencePiece model. Raises ValueError for bytes that are none."""

    def __init__(self, serialized: bytes):
        if not serialized:
            raise ValueError("the op has an empty SentencePiece model")
        try:
            self._processor: Any = sentencepiece.SentencePieceProcessor(model_proto=serialized)
        except (RuntimeError, OSError) as error:
            raise ValueError(
                f"the op's SentencePiece model of {len(serialized)} bytes is broken: {error}. Fetch the model again."
            ) from None

    def __len__(self) -> int:
        return self._processor.get_piece_size()

    def ids(self, texts: list[bytes]) -> list[list[int]]:
        """The ids of each text's best pieces."""
        return self._processor.encode(texts, out_type=int, num_threads=-1 if len(texts) >= _THREADS_FROM else 1)

    def tokens(self, texts: list[bytes]) -> list[list[_Token]]:
        """The best pieces of each text."""
        threads = -1 if len(texts) >= _THREADS_FROM else 1
        found = self._processor.encode(texts, out_type="serialized_proto", num_threads=threads)
        return [_tokens(_messages()[0].FromString(text)) for text in found]

    def sampled(self, text: bytes, nbest_size: int, alpha: float) -> list[_Token]:
        """Pieces of a text drawn from its `nbest_size` best ways, or from all of them if it is negative."""
        found = self._processor.encode(
            text, out_type="serialized_proto", enable_sampling=True, nbest_size=nbest_size, alpha=alpha
        )
        return _tokens(_messages()[0].FromString(found))

    def best(self, text: bytes, count: int) -> list[list[_Token]]:
        """The `count` best ways to cut a text, best first. Raises ValueError if the model cannot tell them."""
        try:
            found = self._processor.nbest_encode(text, nbest_size=count, out_type="serialized_proto")
        except RuntimeError as error:
            raise ValueError(f"this SentencePiece model has no n-best results: {error}") from None
        return [_tokens(one) for one in _messages()[1].FromString(found).items]

    def extras(self, add_bos: bool, add_eos: bool) -> tuple[list[_Token], list[_Token]]:
        """What stands before and behind the pieces. Raises ValueError for a symbol that the model does not have."""
        sides: list[list[_Token]] = []
        for name, wanted in (("bos", add_bos), ("eos", add_eos)):
            id_ = getattr(self._processor, f"{name}_id")() if wanted else None
            if id_ is not None and id_ < 0:
                raise ValueError(f"add_{name} is set, but the SentencePiece model has no {name} symbol")
            sides.append([] if id_ is None else [(self.piece(id_), id_, 0, 0)])
        return sides[0], sides[1]

    def piece(self, id_: int) -> bytes:
        """The piece with an id. Raises ValueError if there is none."""
        if not 0 <= id_ < len(self):
            raise ValueError(f"there is no piece {id_}: the SentencePiece model has {len(self)}")
        return as_bytes(self._processor.id_to_piece(id_))

    def id_of(self, piece: bytes) -> int:
        """The id of a piece; that of the unknown piece if there is none."""
        return self._processor.piece_to_id(piece)

    def text(self, pieces: Sequence[Any]) -> bytes:
        """The text of ids or of pieces. Raises ValueError for an id that there is not."""
        if not pieces:
            return b""
        if isinstance(pieces[0], int):
            for id_ in pieces:
                if not 0 <= id_ < len(self):
                    raise ValueError(f"there is no piece {id_}: the SentencePiece model has {len(self)}")
            return as_bytes(self._processor.decode(list(pieces)))
        return as_bytes(self._processor.decode_pieces(list(pieces)))


def _tokens(text: Any) -> list[_Token]:
    return [(piece.piece, piece.id, piece.begin, piece.end) for piece in text.items]


_model = lru_cache(maxsize=8)(SentencepieceModel)


@host_op("SentencepieceOp")
def sentencepiece_op(
    run: HostRun, *, model="", container="", shared_name="", use_node_name_sharing=False, node_name=""
):
    """The model; its handle is the model itself. The same bytes give the same one, whatever it is called."""
    return run.prepared(model, lambda serialized: _model(as_bytes(serialized)))


def _checked(handle: Any) -> SentencepieceModel:
    if not isinstance(handle, SentencepieceModel):
        raise ValueError(f"the handle of a SentencePiece model was expected, but {type(handle).__name__} came")
    return handle


def _by_text(values: np.ndarray, count: int, name: str) -> list[Any]:
    """A scalar, or one for each text, as a list with one for each."""
    if values.ndim == 0:
        return [values.item()] * count
    if values.shape != (count,):
        raise ValueError(f"{name} is a scalar or has one value for each of {count} texts, not shape {values.shape}")
    return values.tolist()


def _encode(
    handle: Any, input: StringTensor, nbest_size: Any, alpha: Any, options: tuple[Any, Any, Any], return_nbest: bool
) -> list[list[_Token]]:
    model, texts = _checked(handle), input.to_list()
    if return_nbest:
        if nbest_size.ndim or nbest_size < 1:
            raise ValueError(f"with return_nbest, nbest_size is a scalar of at least 1, not {nbest_size.tolist()}")
        rows = [best for text in texts for best in model.best(text, int(nbest_size))]
    else:
        sizes, alphas = _by_text(nbest_size, len(texts), "nbest_size"), _by_text(alpha, len(texts), "alpha")
        if any(size not in (0, 1) for size in sizes):
            rows = [
                model.tokens([text])[0] if size in (0, 1) else model.sampled(text, size, smoothing)
                for text, size, smoothing in zip(texts, sizes, alphas, strict=True)
            ]
        else:
            rows = model.tokens(texts)
    add_bos, add_eos, reverse = map(bool, options)
    before, behind = model.extras(add_bos, add_eos)
    rows = [before + row + behind for row in rows]
    return [row[::-1] for row in rows] if reverse else rows


def _outputs(rows: list[list[_Token]], out_type: str, splits_type: str) -> list[Any]:
    flat = list(chain.from_iterable(rows))
    splits = splits_of(np.array([len(row) for row in rows], np.int64)).astype(constant_dtype(splits_type))
    if out_type == "string":
        return [StringTensor.from_list([token[0] for token in flat]), splits, flat]
    return [np.array([token[1] for token in flat], np.int32), splits, flat]


@host_op("SentencepieceTokenizeOp")
def sentencepiece_tokenize_op(
    sp_handle,
    input,
    nbest_size,
    alpha,
    add_bos,
    add_eos,
    reverse,
    *,
    out_type="int32",
    Tsplits="int64",
    return_nbest=False,
):
    """Ids (int32) or pieces (string) of each text, and their row splits.

    nbest_size: 0 and 1 for the best pieces, more (or less than 0, for all ways) to draw; alpha: how evenly. The
    symbols that add_bos and add_eos put around the pieces are reversed with them.
    """
    plain = nbest_size.ndim == 0 and int(nbest_size) in (0, 1) and not return_nbest
    if plain and out_type == "int32" and not (add_bos or add_eos or reverse):
        rows = _checked(sp_handle).ids(input.to_list())
        splits = splits_of(np.fromiter(map(len, rows), np.int64, len(rows)))
        values = np.fromiter(chain.from_iterable(rows), np.int32, int(splits[-1]))
        return [values, splits.astype(constant_dtype(Tsplits))]
    rows = _encode(sp_handle, input, nbest_size, alpha, (add_bos, add_eos, reverse), return_nbest)
    return _outputs(rows, out_type, Tsplits)[:2]


@host_op("SentencepieceTokenizeWithOffsetsOp")
def sentencepiece_tokenize_with_offsets_op(
    sp_handle,
    input,
    nbest_size,
    alpha,
    add_bos,
    add_eos,
    reverse,
    *,
    out_type="int32",
    Tsplits="int64",
    return_nbest=False,
):
    """As SentencepieceTokenizeOp; also where each piece starts and ends in bytes of its text (int64)."""
    rows = _encode(sp_handle, input, nbest_size, alpha, (add_bos, add_eos, reverse), return_nbest)
    values, splits, flat = _outputs(rows, out_type, Tsplits)
    offsets = [np.array([token[place] for token in flat], np.int64) for place in (2, 3)]
    return [values, splits, *offsets]


@host_op("SentencepieceDetokenizeOp")
def sentencepiece_detokenize_op(sp_handle, input_values, input_splits, add_bos, add_eos, reverse):
    """The text of each row of ids or pieces, taken backwards with `reverse`. Added symbols have no text."""
    model = _checked(sp_handle)
    model.extras(bool(add_bos), bool(add_eos))
    splits = check_splits(input_splits, input_values.size)
    values = input_values.to_list() if isinstance(input_values, StringTensor) else input_values.tolist()
    step = -1 if reverse else 1
    rows = [values[start:end][::step] for start, end in pairwise(splits)]
    return StringTensor.from_list([model.text(row) for row in rows])


@host_op("SentencepieceVocabSizeOp")
def sentencepiece_vocab_size_op(sp_handle):
    """The number of pieces: int32, a scalar."""
    return np.asarray(len(_checked(sp_handle)), np.int32)


@host_op("SentencepieceIdToStringOp")
def sentencepiece_id_to_string_op(sp_handle, input):
    """The piece of each id. Raises ValueError for an id that there is not."""
    model = _checked(sp_handle)
    return StringTensor.from_list([model.piece(id_) for id_ in input.ravel().tolist()], input.shape)


@host_op("SentencepieceStringToIdOp")
def sentencepiece_string_to_id_op(sp_handle, input):
    """The id of each piece, that of the unknown piece for what is none: int32, of the input's shape."""
    model = _checked(sp_handle)
    ids = [model.id_of(piece) for piece in input.to_list()]
    return np.array(ids, np.int32).reshape(input.shape)
