"""A detector as TensorFlow's object detection API exports them: how many boxes come out depends on the images."""

from pathlib import Path

import numpy as np
import tensorflow as tf

BOXES, CLASSES, MOST = 16, 3, 5


class Detector(tf.Module):
    """Boxes on a grid of 4 × 4 cells, with scores for three classes, and what suppression leaves of them."""

    def __init__(self):
        super().__init__()
        rng = np.random.default_rng(0)
        self.filters = tf.Variable(rng.normal(size=(8, 8, 3, 12)).astype("float32") / 8, name="filters")
        self.head = tf.Variable(rng.normal(size=(12, 4 + CLASSES)).astype("float32"), name="head")

    def _predicted(self, images):
        cells = tf.nn.relu(tf.nn.conv2d(images - 0.5, self.filters, 8, "VALID"))
        found = tf.reshape(tf.tensordot(cells, self.head, 1), [-1, BOXES, 4 + CLASSES])
        steps = tf.cast(tf.range(4), tf.float32) / 4
        corners = tf.reshape(tf.stack(tf.meshgrid(steps, steps, indexing="ij"), -1), [1, BOXES, 2])
        first = corners + 0.1 * tf.sigmoid(found[..., :2])
        boxes = tf.concat([first, first + 0.2 + 0.3 * tf.sigmoid(found[..., 2:4])], -1)
        return boxes, tf.sigmoid(found[..., 4:])

    @tf.function(input_signature=[tf.TensorSpec([None, 32, 32, 3], tf.float32, name="images")])
    def __call__(self, images):
        boxes, scores = self._predicted(images)

        def of_image(arguments):
            its_boxes, its_scores = arguments
            best, label = tf.reduce_max(its_scores, -1), tf.argmax(its_scores, -1, tf.int32)
            kept = tf.image.non_max_suppression(its_boxes, best, MOST, 0.3, 0.5)
            missing = MOST - tf.size(kept)
            return (
                tf.ensure_shape(tf.pad(tf.gather(its_boxes, kept), [[0, missing], [0, 0]]), [MOST, 4]),
                tf.ensure_shape(tf.pad(tf.gather(best, kept), [[0, missing]]), [MOST]),
                tf.ensure_shape(tf.pad(tf.gather(label, kept) + 1, [[0, missing]]), [MOST]),
                tf.cast(tf.size(kept), tf.float32),
            )

        dtypes = (tf.float32, tf.float32, tf.int32, tf.float32)
        found = tf.map_fn(of_image, (boxes, scores), fn_output_signature=dtypes)
        names = ("detection_boxes", "detection_scores", "detection_classes", "num_detections")
        return dict(zip(names, found, strict=True))

    @tf.function(input_signature=[tf.TensorSpec([None, 32, 32, 3], tf.float32, name="images")])
    def above(self, images):
        """Boxes with a score above a half, the images that they are in, and the classes that there are."""
        boxes, scores = self._predicted(images)
        best = tf.reduce_max(scores, -1)
        places = tf.where(best > 0.5)
        classes, numbers = tf.unique(tf.argmax(tf.gather_nd(scores, places), -1, tf.int32))
        return {"boxes": tf.boolean_mask(boxes, best > 0.5), "image": places[:, 0], "classes": classes, "of": numbers}

    @tf.function(input_signature=[tf.TensorSpec([None, 32, 32, 3], tf.float32, name="images")])
    def until_dark(self, images):
        """The mean of the images, halved until it is below a tenth: as many numbers as that takes."""
        means = tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=[])
        mean, step = tf.reduce_mean(images), tf.constant(0)
        while mean > 0.1:
            means = means.write(step, mean)
            mean, step = mean / 2, step + 1
        return means.stack()


def build(folder: Path) -> None:
    """Writes the SavedModel to `folder`."""
    module = Detector()
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.__call__})
