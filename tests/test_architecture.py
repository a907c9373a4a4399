"""The house is built as docs/architecture.md says: which file imports which, what stands where, what is named."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
PAGE = (HOUSE / 'docs' / 'architecture.md').read_text()
LONGEST, LONGEST_FUNCTION = 300, 50  # lines

# What a file may import of this project, beside its own wing and lab/common. Wings name no wing of another part, lab/
# no script of the root, and the modules of the root, which students replace, nothing at all.
ARROWS = {
    'kuzu_main.py': ['lab/kuzu'],
    'check_main.py': ['lab/check'],
    'seq_train.py': ['lab/seq'],
    'seq_plot.py': ['lab/insight', 'lab/seq'],
    'report.py': ['lab/page'],
    'bench.py': ['lab/bench'],
    'lab/page': ['lab/insight', 'lab/kuzu', 'lab/check', 'lab/seq'],
    'lab/bench': ['lab/insight', 'lab/kuzu', 'lab/check', 'lab/seq'],
    'lab/insight': ['lab/seq/verdict.py'],
    'lab/kuzu': ['kuzu.py'],
    'lab/check': ['check.py'],
    'lab/seq': ['anb2n.py', 'seq_models.py'],
    'lab/common': [],
}
MODULES = ['kuzu.py', 'check.py', 'anb2n.py', 'seq_models.py']
SCRIPTS = [place for place in ARROWS if place.endswith('.py')]
WINGS = [place for place in ARROWS if place.startswith('lab/')]


def files(house: Path) -> dict[str, str]:
    """The Python files that the arrows are about: what an import calls them, and where they are in the house."""
    paths = [path.relative_to(house) for path in [*house.glob('*.py'), *house.glob('lab/**/*.py')]]
    return {str(path.with_suffix('')).replace('/', '.').removesuffix('.__init__'): path.as_posix() for path in paths}


def place(file: str) -> str:
    """The wing of a file of lab/; a file of the root is a place of its own."""
    return str(Path(file).parent) if file.startswith('lab/') else file


def imports(source: str) -> Iterator[tuple[int, str]]:
    """Each import of a file, also those inside functions: its line, and the name of what is imported."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            dots = '.' * node.level
            yield from ((node.lineno, f'{dots}{node.module or ""}.{alias.name}') for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split('.')[-1] in ('import_module', '__import__'):
            parts = node.args[0].values if isinstance(node.args[0], ast.JoinedStr) else node.args[:1]
            if isinstance(parts[0], ast.Constant):  # of an f-string its beginning
                yield node.lineno, str(parts[0].value)


def faults(house: Path) -> list[str]:
    """Each import in the house that no arrow allows."""
    known, found = files(house), []
    for file in known.values():
        here = place(file)
        allowed = [here, 'lab/common', *ARROWS[here]] if here in ARROWS else []
        for line, name in imports((house / file).read_text()):
            words = name.strip('.').split('.')
            begins = ['.'.join(words[:count]) for count in range(len(words), 0, -1)]
            target = next((known[begin] for begin in begins if begin in known), None)
            if name.startswith('.') or (target and not any(f'{target}/'.startswith(f'{each}/') for each in allowed)):
                found.append(f'{file}, line {line}: {name}')
    return found


def test_every_import_of_the_house_is_along_an_arrow():
    assert faults(HOUSE) == []


@pytest.mark.parametrize(
    ('file', 'source', 'right'),
    [
        ('kuzu_main.py', 'from lab.kuzu import data', True),
        ('kuzu_main.py', 'from lab.kuzu.data import load', True),
        ('kuzu_main.py', 'import lab.seq.starts', False),
        ('kuzu_main.py', 'import seq_train', False),
        ('seq_plot.py', 'from lab import insight, seq', True),
        ('seq_plot.py', 'from lab import insight, kuzu', False),
        ('kuzu.py', 'import torch', True),
        ('kuzu.py', 'from lab.common import errors', False),
        ('anb2n.py', 'import seq_models', False),
        ('lab/kuzu/data.py', 'from lab.kuzu import fetch\nfrom lab.common.errors import UserError', True),
        ('lab/kuzu/data.py', 'from kuzu import NetLin', True),
        ('lab/kuzu/data.py', 'def load():\n    from lab.seq import starts', False),
        ('lab/kuzu/data.py', 'import check', False),
        ('lab/kuzu/data.py', 'from . import fetch', False),
        ('lab/kuzu/data.py', 'import importlib\nimportlib.import_module("kuzu_main")', False),
        ('lab/seq/starts.py', 'import anb2n, seq_models', True),
        ('lab/seq/starts.py', 'from lab.insight import step', False),
        ('lab/seq/starts.py', 'import seq_train', False),
        ('lab/insight/step.py', 'from lab.seq import verdict', True),
        ('lab/insight/step.py', 'from lab.seq import starts', False),
        ('lab/insight/step.py', 'import seq_models', False),
        ('lab/bench/seq.py', 'import lab.insight.step, lab.seq.starts, lab.kuzu.data', True),
        ('lab/bench/seq.py', 'import bench', False),
        ('lab/common/files.py', 'from lab.common import errors', True),
        ('lab/common/files.py', 'from lab.kuzu import data', False),
        ('lab/common/files.py', 'name = "data"\nimport importlib\nimportlib.import_module(f"lab.kuzu.{name}")', False),
        ('lab/common/files.py', 'import kuzu', False),
        ('lab/other/room.py', 'from lab.common import errors', False),  # of a wing that the arrows do not know
    ],
)
def test_an_import_against_the_arrows_is_found(file, source, right, tmp_path):
    wings = ['data', 'starts', 'verdict', 'step', 'files', 'errors', 'fetch'']
    for each in [*SCRIPTS, *MODULES, *(f'{wing}/{name}.py' for wing in WINGS for name in ('__init__', *wings)), file]:
        (tmp_path / each).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / each).touch()
    (tmp_path / file).write_text(source)
    assert (faults(tmp_path) == []) is right


def test_the_diagram_has_these_arrows():
    names = dict(re.findall(r'^ +(\w+)\["(.+)"\]$', PAGE, re.MULTILINE))
    drawn = set()
    for here, there in re.findall(r'^ +(.+) -->(?:\|.*\|)? (.+)$', PAGE, re.MULTILINE):
        drawn |= {(names[a], names[b]) for a in here.split(' & ') for b in there.split(' & ')}
    meant = {(here, place(there) if there.count('/') > 1 else there) for here in ARROWS for there in ARROWS[here]}
    assert drawn == meant


def test_the_root_holds_the_scripts_and_modules_of_the_lab_and_no_other_python():
    assert sorted(path.name for path in HOUSE.glob('*.py')) == sorted([*SCRIPTS, *MODULES])
    assert sorted(path.parent.relative_to(HOUSE).as_posix() for path in HOUSE.glob('lab/*/__init__.py')) == sorted(
        WINGS
    )


def test_each_part_loads_a_students_module_in_one_place():
    known = files(HOUSE)
    for module in MODULES:
        name = module.removesuffix('.py')
        loading = [
            file
            for file in known.values()
            for _, each in imports((HOUSE / file).read_text())
            if each.split('.')[0] == name
        ]
        assert len(set(loading)) == 1, (module, loading)


@pytest.mark.parametrize('file', sorted(file for file in files(HOUSE).values() if file.startswith('lab/')))
def test_nothing_in_lab_takes_parsed_flags(file):
    tree = ast.parse((HOUSE / file).read_text())
    assert 'args' not in [node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)]
    assert 'Namespace' not in [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]


@pytest.mark.parametrize('file', sorted(files(HOUSE).values()))
def test_files_and_functions_are_short(file):
    source = (HOUSE / file).read_text()
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    assert len(source.splitlines()) <= LONGEST
    assert [node.name for node in functions if node.end_lineno - node.lineno >= LONGEST_FUNCTION] == []


def test_the_tests_of_a_wing_are_each_of_a_room():
    for wing in WINGS:
        rooms = [path.stem for path in (HOUSE / wing).glob('*.py')]
        for path in (HOUSE / 'tests' / Path(wing).name).glob('test_*.py'):
            assert any(f'{path.stem}_'.startswith(f'test_{room}_') for room in rooms), path


def test_every_file_is_in_the_table():
    rows = [line.split('|')[1].strip() for line in PAGE.splitlines() if line.startswith('| ')]
    listed = [name for row in rows for name in re.findall(r'[\w/]+\.py', row)]
    rooms = [file for file in files(HOUSE).values() if not file.endswith('__init__.py')]
    assert sorted(listed) == sorted(rooms)


@pytest.mark.parametrize('name', sorted(set(re.findall(r'`([\w/]+\.(?:py|csv|md))`', PAGE))))
def test_every_file_it_names_exists(name):
    assert (HOUSE / name).is_file()


@pytest.mark.parametrize('name', sorted(set(re.findall(r'`(\w+(?:\.\w+)+)(?:\(\))?`', PAGE))))
def test_every_function_it_names_exists(name):
    if (HOUSE / name).is_file():
        return
    first, second, *rest = name.split('.')
    path = HOUSE / 'lab' / first / f'{second}.py'
    if not path.is_file():
        path, rest = HOUSE / f'{first}.py', [second]
    defined = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    assert rest[0] in [node.name for node in defined]
