"""Puts the page together: templates, style sheet, scripts and data become one file that needs no other."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lab.page import charts

HERE = Path(__file__).parent
SCRIPTS = {
    'kuzu': ['compute/ink.js', 'compute/readers.js', 'kuzu.js', 'inside.js', 'draw.js'],
    'check': ['check.js'], 'seq': ['space.js', 'net.js', 'seq.js'],
}


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
    scripts = ['page.js', *(script for part in parts for script in SCRIPTS[part])]
    return jinja.get_template('page.html').render(
        parts=parts,
        command=command,
        views={part: content['view'] for part, content in parts.items()},
        style=Markup(_static('page.css')),
        script=Markup('\n'.join(map(_static, scripts))),
    )


def _static(name: str) -> str:
    return (HERE / 'static' / name).read_text(encoding='utf-8')
