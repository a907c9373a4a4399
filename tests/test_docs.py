"""README.md, CONTRIBUTING.md and docs/ say what is so: flags, commands, links, pictures, messages."""

import ast
import importlib
import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from lab.common import cli

HOUSE = Path(__file__).parents[1]
README, FLAGS, MACHINES = HOUSE / 'README.md', HOUSE / 'docs' / 'flags.md', HOUSE / 'docs' / 'machines.md'
PAGES = [README, HOUSE / 'CONTRIBUTING.md', *sorted((HOUSE / 'docs').glob('*.md'))]
SMALL = 60_000  # bytes of a picture
LAB = [
    *(f'kuzu_main.py --net {net}' for net in ('lin', 'full', 'conv')),
    'check_main.py --act sig --hid 5',
    'check_main.py --act step --hid 4 --set_weights',
    'check_main.py --act sig --hid 4 --set_weights',
    'seq_train.py --lang anb2n',
    'seq_plot.py --lang anb2n --epoch 100',
    'seq_train.py --lang anb2nc3n --model lstm --hid 3',
    'seq_plot.py --lang anb2nc3n --model lstm --epoch 50',
]
SCRIPTS = ['kuzu_main.py', 'check_main.py', 'seq_train.py', 'seq_plot.py', 'report.py', 'bench.py']


def name(page: Path) -> str:
    return str(page.relative_to(HOUSE))


def section(page: Path, heading: str) -> str:
    """The part of a page under `## heading`."""
    [part] = re.findall(rf'^## {re.escape(heading)}$(.*?)(?=^## |\Z)', page.read_text(), re.MULTILINE | re.DOTALL)
    return part


def first_cells(part: str) -> list[str]:
    """What stands in backticks in the first column of the tables in a part of a page."""
    rows = [line.split('|')[1] for line in part.splitlines() if line.startswith('| `')]
    return re.findall(r'`([^`]+)`', ' '.join(rows))


def parse(script: str, words: list[str]):
    return importlib.import_module(script.removesuffix('.py')).parse(words)


@pytest.mark.parametrize('script', SCRIPTS)
def test_the_table_of_a_script_has_each_flag_once_with_its_default_and_choices(script, monkeypatch):
    made = []
    monkeypatch.setattr(cli.Parser, 'parse_args', lambda parser, argv: sys.exit(made.append(parser)))
    with pytest.raises(SystemExit):
        parse(script, [])
    actions = {action.option_strings[0]: action for action in made[0]._actions if action.option_strings}
    rows = dict(re.findall(r'^\| `(--\w+)` \| (.*) \|$', section(FLAGS, script), re.MULTILINE))
    assert sorted(rows) == sorted(actions.keys() - {'-h'})
    for flag, row in rows.items():
        default, meaning = row.split(' | ', 1) if ' | ' in row else ('', row)
        action = actions[flag]
        if action.default not in (None, False):
            assert default.startswith(os.path.basename(str(action.default))), flag
        assert all(re.search(rf'\b{choice}\b', meaning) for choice in action.choices or []), flag


def commands(*pages: Path) -> list[tuple[str, ...]]:
    """Each command of these pages that runs a script of the lab, in words: the script and its flags."""
    text = '\n'.join(page.read_text() for page in pages)
    code = [*re.findall(r'^(?:    )?((?:python3|torchrun) .*)$', text, re.MULTILINE), *re.findall(r'`([^`\n]+)`', text)]
    found = [re.match(r'(?:python3|.*\btorchrun( --\S+)*) (\w+\.py.*)', line) for line in code]
    return list(dict.fromkeys(tuple(shlex.split(match[2], comments=True)) for match in found if match))


def test_the_readme_names_every_command_of_the_lab():
    assert {' '.join(words) for words in commands(README)} >= set(LAB)


@pytest.mark.parametrize('words', commands(*PAGES), ids=' '.join)
def test_every_command_of_the_pages_is_understood(words):
    parse(words[0], list(words[1:]))


def test_the_readme_shows_what_the_hand_made_weights_print(tmp_path, capsys):
    [block] = [block for block in README.read_text().split('```\n') if 'Units, each on where' in block]
    importlib.import_module('check_main').main(shlex.split(f'--act step --hid 4 --set_weights --plot_path {tmp_path}'))
    printed = capsys.readouterr().out
    assert all(part in printed for part in block.split('[...]\n'))


def test_pictures_are_there_and_small():
    pictures = [page.parent / path for page in PAGES for path in re.findall(r'!\[[^]]+\]\(([^)]+)\)', page.read_text())]
    assert len(pictures) > 3
    assert all(0 < os.path.getsize(path) < SMALL for path in pictures)
    assert {path.name for path in pictures} == {path.name for path in (HOUSE / 'docs').glob('*.jpg')}


def anchors(page: Path) -> set[str]:
    """What a link to a heading of a page may say: small letters, hyphens for spaces, no other signs."""
    headings = re.findall(r'^#+ (.*)$', page.read_text(), re.MULTILINE)
    return {re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-') for heading in headings}


@pytest.mark.parametrize('page', PAGES, ids=name)
def test_every_link_leads_somewhere(page):
    for path, _, heading in re.findall(r'\]\((?!https?:)([^)#]*)(#([^)]*))?\)', page.read_text()):
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), path
        assert not heading or heading in anchors(target), heading


@pytest.mark.parametrize('page', PAGES, ids=name)
def test_every_file_of_ours_that_a_page_names_exists(page):
    text = re.sub(r'-m tests\.(\w+)', r'tests/\1.py', page.read_text())
    for path in re.findall(r'(?<![\w/.])(?:lab|tests|docs)/[\w/]+(?:\.\w+)+', text):
        assert (HOUSE / path).is_file(), path


@pytest.mark.parametrize('page', PAGES, ids=name)
def test_every_name_that_a_page_says_is_in_a_file_is_there(page):
    for word, path in re.findall(r'`(\w+)` in\s+`([\w/]+\.py)`', page.read_text()):
        assert re.search(rf'^(def |class |){word}\b', (HOUSE / path).read_text(), re.MULTILINE), word


def test_every_page_can_be_found_from_the_readme():
    text = README.read_text()
    assert all(f']({name(page)})' in text for page in PAGES[1:])


def test_the_readme_is_short():
    assert len(README.read_text().splitlines()) < 150


def test_the_versions_of_python_stand_in_one_place():
    assert len(re.findall(r'Python 3\.\d', ''.join(page.read_text() for page in PAGES))) == 1


def texts() -> list[str]:
    """Every text in the code; what is filled in later is '...'."""
    found = []
    for path in [*HOUSE.glob('*.py'), *(HOUSE / 'lab').rglob('*.py')]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                found.append(
                    ''.join(str(part.value) if isinstance(part, ast.Constant) else '...' for part in node.values)
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return found


def test_each_message_that_is_explained_stands_in_the_code():
    messages = first_cells(section(README, 'When something goes wrong') + section(MACHINES, 'More messages'))
    written = texts()
    assert len(messages) > 10
    for message in messages:
        pattern = '.*'.join(re.escape(part) for part in message.split('...'))
        assert any(re.search(pattern, text) for text in written), message
