"""Whether the tests notice a change: one operator or number of a room is changed, and the room's own tests are run.

python3 -m tests.mutate                                  64 changes in every room that has tests of its own: hours
python3 -m tests.mutate lab/kuzu/data.py kuzu_main.py    in these rooms
python3 -m tests.mutate kuzu.py --count 9999 --jobs 1    every change that there is in one room, one run at a time

The tests of lab/kuzu/data.py are tests/kuzu/test_data.py, and test_data_*.py where no longer name of a room fits. Each
change is made in a copy of the house. NOT CAUGHT: a test is missing, or the change makes no difference.
"""

import argparse
import ast
import contextlib
import importlib.util
import itertools
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import types
from collections.abc import Iterator
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent
WARM = ['pytest', 'hypothesis', 'numpy', 'numba', 'matplotlib.figure', 'torch', 'torch._dynamo']  # nothing of the house
PASSED = 99  # the exit code of a run whose tests pass: a change may end the run early, and with 0
SWAPS = {
    **{ast.Lt: '< <=', ast.LtE: '<= <', ast.Gt: '> >=', ast.GtE: '>= >', ast.Eq: '== !=', ast.NotEq: '!= =='},
    **{ast.In: 'in not in', ast.Is: 'is is not', ast.And: 'and or', ast.Or: 'or and'},
    **{ast.Add: '+ -', ast.Sub: '- +', ast.Mult: '* /', ast.Div: '/ *', ast.FloorDiv: '// *', ast.Mod: '% *'},
}
ITS_SWAP = ast.Eq | ast.NotEq | ast.In | ast.Is  # a comparison whose swap is the condition turned round
GUARDS = 'TYPE_CHECKING', 'typing.TYPE_CHECKING', "__name__ == '__main__'"
COMPILES = re.compile(r'\b(compiled|n?jit)\(')


def changes(source: bytes) -> list[bytes]:
    """The source with each of its changes made, in the order of their places; no line moves."""
    begins = [0, *itertools.accumulate(len(line) for line in source.splitlines(keepends=True))]
    found = []

    def span(node):
        return begins[node.lineno - 1] + node.col_offset, begins[node.end_lineno - 1] + node.end_col_offset

    def replace(start, end, new):
        found.append((start, source[:start] + new + source[end:]))

    def is_there(node):
        """Whether it is where Python says: before Python 3.12 what is inside an f-string may not be."""
        start, end = span(node)
        there = parse(b'(' + source[start:end] + b')')
        return there is not None and ast.dump(there.body[0].value) == ast.dump(node)

    def visit(node):
        triples = []  # an operator between its operands
        match node:
            case ast.If() if ast.unparse(node.test) in GUARDS:
                return
            case ast.expr() if not isinstance(node, ast.JoinedStr | ast.FormattedValue) and not is_there(node):
                pass
            case ast.BoolOp():
                triples = [(left, node.op, right) for left, right in itertools.pairwise(node.values)]
            case ast.Compare():
                triples = zip([node.left, *node.comparators], node.ops, node.comparators, strict=False)
            case ast.BinOp():
                triples = [(node.left, node.op, node.right)]
            case ast.AugAssign():
                triples = [(node.target, node.op, node.value)]
            case ast.UnaryOp(op=ast.Not()):
                start, end = span(node)
                replace(start, end, re.sub(rb'^not[ \t]*', b'', source[start:end]))
            case ast.Constant(value=value) if value is True:
                replace(*span(node), b'False')
            case ast.Constant(value=value) if type(value) in (int, float) and value + 1 != value:
                replace(*span(node), repr(value + 1).encode())
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) if is_there(test):
                once = isinstance(test, ast.Compare) and len(test.ops) == 1
                if not ((once and isinstance(test.ops[0], ITS_SWAP)) or isinstance(test, ast.UnaryOp | ast.Constant)):
                    start, end = span(test)
                    replace(start, end, b'not (' + source[start:end] + b')')
        for left, operator, right in triples:
            old, new = SWAPS.get(type(operator), ' ').encode().split(b' ', 1)
            begin, end = span(left)[1], span(right)[0]
            place = re.match(rb'(?:[\s()\\]|#.*\n)*(' + re.escape(old) + b')', source[begin:end])
            if old and place:
                replace(begin + place.start(1), begin + place.end(1), new)
        for name, value in ast.iter_fields(node):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and name not in ('annotation', 'returns', 'format_spec'):
                    visit(child)

    visit(ast.parse(source))
    return [new for _, new in sorted(found) if parse(new)]


def parse(source: bytes) -> ast.Module | None:
    with contextlib.suppress(SyntaxError):
        return ast.parse(source)


def imports(rooms: list[str], room: str) -> set[str]:
    """The room and all rooms that it imports, or that these import."""
    found, left = {room}, [room]
    while left:
        room = left.pop()
        for node in ast.walk(ast.parse((HOUSE / room).read_bytes())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            if isinstance(node, ast.ImportFrom):
                package = os.path.dirname(room).replace('/', '.')
                module = importlib.util.resolve_name('.' * node.level + (node.module or ''), package)
                names = [module, *(f'{module}.{name}' for name in names)]
            new = {f'{name.replace(".", "/")}.py' for name in names}.intersection(rooms) - found
            found |= new
            left += new
    return found


def begin(folder: Path, room: str, source: bytes | None, tests: list[str], stale: list[str]) -> int:
    """Fork a process that runs tests on a copy of the clean house, in which the room has this source.

    stale: rooms of which numba keeps compiled code that may be made of the room's. It is compiled anew.
    """
    tree = folder / 'house'
    shutil.copytree(folder.parent / 'clean', tree)
    for compiler in map(Path, stale):
        for path in (tree / compiler.parent).glob(f'__pycache__/{compiler.stem}.*.nb[ic]'):
            path.unlink()
    if source is not None:
        (tree / room).write_bytes(source)
        os.utime(tree / room, (1e9, 1e9))  # not the time that the .pyc of the unchanged source knows
    (folder / 'tmp').mkdir()
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for stream in range(3):
            os.dup2(os.open(os.devnull, os.O_RDWR), stream)
        os.chdir(tree)
        os.environ |= {'PYTHONPATH': str(tree), 'TMPDIR': str(folder / 'tmp')}
        sys.path[:] = [str(tree), *(path for path in sys.path if Path(path).resolve() != HOUSE)]
        sys.modules.pop('tests', None)
        sys.modules['__main__'] = types.ModuleType('__main__')  # a test that spawns processes does not start this again
        sys.argv, tempfile.tempdir = ['pytest'], None
        plugins = ['-p', 'no:cacheprovider', '-n0', '--hypothesis-seed=0']
        if sys.modules['pytest'].main([*tests, '-x', '-q', *plugins]) == 0:
            os._exit(PASSED)
    finally:
        os._exit(1)


def end(pid: int, folder: Path) -> int:
    """Kill what is left of a run: its session, and whatever has its folder in the environment. Its exit code."""
    for process in Path('/proc').glob('[0-9]*'):
        with contextlib.suppress(OSError):  # it has ended, or is another user's
            if os.getsid(int(process.name)) == pid or bytes(folder) in (process / 'environ').read_bytes():
                os.kill(int(process.name), signal.SIGKILL)
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)  # where there is no /proc
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    shutil.rmtree(folder, ignore_errors=True)
    return code


def outcomes(work: Path, runs: list, jobs: int) -> Iterator[tuple]:
    """Do the runs (limit in seconds, what begin() asks for), `jobs` at once; each with how it ended."""
    waiting, running = iter(runs), {}
    try:
        while True:
            for limit, *run in itertools.islice(waiting, jobs - len(running)):
                folder = Path(tempfile.mkdtemp(dir=work))
                running[begin(folder, *run)] = run, folder, time.monotonic() + limit
            if not running:
                return
            time.sleep(0.01)
            for pid, (run, folder, latest) in list(running.items()):
                ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
                if ended or time.monotonic() > latest:
                    if run[1] is None:
                        keep(folder / 'house', work / 'clean')
                    del running[pid]
                    passed = end(pid, folder) == PASSED
                    yield *run[:2], 'caught, hangs' if not ended else 'NOT CAUGHT' if passed else 'caught'
    finally:
        for pid, (_, folder, _) in running.items():
            end(pid, folder)


def keep(tree: Path, clean: Path):
    """Take what a run has compiled of the unchanged sources over into the clean house, for the runs to come."""
    for path in tree.rglob('__pycache__/*'):
        if '-pytest-' not in path.name:
            (clean / path.relative_to(tree)).parent.mkdir(exist_ok=True)
            shutil.copy2(path, clean / path.relative_to(tree))


def listed() -> list[str]:
    """The files of the house that git has or would take."""
    command = ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
    done = subprocess.run(command, cwd=HOUSE, stdout=subprocess.PIPE, text=True, check=True)
    return sorted({name for name in done.stdout.split('\0') if (HOUSE / name).is_file()})


def tests_of(rooms: list[str], files: list[str]) -> dict[str, list[str]]:
    """The test files of each room."""
    found = {room: [] for room in rooms}
    for file in files:
        match = re.fullmatch(r'tests/(.*/)?test_(\w+)\.py', file)
        name = ''.join(part or '' for part in match.groups()) + '_' if match else ''
        fitting = [room for room in rooms if name.startswith(room.removeprefix('lab/').removesuffix('.py') + '_')]
        if fitting:
            found[max(fitting, key=len)].append(file)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('rooms', nargs='*', metavar='ROOM', help='a file such as lab/kuzu/data.py (default: all)')
    parser.add_argument('--count', type=int, default=64, help='most changes to draw in a room (default: 64)')
    parser.add_argument('--seed', type=int, default=1, help='of the draw (default: 1)')
    parser.add_argument('--jobs', type=int, default=os.cpu_count(), help='runs at once (default: one for each core)')
    args = parser.parse_args()
    files = listed()
    rooms = [file for file in files if re.fullmatch(r'(lab/.*|[^/]*)\.py', file) and not file.endswith('__init__.py')]
    chosen = [os.path.normpath(room) for room in args.rooms] or rooms
    if not set(chosen) <= set(rooms):
        parser.error(f'no room: {" ".join(sorted(set(chosen) - set(rooms)))}')
    tests = tests_of(rooms, files)
    print('without tests of their own:', *([room for room in chosen if not tests[room]] or ['none']), flush=True)
    os.environ['OMP_NUM_THREADS'] = '1'  # as in conftest.py; and a process that has threads should not be forked
    for name in ('NUMBA_CACHE_DIR', 'PYTEST_ADDOPTS'):
        os.environ.pop(name, None)
    for name in WARM:
        importlib.import_module(name)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    made = {room: imports(rooms, room) for room in rooms if COMPILES.search((HOUSE / room).read_text())}
    with tempfile.TemporaryDirectory(prefix='mutate-', ignore_cleanup_errors=True) as work:
        work = Path(work).resolve()
        for file in files:
            (work / 'clean' / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HOUSE / file, work / 'clean' / file)
        runs, table = [], {}
        for room in filter(tests.get, chosen):
            since, common = time.monotonic(), (tests[room], [compiler for compiler in made if room in made[compiler]])
            ((_, _, how),) = outcomes(work, [(float('inf'), room, None, *common)], 1)
            seconds, every = time.monotonic() - since, changes((work / 'clean' / room).read_bytes())
            if how == 'NOT CAUGHT':
                table[room] = [0, 0]
                drawn = random.Random(f'{args.seed} {room}').sample(range(len(every)), min(args.count, len(every)))
                runs += [(3 * seconds + 20, room, every[number], *common) for number in sorted(drawn)]
                print(f'{room}: {len(drawn)} of {len(every)} changes; unchanged {seconds:.1f} s', flush=True)
            else:
                print(f'{room}: left out, its tests fail unchanged: {" ".join(tests[room])}', flush=True)
        for room, source, how in outcomes(work, runs, args.jobs):
            pairs = zip((work / 'clean' / room).read_bytes().splitlines(), source.splitlines(), strict=True)
            number, (old, new) = next((number, pair) for number, pair in enumerate(pairs, 1) if pair[0] != pair[1])
            print(f'{how}  {room}:{number}  {old.decode().strip()}  ->  {new.decode().strip()}', flush=True)
            table[room] = [table[room][0] + 1, table[room][1] + (how != 'NOT CAUGHT')]
    table['total'] = [sum(row[column] for row in table.values()) for column in range(2)]
    width = max(map(len, table))
    print(f'\n{"room":{width}}  changes  caught  share')
    for room, (count, caught) in table.items():
        print(f'{room:{width}}  {count:7}  {caught:6}  {caught / max(1, count):5.0%}')


if __name__ == '__main__':
    main()
