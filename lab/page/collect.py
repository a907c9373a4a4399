"""Finds or trains the networks of all parts, and collects what the page says of them."""

from lab.common import cli
from lab.common.children import Command, run_commands
from lab.common.errors import UserError, note
from lab.common.run import Interrupt
from lab.page.commands import Options, Place


def parts(wanted: list[int], options: Options, seed: int, stop: Interrupt) -> dict[str, dict]:
    """What the page says of the parts 1, 2 or 3, by their names kuzu, check and seq; {} after Ctrl-C.

    seed: of all that is trained anew, and of the analysis. Raises UserError where a network cannot be had.
    """
    places: dict[str, Place] = {}
    if 1 in wanted:
        from lab.kuzu.data import load
        from lab.page import kuzu

        device = cli.device(False)
        kinds = kuzu.written(device)
        data = load(options.dataset, options.data_path, device)
        for kind in reversed(kinds):  # the slowest first
            places[kind] = kuzu.find_trained(kind, options, data, seed)
    if 3 in wanted:
        from lab.page import checkpoints, seq

        tasks = checkpoints.tasks()
        wanted = [part for part in wanted if part != 3 or tasks]
        for task in tasks:
            places[task.stem] = checkpoints.find_trained(task, options, seed)
    run_commands([place.found for place in places.values() if isinstance(place.found, Command)], stop)
    if stop:
        return {}
    found = {name: place.network(name) for name, place in places.items()}
    described = {}
    if 1 in wanted:
        note('Part 1: images and numbers')
        described['kuzu'] = kuzu.describe([found[kind] for kind in kinds], data, options)
    if 2 in wanted and not stop:
        from lab.page import check

        note('Part 2: training and numbers')
        made = check.make(seed, stop)
        if made:
            described['check'] = check.describe(*made)
    if 3 in wanted and not stop:
        note('Part 3: what the networks do')
        described['seq'] = seq.describe([found[task.stem] for task in tasks], stop)
    if not described and not stop:
        raise UserError('there is nothing to show: the page knows the networks of the lab')
    return {} if stop else described
