"""What interventions show, as tables: each set carried over, each gate held, the weights of the circuit."""

import numpy as np

from lab.insight.found.analysis import Analysis
from lab.insight.found.automaton import SYMBOLS, Array
from lab.insight.found.holding import HOWS
from lab.insight.found.interchange import Interchange
from lab.insight.found.step import GATES

SETS_SHOWN = 15  # rows of the table
MOST = 6  # numbers of a set are written out up to so many
WEIGHTS_SHOWN = 60  # weights of a circuit are printed one by one up to so many
COLUMN, NARROW = 24, 19  # characters


def short(some: tuple[int, ...], of: int) -> str:
    """A set as a list of numbers; of a large one those that are not in it."""
    if max(MOST, of / 2) < len(some) < of:
        return f'all but {", ".join(str(k) for k in range(of) if k not in some)}'
    return f'all {of}' if MOST < len(some) == of else ', '.join(map(str, some))


def carried(found: Interchange) -> list[str]:
    """How often the run goes on as the other one does, for each set and place; in brackets how often as before."""
    some = [k for k, pairs in enumerate(found.pairs) if pairs]
    if not some:
        return ['Whatever n was, it goes on in the same way: nothing carries n.']
    names = ', '.join([found.kinds[0].replace(' with its hidden unit', 's with their hidden units')])
    kinds = names if names.endswith('s') else f'{names}s'
    lines = [f'{kinds.capitalize()} taken over from another run: how often it then goes on as that run (as before).']
    sets = shown_sets(found)
    names = [short(each, len(found.sets[-1])) for each in sets]
    width = max(map(len, names)) + 2
    heads = zip(*(str(found.places[k]).split(': ') for k in some), strict=True)
    lines += [' ' * width + ''.join(f'{name:>{NARROW}s}' for name in head) for head in heads]
    for name, each in zip(names, sets, strict=True):
        shares = (found.share(each, k) for k in some)
        cells = ''.join(f'{f"{follows:.0%} ({stays:.0%})":>{NARROW}s}' for follows, stays in shares)
        lines.append(f'{name:{width}s}{cells}')
    return lines


def shown_sets(found: Interchange) -> list[tuple[int, ...]]:
    """The sets of the table: all, or those that carry n, and those that do so most often."""
    if len(found.sets) <= SETS_SHOWN:
        return found.sets
    carriers = {found.carrier(k) for k in range(len(found.places)) if found.pairs[k]} - {None}
    rest = sorted(set(found.sets) - carriers, key=lambda each: -found.follows[0, found.sets.index(each)].max())
    shown = {*carriers, *rest[: SETS_SHOWN - len(carriers)]}
    return [each for each in found.sets if each in shown]


def held(found: Analysis) -> list[str]:
    """Each gate held while one symbol is read: how many sequences are right."""
    shown, classes = found.shown.holding, found.net.num_class
    heads = ''.join(f'{f"{SYMBOLS[k]}: mean  all    0    1":>{COLUMN}s}' for k in range(classes))
    lines = [
        f'How many of {shown.sequences} sequences with n up to {shown.most} are right with one gate held '
        'while a symbol is read: at its mean there, at its mean over all symbols, at 0, at 1.',
        f'gate   cell{heads}',
    ]
    for gate in GATES[:3]:
        for cell in range(found.net.hid):
            by_symbol = [shown.find(gate, cell, symbol) for symbol in range(classes)]
            cells = [''.join(f'{each[how].right:5.0%}' for how in HOWS) for each in by_symbol]
            lines.append(f'{gate:7s}{cell:4d}' + ''.join(f'{each:>{COLUMN}s}' for each in cells))
    return lines


def circuit(found: Analysis) -> list[str]:
    """The weights of the circuit, by what they lead to."""
    each, given = found.shown.circuit, found.net.parameters
    if each.recurrent.sum() + each.output.sum() > WEIGHTS_SHOWN:
        return ['It has too many weights to print them one by one.']
    lines = []
    targets = [f'output {SYMBOLS[k]}' for k in range(found.net.num_class)]
    every = (each.recurrent, given['U'], inputs(found.net.hid, given['U'])), (each.output, given['V'], targets)
    for kept, weights, names in every:
        for name, column, some in zip(names, weights.T, kept.T, strict=True):
            said = ', '.join(f'{column[k]:+.2f} x unit {k}' for k in np.flatnonzero(some))
            lines += [f'{name}: {said}'] if said else []
    return lines


def inputs(hid: int, U: Array) -> list[str]:
    """What the recurrent weights lead to, in the order of their columns."""
    if U.shape[1] == hid:
        return [f'unit {k}' for k in range(hid)]
    return [
        f'{part} of cell {k}' for part in ('input gate', 'forget gate', 'new value', 'output gate') for k in range(hid)
    ]
