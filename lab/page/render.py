"""Puts the page together: templates, style sheet, scripts and data become one file that needs no other."""

from collections.abc import Iterable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lab.page import charts

HERE = Path(__file__).parent
COMPUTE = {  # what computes, and touches no page: it also runs in a Web Worker
    'kuzu': ['ink.js', 'readers.js'],
    'check': ['random.js', 'perceptron.js', 'pth.js', 'worker.js'],
    'seq': ['random.js', 'recurrent.js', 'net.js', 'judge.js', 'pth.js', 'worker.js'],
}
SCRIPTS = {  # what draws
    'kuzu': ['kuzu.js', 'inside.js', 'draw.js'],
    'check': ['lines.js', 'check.js', 'check_train.js'],
    'seq': ['space.js', 'states.js', 'seq.js', 'seq_train.js'],
}
FIRST = 'page.js', 'save.js', 'share.js', 'curve.js'


def page(parts: dict[str, dict], command: str) -> str:
    """The page as one HTML document.

    parts: 'kuzu', 'check', 'seq', or some of them, with what describe() of these rooms returns. command: the one that
    makes the page.
    """
    jinja = Environment(
        loader=FileSystemLoader(HERE / 'templates'),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.policies['json.dumps_kwargs'] = {'allow_nan': False}  # Jinja2 sorts keys, unless told otherwise
    jinja.filters['thousands'] = lambda number: f'{number:,}'
    jinja.globals |= {'key': charts.key, 'shapes': charts.SHAPES}
    return jinja.get_template('page.html').render(
        parts=parts,
        command=command,
        views={part: content['view'] for part, content in parts.items()},
        style=Markup(_static('page.css')),
        compute=scripts('compute/', parts, COMPUTE),
        script=scripts('', parts, SCRIPTS, *FIRST),
    )


def scripts(folder: str, parts: Iterable[str], rooms: dict[str, list[str]], *first: str) -> Markup:
    """The rooms of these parts, each once, in the order of their lists."""
    names = dict.fromkeys([*first, *(name for part in parts for name in rooms[part])])
    return Markup('\n'.join(["'use strict';\n", *(_static(f'{folder}{name}') for name in names)]))


def _static(name: str) -> str:
    return (HERE / 'static' / name).read_text(encoding='utf-8')
