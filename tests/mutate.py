"""Whether the tests notice a change: one operator or number of a room is changed, and the room's own tests are run.

python3 -m tests.mutate                                  64 changes in every room that has tests of its own: hours
python3 -m tests.mutate lab/kuzu/data.py kuzu_main.py    in these rooms
python3 -m tests.mutate kuzu.py --count 9999 --jobs 1    every change that there is in one room, one run at a time

The tests of lab/kuzu/data.py are tests/kuzu/test_data.py. Each change is made in a copy of the house. NOT CAUGHT means
that a test is missing, or that the change makes no difference.
"""

import argparse
import ast
import contextlib
import importlib
import itertools
import multiprocessing
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
ITS_SWAP = ast.Eq | ast.NotEq | ast.In | ast.Is  # swapped, such a comparison is negated already
GUARDS = 'TYPE_CHECKING', 'typing.TYPE_CHECKING', "__name__ == '__main__'"
FORK = multiprocessing.get_context('fork')  # of this process, which has loaded the slow packages


def changes(source: bytes) -> list[bytes]:
    """The source with each of its changes made, in the order of their places; no line moves."""
    begins = [0, *itertools.accumulate(len(line) for line in source.splitlines(keepends=True))]
    found = []

    def span(node):
        return begins[node.lineno - 1] + node.col_offset, begins[node.end_lineno - 1] + node.end_col_offset

    def replace(start, end, new):
        found.append((start, source[:start] + new + source[end:]))

    def is_there(node):
        """Whether it stands where Python says. Before 3.12 this may be wrong for what is inside an f-string."""
        start, end = span(node)
        with contextlib.suppress(SyntaxError):
            return ast.dump(ast.parse(b'(' + source[start:end] + b')').body[0].value) == ast.dump(node)

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
    return [new for _, new in sorted(found)]


def run_tests(tree: Path, folder: Path, test: str, limit: int):
    """In a process of its own: run a test file of the house in `tree` for at most `limit` seconds (0: no limit)."""
    os.setsid()
    signal.alarm(limit)
    for stream in range(3):
        os.dup2(os.open(os.devnull, os.O_RDWR), stream)
    os.chdir(tree)
    os.environ |= {'PYTHONPATH': str(tree), 'TMPDIR': str(folder)}
    sys.path[:] = [str(tree), *(path for path in sys.path if Path(path).resolve() != HOUSE)]
    sys.modules.pop('tests', None)
    sys.modules['__main__'] = types.ModuleType('__main__')  # a test that spawns processes does not start this again
    sys.argv, tempfile.tempdir = ['pytest'], None
    code = sys.modules['pytest'].main([test, '-x', '-q', '-n0', '-p', 'no:cacheprovider', '--hypothesis-seed=0'])
    os._exit(PASSED if code == 0 else 1)


def begin(clean: Path, room: str, source: bytes | None, test: str, limit: int) -> tuple:
    """Start a test file in a copy of the clean house, in which the room has this source. Returns process and folder.

    source: None for the clean house itself, which keeps what Python and numba compile there for the runs to come.
    """
    folder, tree = Path(tempfile.mkdtemp(dir=clean.parent)), clean
    if source is not None:
        tree = shutil.copytree(clean, folder / 'house')
        (tree / room).write_bytes(source)
        for path in (tree / room).parent.glob('__pycache__/*.nb?'):
            path.unlink()  # numba's compiled code, which may hold functions and numbers of the changed room
    process = FORK.Process(target=run_tests, args=(tree, folder, test, limit))
    process.start()
    return process, folder


def end(process: multiprocessing.Process, folder: Path):
    """Kill what is left of a run: its process group, and whatever has its folder in the environment."""
    process.kill()  # it may have no process group of its own yet
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    for other in Path('/proc').glob('[0-9]*'):
        with contextlib.suppress(OSError):  # it has ended, or is another user's
            if bytes(folder) in (other / 'environ').read_bytes():
                os.kill(int(other.name), signal.SIGKILL)
    process.join()
    shutil.rmtree(folder, ignore_errors=True)


def outcomes(clean: Path, runs: list[tuple], jobs: int) -> Iterator[tuple[str, bytes | None, str]]:
    """Do the runs, what begin() asks for, `jobs` at once. Yields the room, its source, and how its tests ended."""
    waiting, running = iter(runs), []
    try:
        while True:
            running += [(*begin(clean, *run), run) for run in itertools.islice(waiting, jobs - len(running))]
            if not running:
                return
            time.sleep(0.01)
            for process, folder, run in [each for each in running if each[0].exitcode is not None]:
                running.remove((process, folder, run))
                end(process, folder)
                yield *run[:2], {PASSED: 'NOT CAUGHT', -signal.SIGALRM: 'caught, hangs'}.get(process.exitcode, 'caught')
    finally:
        for process, folder, _ in running:
            end(process, folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('rooms', nargs='*', metavar='ROOM', help='a file such as lab/kuzu/data.py (default: all)')
    parser.add_argument('--count', type=int, default=64, help='most changes to draw in a room (default: 64)')
    parser.add_argument('--seed', type=int, default=1, help='of the draw (default: 1)')
    parser.add_argument('--jobs', type=int, default=os.cpu_count(), help='runs at once (default: one for each core)')
    args = parser.parse_args()
    command = ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
    names = subprocess.check_output(command, cwd=HOUSE, text=True).split('\0')
    files = sorted({name for name in names if (HOUSE / name).is_file()})
    tests = {}
    for room in map(Path, args.rooms or [name for name in files if re.fullmatch(r'(lab/.*|[^/]*)\.py', name)]):
        test = os.path.join('tests', *room.parts[room.parts[0] == 'lab' : -1], f'test_{room.name}')
        if {str(room), test} <= {*files}:
            tests[str(room)] = test
        elif args.rooms:
            parser.error(f'no room with tests of its own: {room}')
    os.environ['OMP_NUM_THREADS'] = '1'  # as in conftest.py; and a process that has threads should not be forked
    os.environ.pop('NUMBA_CACHE_DIR', None)  # what numba compiles stays in the copies
    for name in WARM:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory(prefix='mutate-', ignore_cleanup_errors=True) as work:
        clean, runs, table = Path(work).resolve() / 'clean', [], {}
        for file in files:
            (clean / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HOUSE / file, clean / file)
        for room, test in tests.items():
            since = time.monotonic()
            [(_, _, how)] = outcomes(clean, [(room, None, test, 0)], 1)
            seconds, every = time.monotonic() - since, changes((clean / room).read_bytes())
            if how != 'NOT CAUGHT':
                print(f'{room}: left out, {test} fails on the unchanged room', flush=True)
                continue
            drawn = random.Random(f'{args.seed} {room}').sample(range(len(every)), min(args.count, len(every)))
            runs += [(room, every[number], test, int(3 * seconds) + 20) for number in sorted(drawn)]
            table[room] = [0, 0]
            print(f'{room}: {len(drawn)} of {len(every)} changes; unchanged {seconds:.1f} s', flush=True)
        for room, source, how in outcomes(clean, runs, args.jobs):
            pairs = zip((clean / room).read_bytes().splitlines(), source.splitlines(), strict=True)
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
