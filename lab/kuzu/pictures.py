"""Pictures of what a network of Part 1 gets right and wrong: confusion matrix, mistakes, learning curve, sweep."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox

from lab.common import picture
from lab.kuzu.settings import EXAMPLES, MISTAKES

FRAME = 0.8  # points
RIGHT, WRONG = '#1a7f37', '#b42318'


def draw_confusion(path: str, title: str, classes: list[str], confusion: np.ndarray):
    """The matrix (10, 10) as a table of counts: right ones on a green diagonal; the more mistakes, the redder."""
    size = len(classes)
    share = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    diagonal = np.eye(size, dtype=bool)
    worst = max(share[~diagonal].max(), 1e-9)
    colours = np.ones((size, size, 3))
    colours[diagonal] -= share[diagonal, None] * np.array([0.45, 0.12, 0.42])
    colours[~diagonal] -= share[~diagonal, None] / worst * np.array([0.08, 0.5, 0.55])

    figure = picture.new(8, 8)
    axes = figure.add_axes((0.1, 0.04, 0.88, 0.82))
    axes.imshow(colours)
    for (row, column), count in np.ndenumerate(confusion):
        weight = 'bold' if row == column else 'normal'
        axes.text(column, row, f'{count:.0f}', ha='center', va='center', fontsize=12, weight=weight)
    axes.set_xticks(range(size), classes, fontsize=13)
    axes.set_yticks(range(size), classes, fontsize=13)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position('top')
    axes.tick_params(length=0)
    axes.set_xlabel('what the network chose', fontsize=12)
    axes.set_ylabel('what was written (target)', fontsize=12)
    figure.suptitle(title, fontsize=14)
    picture.save(figure, path)


def draw_mistakes(path: str, title: str, classes: list[str], pairs: list[tuple[int, int, int]], images: list):
    """A row for each confused pair: right examples of both classes, then images of the first taken for the second.

    pairs, images: see confused_pairs() and examples() in train.py.
    """
    width = 2 * EXAMPLES + MISTAKES + 2  # two empty columns between the three blocks
    figure = picture.new(0.66 * width + 0.3, 1.02 * max(len(pairs), 1) + 0.7)
    figure.suptitle(title, fontsize=13)
    if not pairs:
        figure.text(0.5, 0.4, 'no mistake was made', ha='center', fontsize=14)
        return picture.save(figure, path)
    top = 1 - 0.95 / figure.get_figheight()
    space = {'left': 0.01, 'right': 0.99, 'bottom': 0.02, 'top': top, 'hspace': 0.42, 'wspace': 0.06}
    grid = figure.add_gridspec(len(pairs), width, **space)
    axes = figure.add_axes((0, 0, 1, 1))  # in inches; eighty small images in axes of their own take most of a second
    axes.set(xlim=(0, figure.get_figwidth()), ylim=(0, figure.get_figheight()), aspect='equal')
    axes.axis('off')
    for row, (blocks, (target, taken, count)) in enumerate(zip(images, pairs, strict=True)):
        mistake = f'{classes[target]} taken for {classes[taken]}: {count} times'
        names = f'true {classes[target]}', f'true {classes[taken]}', mistake
        starts, colours = (0, EXAMPLES + 1, 2 * EXAMPLES + 2), (RIGHT, RIGHT, WRONG)
        for block, name, start, colour in zip(blocks, names, starts, colours, strict=True):
            for place, image in enumerate(block):
                cell = grid[row, start + place].get_position(figure)
                _tile(axes, cell, image, colour, name if place == 0 else '')
    picture.save(figure, path)


def _tile(axes: Axes, cell: Bbox, image: np.ndarray, colour: str, name: str):
    """An image as a square in the middle of a cell (in parts of the figure), with a frame, and a name above it."""
    width, height = axes.figure.get_size_inches()
    side = min(cell.width * width, cell.height * height)
    left = (cell.x0 + cell.x1) / 2 * width - side / 2
    low = (cell.y0 + cell.y1) / 2 * height - side / 2
    right, high = left + side, low + side
    shown = AxesImage(axes, cmap='gray_r', extent=(left, right, low, high), origin='upper')
    shown.set_data(image)
    axes.add_image(shown)
    axes.vlines([left, right], low, high, colour, linewidth=FRAME, capstyle='projecting')
    axes.hlines([low, high], left, right, colour, linewidth=FRAME, capstyle='projecting')
    if name:
        axes.annotate(name, (left, high), (0, 3), textcoords='offset points', fontsize=10, color=colour)


def draw_curve(path: str, title: str, history: list[list[float]]):
    """Loss and accuracy by epoch. history: rows of epoch, training loss, test loss, accuracy in percent."""
    epochs, train_loss, test_loss, accuracy = zip(*history, strict=True)
    figure = picture.new(10, 4.2)
    left, right = figure.subplots(1, 2)
    left.plot(epochs, train_loss, 'o-', label='training images, mean over the epoch')
    left.plot(epochs, test_loss, 's-', label='test images, after the epoch')
    left.set(xlabel='epoch', ylabel='loss (negative log-likelihood)')
    left.legend()
    right.plot(epochs, accuracy, 's-', color='tab:orange')
    right.set(xlabel='epoch', ylabel='test images recognised (%)', title=f'{accuracy[-1]:.2f}% after the last epoch')
    for axes in left, right:
        axes.grid(alpha=0.3)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.suptitle(title, fontsize=13)
    figure.tight_layout()
    picture.save(figure, path)


def draw_sweep(path: str, hidden: list[int], accuracy: list[float], mark: float):
    """Accuracy in percent against the number of hidden units, and the accuracy `mark` to reach as a line."""
    figure = picture.new(7, 4.5)
    axes = figure.subplots()
    axes.axhline(mark, color='tab:green', linestyle='--', label=f'{mark:.0f}%')
    axes.plot(hidden, accuracy, 'o-', label='test images recognised')
    for units, percent in zip(hidden, accuracy, strict=True):
        axes.annotate(f'{percent:.2f}', (units, percent), (0, 7), textcoords='offset points', ha='center', fontsize=9)
    axes.set_xscale('log', base=2)
    axes.set_xticks(hidden, [str(units) for units in hidden])
    axes.minorticks_off()
    axes.margins(0.08, 0.15)
    axes.set(xlabel='hidden units', ylabel='accuracy (%)')
    axes.set_title('Fully connected network: accuracy against hidden units')
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    picture.save(figure, path)
