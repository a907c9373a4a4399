"""Free places on a page: how much is drawn where, and where a text covers least."""

import numpy as np

from lab.insight.found.automaton import Array

CELL = 0.05  # of the grid in which ink is kept, in units of the page
OFF = 1e6  # what it costs to leave the page
AROUND = np.column_stack([np.cos(np.arange(24) * np.pi / 12), np.sin(np.arange(24) * np.pi / 12)])  # directions


class Ink:
    """The ink on a page from low (2,) to high (2,)."""

    def __init__(self, low: Array, high: Array):
        self.low, self.high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
        self.grid = np.zeros(np.ceil((self.high - self.low) / CELL).astype(int) + 1)

    def _cells(self, points: Array) -> Array:
        return np.floor((points - self.low) / CELL).astype(int)

    def dots(self, points: Array, weight: float):
        """Add ink at points (N, 2); points off the page are left out."""
        cells = self._cells(points)
        inside = ((cells >= 0) & (cells < self.grid.shape)).all(axis=1)
        np.maximum.at(self.grid, tuple(cells[inside].T), weight)

    def box(self, middle: Array, size: Array, weight: float):
        """Add ink in a box of this size."""
        low, high = self._cells(np.array([middle - np.asarray(size) / 2, middle + np.asarray(size) / 2]))
        (x, y), (to_x, to_y) = np.maximum(low, 0), np.maximum(high + 1, 0)
        self.grid[x:to_x, y:to_y] = np.maximum(self.grid[x:to_x, y:to_y], weight)

    def on(self, points: Array) -> Array:
        """The ink at points (N, 2); OFF where they are off the page."""
        cells = self._cells(points)
        inside = ((cells >= 0) & (cells < self.grid.shape)).all(axis=1)
        ink = np.full(len(points), OFF)
        ink[inside] = self.grid[tuple(cells[inside].T)]
        return ink

    def under(self, middles: Array, size: Array) -> Array:
        """The ink under a box of this size around each of the middles (N, 2); OFF where it leaves the page."""
        half = np.asarray(size) / 2
        low, high = self._cells(middles - half), self._cells(middles + half) + 1
        off = ((low < 0) | (high > self.grid.shape)).any(axis=1)
        boxes = zip(low, high, off, strict=True)
        return np.array([OFF if out else self.grid[x:to_x, y:to_y].sum() for (x, y), (to_x, to_y), out in boxes])
