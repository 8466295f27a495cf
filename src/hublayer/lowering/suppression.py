"""Non-maximum suppression: boxes in the order of their scores, without those that overlap one already taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.shape import dtype_like, integers

_LEAST = np.array(np.finfo(np.float32).min)


def _corners(boxes: Any) -> tuple[Any, Any, Any, Any]:
    y1, x1, y2, x2 = (boxes[..., i] for i in range(4))
    return ops.minimum(y1, y2), ops.minimum(x1, x2), ops.maximum(y1, y2), ops.maximum(x1, x2)


def _overlap(boxes: Any, others: Any) -> Any:
    """Intersection over union, shapes broadcast; 0 for a box without area."""
    top, left, bottom, right = _corners(boxes)
    top_2, left_2, bottom_2, right_2 = _corners(others)
    area = ops.multiply(ops.subtract(bottom, top), ops.subtract(right, left))
    area_2 = ops.multiply(ops.subtract(bottom_2, top_2), ops.subtract(right_2, left_2))
    height = ops.maximum(ops.subtract(ops.minimum(bottom, bottom_2), ops.maximum(top, top_2)), 0)
    width = ops.maximum(ops.subtract(ops.minimum(right, right_2), ops.maximum(left, left_2)), 0)
    inner = ops.multiply(height, width)
    union = ops.subtract(ops.add(area, area_2), inner)
    none = ops.logical_or(ops.less_equal(area, 0), ops.less_equal(area_2, 0))
    return ops.where(none, ops.zeros_like(inner), ops.divide(inner, ops.where(none, ops.ones_like(union), union)))


def select(
    scores: Any, overlap_with: Callable[[Any], Any], limit: int, threshold: Any, least: Any, sigma: Any = None
) -> tuple[Any, Any, Any]:
    """Take the best box of each group until there are `limit`.

    scores: (..., n), n boxes of a group. overlap_with: for the positions (..., 1) of one box in each group, the
    overlaps (..., n) of all with it. A box that overlaps one already taken by more than `threshold` is dropped, and so
    is one whose score is not above `least`. sigma > 0: scores decay by exp(-overlap² / (2 sigma)) instead, whatever
    `threshold` is.

    Returns indices (..., limit) int32 and scores (..., limit), filled up with zeros, and counts (...) int32.
    """
    *groups, number = scores.shape
    positions, slots = np.arange(number, dtype=np.int32), np.arange(limit, dtype=np.int32)
    alive = ops.greater(scores, least)
    soft = None if sigma is None else ops.greater(sigma, 0)
    decay = None if sigma is None else ops.where(soft, ops.divide(-0.5, ops.where(soft, sigma, 1)), 0)

    def step(i: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
        scores, alive, indices, kept, count = state
        at = ops.cast(ops.argmax(ops.where(alive, scores, float("-inf")), axis=-1, keepdims=True), "int32")
        found = ops.any(alive, axis=-1, keepdims=True)
        here = ops.logical_and(ops.equal(slots, i), found)
        indices = ops.where(here, at, indices)
        kept = ops.where(here, ops.take_along_axis(scores, at, axis=-1), kept)
        overlap = overlap_with(at)
        stays = ops.less_equal(overlap, threshold)
        alive = ops.logical_and(alive, ops.not_equal(positions, at))
        if sigma is None:
            alive = ops.logical_and(alive, stays)
        else:
            weight = ops.exp(ops.multiply(decay, ops.square(overlap)))
            scores = ops.multiply(scores, weight)
            alive = ops.logical_and(alive, ops.logical_and(ops.logical_or(stays, soft), ops.greater(scores, least)))
        return scores, alive, indices, kept, ops.add(count, ops.cast(found[..., 0], "int32"))

    indices, kept = ops.zeros([*groups, limit], "int32"), ops.zeros([*groups, limit], dtype_like(scores))
    state = (scores, alive, indices, kept, ops.zeros(groups, "int32"))
    if min(limit, number):
        state = ops.fori_loop(0, min(limit, number), step, state)
    return state[2], state[3], state[4]


def _of_boxes(boxes: Any) -> Callable[[Any], Any]:
    return lambda at: _overlap(boxes, ops.take(boxes, at, axis=0))


def _cut(filled: Any, count: Any) -> Any:
    """The first `count` of what was selected."""
    try:
        return filled[: int(count)]
    except TypeError as error:  # JAX, compiled
        raise ValueError(
            "how many boxes are selected depends on the scores, which a compiled program does not know. Call the layer "
            "outside of compiled functions (for a Keras model around it: compile(..., run_eagerly=True))"
        ) from error


@lowers("NonMaxSuppression")
def non_max_suppression(boxes: Any, scores: Any, max_output_size: Static, *, iou_threshold: float = 0.5) -> Any:
    """The positions of the boxes taken."""
    return non_max_suppression_v3(boxes, scores, max_output_size, iou_threshold, _LEAST)


@lowers("NonMaxSuppressionV2")
def non_max_suppression_v2(boxes: Any, scores: Any, max_output_size: Static, iou_threshold: Any) -> Any:
    """The positions of the boxes taken."""
    return non_max_suppression_v3(boxes, scores, max_output_size, iou_threshold, _LEAST)


@lowers("NonMaxSuppressionV3")
def non_max_suppression_v3(
    boxes: Any, scores: Any, max_output_size: Static, iou_threshold: Any, score_threshold: Any
) -> Any:
    """The positions of the boxes taken, of those with scores above score_threshold."""
    indices, _, count = select(scores, _of_boxes(boxes), integers(max_output_size)[0], iou_threshold, score_threshold)
    return _cut(indices, count)


@lowers("NonMaxSuppressionWithOverlaps")
def non_max_suppression_with_overlaps(
    overlaps: Any, scores: Any, max_output_size: Static, overlap_threshold: Any, score_threshold: Any
) -> Any:
    """As NonMaxSuppressionV3, of boxes of which the overlaps are given."""

    def overlap_with(at: Any) -> Any:
        return ops.take(overlaps, at, axis=1)[:, 0]

    indices, _, count = select(scores, overlap_with, integers(max_output_size)[0], overlap_threshold, score_threshold)
    return _cut(indices, count)


@lowers("NonMaxSuppressionV4")
def non_max_suppression_v4(
    boxes: Any,
    scores: Any,
    max_output_size: Static,
    iou_threshold: Any,
    score_threshold: Any,
    *,
    pad_to_max_output_size: bool = False,
) -> tuple[Any, Any]:
    """The positions of the boxes taken, perhaps filled up with zeros, and how many they are."""
    limit = integers(max_output_size)[0]
    indices, _, count = select(scores, _of_boxes(boxes), limit, iou_threshold, score_threshold)
    return indices if pad_to_max_output_size else _cut(indices, count), count


@lowers("NonMaxSuppressionV5")
def non_max_suppression_v5(
    boxes: Any,
    scores: Any,
    max_output_size: Static,
    iou_threshold: Any,
    score_threshold: Any,
    soft_nms_sigma: Any,
    *,
    pad_to_max_output_size: bool = False,
) -> tuple[Any, Any, Any]:
    """As NonMaxSuppressionV4, with the scores, which decay by overlap if soft_nms_sigma is positive."""
    limit = integers(max_output_size)[0]
    indices, kept, count = select(scores, _of_boxes(boxes), limit, iou_threshold, score_threshold, soft_nms_sigma)
    if pad_to_max_output_size:
        return indices, kept, count
    return _cut(indices, count), _cut(kept, count), count


@lowers("CombinedNonMaxSuppression")
def combined_non_max_suppression(
    boxes: Any,
    scores: Any,
    max_output_size_per_class: Static,
    max_total_size: Static,
    iou_threshold: Any,
    score_threshold: Any,
    *,
    pad_per_class: bool = False,
    clip_boxes: bool = True,
) -> tuple[Any, Any, Any, Any]:
    """The best boxes of each example, suppressed class by class.

    boxes: (batch, n, classes or 1, 4). scores: (batch, n, classes).
    """
    batch, number, classes = scores.shape
    boxes, scores = ops.transpose(boxes, (0, 2, 1, 3)), ops.transpose(scores, (0, 2, 1))
    if boxes.shape[1] != classes:
        boxes = ops.broadcast_to(boxes, [batch, classes, number, 4])
    per_class, size = integers(max_output_size_per_class)[0], integers(max_total_size)[0]
    size = min(size, per_class * classes) if pad_per_class else size
    per_class = min(per_class, number)

    def taken(at: Any) -> Any:
        return ops.take_along_axis(boxes, ops.broadcast_to(ops.expand_dims(at, -1), [*at.shape, 4]), axis=2)

    indices, kept, counts = select(
        scores, lambda at: _overlap(boxes, taken(at)), per_class, iou_threshold, score_threshold
    )
    slots = np.arange(per_class, dtype=np.int32)
    ranked = ops.where(ops.less(slots, ops.expand_dims(counts, -1)), kept, float("-inf"))
    best = min(size, classes * per_class)
    ranked = ops.reshape(ranked, [batch, classes * per_class])
    at = ops.cast(ops.argsort(ops.negative(ranked), axis=-1)[:, :best], "int32")  # of equal scores the first
    top = ops.take_along_axis(ranked, at, axis=1)
    valid = ops.minimum(ops.sum(counts, axis=1), size)
    inside = ops.less(np.arange(best, dtype=np.int32), ops.expand_dims(valid, -1))
    chosen = ops.reshape(taken(indices), [batch, classes * per_class, 4])
    chosen = ops.take_along_axis(chosen, ops.broadcast_to(ops.expand_dims(at, -1), [batch, best, 4]), axis=1)
    chosen = ops.clip(chosen, 0, 1) if clip_boxes else chosen
    missing = [(0, 0), (0, size - best)]
    return (
        ops.pad(ops.where(ops.expand_dims(inside, -1), chosen, 0), [*missing, (0, 0)]),
        ops.pad(ops.where(inside, top, 0), missing),
        ops.pad(ops.where(inside, ops.cast(ops.floor_divide(at, per_class), dtype_like(scores)), 0), missing),
        ops.cast(valid, "int32"),
    )
