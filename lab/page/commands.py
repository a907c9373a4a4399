"""The commands of the page: where what they leave is looked for, and how they are typed."""

import os
from collections.abc import Callable
from typing import Any, NamedTuple

from lab.common.children import Command
from lab.common.errors import UserError, note


class Options(NamedTuple):
    """What the user has chosen. What is given here are the defaults of the lab's scripts."""

    seed: int | None = None
    dataset: str = 'kmnist'
    data_path: str = 'data'
    out_path: str = 'net'
    plot_path: str = 'plot'


def flags(**values: str) -> list[str]:
    """Flags of Options as they are typed, but those that have their default."""
    chosen = [(name, value) for name, value in values.items() if value != Options._field_defaults[name]]
    return [word for name, value in chosen for word in (f'--{name}', value)]


def search(out_path: str, look: Callable[[str], Any], train: Callable[[str], Command]) -> tuple[str, Any]:
    """The folder that has a network's files, and look(folder); or a free folder for it, and train(folder).

    A network may be in the lab's folder, or beside it, where files that are not the page's are in the way. look: what
    is in a folder, None if nothing is. Where it raises UserError the files are of another run: they are left alone, and
    a note says so. train: the command that trains the network.
    """
    free = beside = os.path.join(out_path, 'report')
    for folder in beside, out_path:
        try:
            found = look(folder)
        except UserError as error:
            note(f'not used: {error}')
            continue
        if found is not None:
            return folder, found
        free = folder
    return free, train(free)
