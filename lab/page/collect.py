"""Finds or trains the networks of all parts, and collects what the page says of them."""

from collections.abc import Callable
from typing import Any

from lab.common import cli
from lab.common.children import Command, run_commands
from lab.common.errors import UserError, note
from lab.common.run import Interrupt
from lab.page.commands import Options


def parts(wanted: list[int], options: Options, seed: int, stop: Interrupt) -> dict[str, dict]:
    """What the page says of the parts 1, 2 or 3, by the name of their wing; {} after Ctrl-C.

    seed: of all that is trained anew, and of the analysis. Raises UserError as the rooms of the parts do.
    """
    data = None
    places: dict[str, tuple[str, Any]] = {}
    reads: dict[str, Callable[[str], Any]] = {}
    if 1 in wanted:
        from lab.kuzu.data import load
        from lab.page import kuzu

        data = load(options.dataset, options.data_path, cli.device(False))
        for kind in reversed(kuzu.NAMES):  # the slowest first
            places[kind] = kuzu.find_trained(kind, options, data, seed)
            reads[kind] = lambda folder, kind=kind: kuzu.read_trained(kind, options, data, folder)
    if 3 in wanted:
        from lab.page import checkpoints, seq

        tasks = checkpoints.tasks()
        wanted = [part for part in wanted if part != 3 or tasks]
        for task in tasks:
            places[task.stem] = checkpoints.find_trained(task, options, seed)
            reads[task.stem] = lambda folder, task=task: checkpoints.read_trained(task, options, folder)
    found = train(places, reads, stop)
    if stop:
        return {}
    described = {}
    if 1 in wanted:
        note('Part 1: images and numbers')
        described['kuzu'] = kuzu.describe([found[kind] for kind in kuzu.NAMES], data, options)
    if 2 in wanted and not stop:
        from lab.page import check

        note('Part 2: training and numbers')
        try:
            described['check'] = check.describe(*check.make(options, seed, stop))
        except check.LeftOut as reason:
            note(f'Part 2 is left out: {reason}')
    if 3 in wanted and not stop:
        note('Part 3: what the networks do')
        described['seq'] = seq.describe([found[task.stem] for task in tasks], seed, stop)
    if not described and not stop:
        raise UserError('there is nothing to show: the page knows the networks of the lab')
    return {} if stop else described


def train(
    places: dict[str, tuple[str, Any]], reads: dict[str, Callable[[str], Any]], stop: Interrupt
) -> dict[str, Any]:
    """Run the commands that are still to run. Returns all networks by name, as they are read from their folders."""
    run_commands([found for _, found in places.values() if isinstance(found, Command)], stop)
    if stop:
        return {}
    networks = {}
    for name, (folder, found) in places.items():
        networks[name] = reads[name](folder) if isinstance(found, Command) else found
        if networks[name] is None or isinstance(networks[name], Command):
            raise UserError(f'{found} has not left the files of {name} in {folder}')
    return networks
