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


class Place(NamedTuple):
    """Where a network's files are, or will be."""

    folder: str
    found: Any  # the network, or the Command that trains it
    look: Callable[[str], Any]  # see search()

    def network(self, name: str) -> Any:
        """The network, after the Command has run. Raises UserError where it has not left the files, as by exit()."""
        if not isinstance(self.found, Command):
            return self.found
        network = self.look(self.folder)
        if network is None or isinstance(network, Command):
            raise UserError(f'{self.found} has not left the files of {name} in {self.folder}')
        return network


def search(out_path: str, look: Callable[[str], Any], train: Callable[[str], Command]) -> Place:
    """The folder that has a network's files, with look(folder); or a free folder for it, with train(folder).

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
            return Place(folder, found, look)
        free = folder
    return Place(free, train(free), look)
