"""Whether the tests notice a change: one operator or number of a room is changed, and the room's tests are run.

python3 -m tests.mutate                                  64 changes in every room that has tests of its own: hours
python3 -m tests.mutate lab/kuzu/data.py kuzu_main.py    in these rooms
python3 -m tests.mutate kuzu.py --count 9999             every change that there is in one room

The tests of lab/kuzu/data.py are tests/kuzu/test_data*.py, and then those of the script of its part and of students'
modules: tests/test_kuzu_main.py, tests/faults/test_students_kuzu.py. Each change is made in a copy of the house. NOT
CAUGHT means that a test is missing, or that the change makes no difference. More than 90% should be caught.
"""

import argparse
import ast
import contextlib
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
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent
SWAPS = {
    **{ast.Lt: '< <=', ast.LtE: '<= <', ast.Gt: '> >=', ast.GtE: '>= >', ast.Eq: '== !=', ast.NotEq: '!= =='},
    **{ast.In: 'in not in', ast.Is: 'is is not', ast.And: 'and or', ast.Or: 'or and'},
    **{ast.Add: '+ -', ast.Sub: '- +', ast.Mult: '* /', ast.Div: '/ *', ast.FloorDiv: '// *', ast.Mod: '% *'},
}
ITS_SWAP = ast.Eq | ast.NotEq | ast.In | ast.Is  # swapped, such a comparison is negated already
GUARDS = 'TYPE_CHECKING', "__name__ == '__main__'"
SCRIPTS = {'kuzu': 'kuzu_main', 'check': 'check_main', 'seq': 'seq_train', 'insight': 'seq_plot'}
PYTEST = [sys.executable, '-m', 'pytest', '-x', '-q', '-n0', '-p', 'no:cacheprovider', '--hypothesis-seed=0']


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
        with contextlib.suppress(SyntaxError):
            return ast.dump(ast.parse(b'(' + source[slice(*span(node))] + b')').body[0].value) == ast.dump(node)

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
                replace(span(node)[0], span(node.operand)[0], b'')
            case ast.Constant(value=value) if value is True:
                replace(*span(node), b'False')
            case ast.Constant(value=value) if type(value) in (int, float) and value + 1 != value:
                replace(*span(node), repr(value + 1).encode())
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) if is_there(test):
                once = isinstance(test, ast.Compare) and len(test.ops) == 1
                if not ((once and isinstance(test.ops[0], ITS_SWAP)) or isinstance(test, ast.UnaryOp | ast.Constant)):
                    replace(*span(test), b'not (' + source[slice(*span(test))] + b')')
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


def outcome(clean: Path, room: str, source: bytes, tests: list[str], limit: float | None) -> str:
    """How tests end in a copy of the clean house, in which the room has this source, within `limit` seconds."""
    with tempfile.TemporaryDirectory(dir=clean.parent, ignore_cleanup_errors=True) as folder:
        tree = shutil.copytree(clean, Path(folder) / 'house')
        (tree / room).write_bytes(source)
        quiet = {'stdin': subprocess.DEVNULL, 'stdout': subprocess.PIPE, 'stderr': subprocess.DEVNULL}
        process = subprocess.Popen([*PYTEST, *tests], cwd=tree, start_new_session=True, text=True, **quiet)
        try:
            said, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            return 'caught, hangs'
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # and the processes that its tests started
            process.wait()
    passed = process.returncode == 0 and '[100%]' in said  # a change may end the run early, and with 0
    return 'NOT CAUGHT' if passed else 'caught'


def tests_of(room: str, files: list[str]) -> list[str]:
    """The test files of a room of the house, its own first."""
    *folders, name = room.removeprefix('lab/').split('/')
    folder = folders[0] if folders else ''
    pattern = re.escape(os.path.join('tests', folder, f'test_{name[:-3]}')) + r'(_\w+)?\.py'
    own = [file for file in files if re.fullmatch(pattern, file)]
    further = f'tests/test_{SCRIPTS.get(folder)}.py', f'tests/faults/test_students_{folder}.py'
    return own + [file for file in files if file in further]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('rooms', nargs='*', metavar='ROOM', help='a file such as lab/kuzu/data.py (default: all)')
    parser.add_argument('--count', type=int, default=64, help='most changes to draw in a room (default: 64)')
    parser.add_argument('--jobs', type=int, default=os.cpu_count(), help='runs at once (default: one for each core)')
    args = parser.parse_args()
    listed = ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
    names = subprocess.check_output(listed, cwd=HOUSE, text=True).split('\0')
    files = sorted({name for name in names if (HOUSE / name).is_file()})
    rooms = args.rooms or [name for name in files if name.endswith('.py') and tests_of(name, files)]
    table = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work, ThreadPoolExecutor(args.jobs) as pool:
        clean = Path(work).resolve() / 'clean'
        for file in files:
            (clean / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HOUSE / file, clean / file)
        for room in rooms:
            tests, since, old = tests_of(room, files), time.monotonic(), (clean / room).read_bytes()
            if not tests or outcome(clean, room, old, tests, None) == 'caught':
                print(f'{room}: left out, it has no tests of its own that pass', flush=True)
                continue
            limit, every = 3 * (time.monotonic() - since) + 20, changes(old)
            drawn = random.Random(room).sample(every, min(args.count, len(every)))
            ends = pool.map(outcome, repeat(clean), repeat(room), drawn, repeat(tests), repeat(limit))
            table[room] = [len(drawn), 0]
            for new, how in zip(drawn, ends, strict=False):
                pairs = enumerate(zip(old.splitlines(), new.splitlines(), strict=True), 1)
                line, was, now = next((line, *map(bytes.decode, pair)) for line, pair in pairs if pair[0] != pair[1])
                print(f'{how}  {room}:{line}  {was.strip()}  ->  {now.strip()}', flush=True)
                table[room][1] += how != 'NOT CAUGHT'
    table['total'] = [sum(row[column] for row in table.values()) for column in range(2)]
    for room, (count, caught) in table.items():
        print(f'{caught / max(1, count):5.0%}  {caught:4} of {count:4}  {room}')


if __name__ == '__main__':
    main()
