"""CTCBeamSearchDecoder: the most probable labellings of a sequence, found with the best prefixes at each step.

Hannun and others, "First-Pass Large Vocabulary Continuous Speech Recognition", https://arxiv.org/abs/1408.2873; with
what TensorFlow's kernel does besides, as its results show: a prefix that others have pushed out of the beam is not
continued any more if the prefix that it continues is looked at before it.
"""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np

from hublayer.lowering.ctc import check_scores, sparse_labels
from hublayer.lowering.registry import Static, lowers


@lowers("CTCBeamSearchDecoder")
def ctc_beam_search_decoder(
    inputs: Static, sequence_length: Static, *, beam_width: int, top_paths: int, merge_repeated: bool = True
) -> list[np.ndarray]:
    """See `searched`."""
    return searched(inputs, sequence_length, beam_width, top_paths, merge_repeated)


def searched(inputs: Any, lengths: Any, beam_width: int, top_paths: int, merge_repeated: bool) -> list[np.ndarray]:
    """The labellings that are most probable, found with the `beam_width` best prefixes at each step.

    inputs: (steps, batch, classes), logits; the last class is the blank. lengths: int32, (batch,), steps of each
    sequence. merge_repeated: leave out, of a labelling, labels that are the one before.

    Returns the indices of `top_paths` sparse matrices of labels, their values, their shapes, and the logarithms of the
    probabilities, (batch, top_paths). Raises ValueError if fewer labellings were found.
    """
    check_scores(inputs, lengths)
    found = [_search(inputs[:length, row], beam_width, top_paths) for row, length in enumerate(lengths.tolist())]
    paths = [
        sparse_labels([_merged(row[i][0]) if merge_repeated else row[i][0] for row in found]) for i in range(top_paths)
    ]
    scores = np.array([[score for _, score in row] for row in found], inputs.dtype).reshape(len(found), top_paths)
    return [*(part for parts in zip(*paths, strict=True) for part in parts), scores]


def _merged(labels: list[int]) -> list[int]:
    return [label for i, label in enumerate(labels) if not i or label != labels[i - 1]]


class _Beam:
    """Prefixes, best first, and for each the logarithms of the probabilities of the paths that end in a blank (`blank`)
    and in its last label (`label`)."""

    def __init__(self, prefixes: list[tuple[int, ...]], blank: np.ndarray, label: np.ndarray):
        total = np.logaddexp(blank, label)
        order = np.argsort(-total, kind="stable")
        self.prefixes = [prefixes[i] for i in order.tolist()]
        self.blank, self.label, self.total = blank[order], label[order], total[order]

    def step(self, scores: np.ndarray, width: int) -> _Beam:
        """The beam after one more step. scores: (classes,), logarithms of probabilities, the blank's last."""
        classes = len(scores) - 1
        place = {prefix: number for number, prefix in enumerate(self.prefixes)}
        longer = self.total[:, None] + scores[:classes]
        ends = [(number, prefix[-1]) for prefix, number in place.items() if prefix]
        own, last = (np.array([end[i] for end in ends], np.int64) for i in (0, 1))
        longer[own, last] = self.blank[own] + scores[last]  # the same label again needs a blank between
        label = np.full_like(self.label, -np.inf)
        label[own] = self.label[own] + scores[last]
        for number, label_ in ends:
            parent = place.get(self.prefixes[number][:-1])
            if parent is not None:
                label[number] = np.logaddexp(label[number], longer[parent, label_])
        blank = self.total + scores[classes]
        new = self._grown(longer, place, np.logaddexp(blank, label), width)
        stay = [number for number, label_ in new if label_ is None]
        grown = [(number, label_) for number, label_ in new if label_ is not None]
        prefixes = [*(self.prefixes[i] for i in stay), *((*self.prefixes[i], label_) for i, label_ in grown)]
        added = np.array([longer[i, label_] for i, label_ in grown], blank.dtype)
        return _Beam(
            prefixes,
            np.concatenate([blank[stay], np.full(len(grown), -np.inf, blank.dtype)]),
            np.concatenate([label[stay], added]),
        )

    def _grown(
        self, longer: np.ndarray, place: dict[tuple[int, ...], int], total: np.ndarray, width: int
    ) -> list[tuple[int, int | None]]:
        """The new beam: (prefix, None) for one that stays, or (prefix, label) for one with one more label.

        longer: (prefixes, classes), of each longer prefix. total: of each prefix as it is.
        """
        beam: list[tuple[float, int, int, int | None]] = [(t, -i, i, None) for i, t in enumerate(total.tolist())]
        heapq.heapify(beam)
        out: set[int] = set()
        ended: set[int] = set()
        count = len(beam)
        for number, prefix in enumerate(self.prefixes):
            bottom = beam[0][0] if len(beam) >= width else -np.inf
            if number in ended or not self.total[number] > bottom:
                continue
            known = {
                label: child for label in range(longer.shape[1]) if (child := place.get((*prefix, label))) is not None
            }
            for label in sorted({*np.flatnonzero(longer[number] > bottom).tolist(), *known}):
                child, value = known.get(label), float(longer[number, label])
                if child is not None and child not in out:
                    continue
                full = len(beam) >= width
                if not value > (beam[0][0] if full else -np.inf):
                    if child is not None:
                        ended.add(child)
                    continue
                entry = (value, -count, number, label)
                count += 1
                _, _, gone, of_gone = heapq.heappushpop(beam, entry) if full else (0, 0, -1, 0)
                if not full:
                    heapq.heappush(beam, entry)
                elif of_gone is None:
                    out.add(gone)
        return [(number, label) for _, _, number, label in beam]


def _search(scores: np.ndarray, width: int, count: int) -> list[tuple[list[int], float]]:
    """The `count` best labellings of one sequence (steps, classes) and the logarithms of their probabilities."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    beam = _Beam([()], np.zeros(1, scores.dtype), np.full(1, -np.inf, scores.dtype))
    for step in shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)):
        beam = beam.step(step, width)
    if len(beam.prefixes) < count:
        raise ValueError(f"{count} paths were asked for, but the beam holds {len(beam.prefixes)}")
    return [(list(prefix), float(beam.total[i])) for i, prefix in enumerate(beam.prefixes[:count])]
