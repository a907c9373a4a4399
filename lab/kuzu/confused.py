"""Which classes a network of Part 1 confuses, and the images that show it."""

import numpy as np

EXAMPLES = 4  # true images of each class of a confused pair
MISTAKES = 8  # real mistakes shown of each pair


def confused_pairs(confusion: np.ndarray, most: int = 5) -> list[tuple[int, int, int]]:
    """The pairs (target, chosen, count) that are confused most often, the most frequent first, at most `most`."""
    wrong = confusion.astype(int) * (1 - np.eye(len(confusion), dtype=int))
    order = np.argsort(-wrong, axis=None, kind='stable')[:most]
    pairs = [divmod(int(cell), len(wrong)) for cell in order]
    return [(target, chosen, int(wrong[target, chosen])) for target, chosen in pairs if wrong[target, chosen]]


def shown(images: np.ndarray, labels: np.ndarray, chosen: np.ndarray, pairs) -> list[list[np.ndarray]]:
    """For each of the pairs three arrays of images: right ones of both classes, and those taken for the other class.

    images (N, 28, 28), labels (N,) and chosen (N,) are arrays. pairs: see confused_pairs().
    """
    return [
        [
            images[np.flatnonzero((labels == label) & (chosen == choice))[:most]]
            for most, label, choice in ((EXAMPLES, target, target), (EXAMPLES, taken, taken), (MISTAKES, target, taken))
        ]
        for target, taken, _ in pairs
    ]
