"""Strokes along a character: an image is thinned until its lines are one pixel wide, and these are followed."""

import numpy as np

AROUND = [(-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)]  # down and right, in a circle


def thin(ink: np.ndarray) -> np.ndarray:
    """The skeleton of a mask (H, W), by the method of Zhang and Suen (1984)."""
    mask, gone = np.pad(ink.astype(np.uint8), 1), True
    while np.any(gone):
        for pairs in ((0, 2, 4), (2, 4, 6)), ((0, 2, 6), (0, 4, 6)):
            near = [np.roll(mask, (-down, -right), (0, 1)) for down, right in AROUND]
            edge = [near[a] * near[b] * near[c] == 0 for a, b, c in pairs]
            rises = sum((near[k] == 0) & (near[(k + 1) % 8] == 1) for k in range(8))
            gone = (mask == 1) & (sum(near) >= 2) & (sum(near) <= 6) & (rises == 1) & edge[0] & edge[1]
            mask[gone] = 0
    return mask[1:-1, 1:-1] == 1


def strokes(ink: np.ndarray) -> list[list[tuple[float, float]]]:
    """Lines through the middle of what is written: for each stroke its points (x, y), from 0 to 1."""
    left = {(row, column) for row, column in np.argwhere(thin(ink)).tolist()}
    every, found = set(left), []
    while left:
        ends = [place for place in left if len(_near(place, left)) == 1]
        here, line, way = min(ends or left), [], None
        joins = _near(here, every - left)
        line += joins[:1]  # it begins at a stroke that is there
        while here:
            line.append(here)
            left.discard(here)
            then = _near(here, left)
            if way:  # as straight on as can be
                then.sort(key=lambda place: -_along(here, place, way))
            way = (then[0][0] - here[0], then[0][1] - here[1]) if then else None
            last, here = here, then[0] if then else None
        line += [place for place in _near(last, every) if place not in line[-3:]][:1]
        found.append([((column + 0.5) / ink.shape[1], (row + 0.5) / ink.shape[0]) for row, column in line])
    return found


def _near(place: tuple, among: set) -> list[tuple]:
    return [
        (place[0] + down, place[1] + right) for down, right in AROUND if (place[0] + down, place[1] + right) in among
    ]


def _along(here: tuple, place: tuple, way: tuple) -> float:
    down, right = place[0] - here[0], place[1] - here[1]
    return (down * way[0] + right * way[1]) / np.hypot(down, right)
