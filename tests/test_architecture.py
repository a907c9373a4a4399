"""docs/architecture.md names what there is."""

import ast
import re
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
PAGE = (HOUSE / 'docs' / 'architecture.md').read_text()
NAMED = sorted(set(re.findall(r'[\w/]+\.(?:py|csv|md)\b', PAGE)))


def test_every_script_and_module_is_in_the_table():
    rows = [line.split('|')[1] for line in PAGE.splitlines() if line.startswith('| ')]
    listed = [name for row in rows for name in re.findall(r'\w+\.py', row)]
    assert sorted(listed) == sorted(path.name for path in HOUSE.glob('*.py'))


@pytest.mark.parametrize('name', NAMED)
def test_every_file_it_names_exists(name):
    assert (HOUSE / name).is_file()


@pytest.mark.parametrize(('module', 'name'), sorted(set(re.findall(r'`(\w+)\.(\w+)(?:\(\))?`', PAGE))))
def test_every_function_it_names_exists(module, name):
    tree = ast.parse((HOUSE / f'{module}.py').read_text())
    assert name in [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
