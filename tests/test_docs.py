"""What the documents say: commands are understood, every flag is in the README, every picture is there and small."""

import importlib
import os
import re
import shlex
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
README = (HOUSE / 'README.md').read_text()
PARTS = {'kuzu_main': '## Part 1', 'check_main': '## Part 2', 'seq_train': 'training', 'seq_plot': 'understanding'}
SMALL = 60_000  # bytes
PAGES = [HOUSE / 'README.md', *sorted((HOUSE / 'docs').glob('*.md'))]


def section(words: str) -> str:
    """The part of the README under the heading that holds these words."""
    return next(part for part in re.split(r'^(?=## )', README, flags=re.MULTILINE) if words in part.splitlines()[0])


@pytest.mark.parametrize('script, heading', PARTS.items())
def test_every_flag_is_in_the_readmes_table(script, heading, capsys):
    with pytest.raises(SystemExit):
        importlib.import_module(script).parse(['--help'])
    flags = set(re.findall(r'^  (--\w+)', capsys.readouterr().out, re.MULTILINE))
    rows = [line for line in section(heading).splitlines() if line.startswith('| `--')]
    assert flags and flags == set(re.findall(r'`(--\w+)`', ' '.join(row.split('|')[1] for row in rows)))


def test_pictures_of_the_readme_are_there_and_small():
    pictures = re.findall(r'!\[[^]]+\]\(([^)]+)\)', README)
    assert len(pictures) > 3
    assert all(0 < os.path.getsize(HOUSE / name) < SMALL for name in pictures)


def commands(*pages: Path) -> list[list[str]]:
    """Each command line of these pages that runs a script, in words."""
    text = '\n'.join(page.read_text() for page in pages)
    lines = re.findall(r'^(?:    )?python3 (\w+\.py.*)$', text, re.MULTILINE)
    return [shlex.split(line, comments=True) for line in dict.fromkeys(lines)]


def test_the_readme_names_every_command_of_the_lab():
    scripts = {words[0] for words in commands(HOUSE / 'README.md')}
    assert scripts >= {'kuzu_main.py', 'check_main.py', 'seq_train.py', 'seq_plot.py', 'bench.py'}


@pytest.mark.parametrize('words', commands(*PAGES), ids=' '.join)
def test_every_command_of_the_pages_is_understood(words):
    script = importlib.import_module(words[0].removesuffix('.py'))
    script.parse(words[1:])
