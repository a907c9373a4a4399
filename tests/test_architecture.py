"""The house is built as docs/architecture.md says: which file imports which, what stands where, what is named."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
PAGE = (HOUSE / 'docs' / 'architecture.md').read_text()
LONGEST, LONGEST_FUNCTION = 300, 50  # lines
MOST_VALUES = 6  # positional parameters

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
    'lab/bench': ['lab/kuzu', 'lab/check', 'lab/seq'],
    'lab/insight/found': ['lab/seq/verdict.py'],
    'lab/insight/said': ['lab/insight/found', 'lab/seq/verdict.py'],
    'lab/insight/drawn': ['lab/insight/found', 'lab/insight/said'],
    'lab/kuzu': ['kuzu.py'],
    'lab/check': ['check.py'],
    'lab/seq': ['anb2n.py', 'seq_models.py'],
    'lab/common': [],
}
MODULES = ['kuzu.py', 'check.py', 'anb2n.py', 'seq_models.py']
SCRIPTS = [place for place in ARROWS if place.endswith('.py')]
PLACES = [place for place in ARROWS if place.startswith('lab/')]
WINGS = sorted({'/'.join(place.split('/')[:2]) for place in PLACES})


def files(house: Path) -> dict[str, str]:
    """The Python files that the arrows are about: what an import calls them, and where they are in the house."""
    paths = [path.relative_to(house) for path in [*house.glob('*.py'), *house.glob('lab/**/*.py')]]
    return {str(path.with_suffix('')).replace('/', '.').removesuffix('.__init__'): path.as_posix() for path in paths}


def place(file: str) -> str:
    """The wing of a file of lab/, in lab/insight also the folder; a file of the root is a place of its own."""
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
        allowed = [here, 'lab/__init__.py', 'lab/common', *ARROWS[here]] if here in ARROWS else []
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
        ('kuzu_main.py', 'import lab.seq.starts', False),
        ('seq_plot.py', 'from lab import insight, kuzu', False),
        ('kuzu.py', 'from lab.common import errors', False),
        ('lab/kuzu/data.py', 'from lab.kuzu import fetch\nfrom lab.common.errors import UserError', True),
        ('lab/kuzu/data.py', 'def load():\n    from lab.seq import starts', False),
        ('lab/kuzu/data.py', 'from . import fetch', False),
        ('lab/kuzu/data.py', 'import importlib\nimportlib.import_module("kuzu_main")', False),
        ('lab/seq/starts.py', 'import anb2n, seq_models', True),
        ('lab/insight/found/step.py', 'from lab.seq import verdict', True),
        ('lab/insight/found/step.py', 'from lab.seq import starts', False),
        ('lab/insight/said/words.py', 'from lab.insight.found import step', True),
        ('lab/insight/found/step.py', 'from lab.insight.said import words', False),
        ('lab/insight/said/words.py', 'from lab.insight.drawn import data', False),
        ('lab/common/files.py', 'from lab.kuzu import data', False),
        ('lab/other/room.py', 'from lab.common import errors', False),  # of a wing that the arrows do not know
    ],
)
def test_an_import_against_the_arrows_is_found(file, source, right, tmp_path):
    wings = ['data', 'starts', 'verdict', 'step', 'words', 'files', 'errors', 'fetch']
    for each in [*SCRIPTS, *MODULES, *(f'{wing}/{name}.py' for wing in PLACES for name in ('__init__', *wings)), file]:
        (tmp_path / each).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / each).touch()
    (tmp_path / file).write_text(source)
    assert (faults(tmp_path) == []) is right


def test_the_diagram_has_these_arrows():
    names = dict(re.findall(r'^ +(\w+)\["(.+)"\]$', PAGE, re.MULTILINE))
    drawn = set()
    for here, there in re.findall(r'^ +(.+) -->(?:\|.*\|)? (.+)$', PAGE, re.MULTILINE):
        drawn |= {(names[a], names[b]) for a in here.split(' & ') for b in there.split(' & ')}

    def wing(place):
        return '/'.join(place.split('/')[:2]) if place.startswith('lab/') else place

    meant = {(wing(here), wing(there)) for here in ARROWS for there in ARROWS[here]}
    assert drawn == {(here, there) for here, there in meant if here != there}  # a wing's own arrows are not drawn


def test_no_room_needs_itself():
    known = files(HOUSE)
    needs = {file: [] for file in known.values()}
    for file in known.values():
        for _, name in imports((HOUSE / file).read_text()):
            words = name.split('.')
            begins = ['.'.join(words[:count]) for count in range(len(words), 0, -1)]
            needs[file] += [known[begin] for begin in begins if begin in known][:1]
    while leaves := [file for file in needs if not any(other in needs for other in needs[file])]:
        needs = {file: needs[file] for file in needs if file not in leaves}
    assert needs == {}  # what is left here stands in a circle, or leads to one


def test_the_root_holds_the_scripts_and_modules_of_the_lab_and_no_other_python():
    assert sorted(path.name for path in HOUSE.glob('*.py')) == sorted([*SCRIPTS, *MODULES])


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


def functions(file: str) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(ast.parse((HOUSE / file).read_text())) if isinstance(node, ast.FunctionDef)]


def calls(node: ast.AST) -> set[str]:
    """The names of the functions and methods that are called inside a node."""
    called = [each.func for each in ast.walk(node) if isinstance(each, ast.Call)]
    return {getattr(each, 'attr', getattr(each, 'id', '')) for each in called}


@pytest.mark.parametrize(
    ('script', 'file', 'loop'),
    [
        ('kuzu_main.py', 'kuzu_main.py', 'train'),
        ('check_main.py', 'check_main.py', 'train'),
        ('seq_train.py', 'lab/seq/plain.py', 'run'),
    ],
)
def test_each_training_loop_is_two_jumps_from_the_end_of_its_script(script, file, loop):
    *_, last = ast.parse((HOUSE / script).read_text()).body
    assert ast.unparse(last.test) == "__name__ == '__main__'" and ast.unparse(last.body) == 'run(main)'
    [main] = [each for each in functions(script) if each.name == 'main']  # the first jump
    assert loop in calls(main)
    [train] = [each for each in functions(file) if each.name == loop]  # the second
    loops = [calls(each) for each in ast.walk(train) if isinstance(each, ast.For | ast.While)]
    assert any({'zero_grad', 'backward', 'step'} <= each for each in loops)


def test_nothing_in_lab_takes_parsed_flags():
    for file in files(HOUSE).values():
        if file.startswith('lab/'):
            assert 'Namespace' not in (HOUSE / file).read_text().replace('SimpleNamespace', ''), file


def test_files_and_functions_are_short_and_take_few_values():
    for file in files(HOUSE).values():
        assert len((HOUSE / file).read_text().splitlines()) <= LONGEST, file
        for each in functions(file):
            assert each.end_lineno - each.lineno < LONGEST_FUNCTION, (file, each.name)
            given = [value.arg for value in each.args.posonlyargs + each.args.args if value.arg != 'self']
            assert len(given) <= MOST_VALUES, (file, each.name)


def test_the_tests_of_a_wing_are_each_of_a_room():
    for wing in WINGS:
        rooms = [path.stem for path in (HOUSE / wing).rglob('*.py')]
        for path in (HOUSE / 'tests' / Path(wing).name).glob('test_*.py'):
            assert any(f'{path.stem}_'.startswith(f'test_{room}_') for room in rooms), path


def test_the_page_names_every_room_and_no_other():
    named = {name for name in re.findall(r'`([\w/]+\.py)`', PAGE) if not name.startswith('tests/')}
    assert named == {file for file in files(HOUSE).values() if not file.endswith('__init__.py')}


def test_the_page_names_only_functions_that_exist():
    for name in set(re.findall(r'`(\w+(?:\.\w+)+)\(\)`', PAGE)):
        *where, function = name.split('.')
        path = HOUSE / 'lab' / f'{"/".join(where)}.py' if len(where) > 1 else HOUSE / f'{where[0]}.py'
        assert re.search(rf'^ *def {function}\(', path.read_text(), re.MULTILINE), name
