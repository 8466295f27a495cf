"""Resized and recoloured images: the host's kernels on the cases of the lowerings."""

from lowering.cases import colors, image

CASES = [*image.CASES, *colors.CASES]
