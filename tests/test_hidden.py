"""A student's file that hides a module of Python or a package is told; another lab or kuzu hides nothing of ours."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
RUN = 'kuzu_main.py --net lin --dataset digits --epochs 1'


def run(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess:
    """Run a script in a folder with links to the house."""
    for path in [*HOUSE.glob('*.py'), HOUSE / 'lab']:
        (folder / path.name).symlink_to(path)
    around = {name: value for name, value in os.environ.items() if name != 'PYTHONPATH'} | environment
    return subprocess.run([sys.executable, *line.split()], cwd=folder, env=around, capture_output=True, text=True)


@pytest.mark.parametrize(
    ('name', 'source', 'line', 'whose'),
    [
        ('random', '', 'kuzu_main.py --help', "Python's own module"),
        ('copy', '1 / 0', 'seq_train.py', "Python's own module"),
        ('queue', 'import queue\nqueue.no_such', 'kuzu_main.py --help', "Python's own module"),  # its error gets lost
        ('numpy', 'x = [1, 2]', 'check_main.py', 'the package'),
        ('matplotlib', '', RUN, 'the package'),
    ],
)
def test_a_file_that_hides_a_module_is_named_in_one_line(name, source, line, whose, tmp_path):
    (tmp_path / f'{name}.py').write_text(source)
    done = run(line, tmp_path)
    told = f'{line.split()[0]}: error: {name}.py in this folder hides {whose} {name}: rename it'
    assert (done.returncode, done.stdout, done.stderr.splitlines()[-1]) == (2, '', told)
    assert 'Traceback' not in done.stderr


def test_a_file_that_hides_a_module_which_nobody_needs_does_no_harm(tmp_path):
    (tmp_path / 'turtle.py').write_text('')
    assert run('kuzu_main.py --no_such', tmp_path).stderr == 'kuzu_main.py: error: unrecognized arguments: --no_such\n'


def test_other_packages_called_lab_or_kuzu_are_not_taken_for_ours(tmp_path):
    for name in 'lab', 'kuzu':
        other = tmp_path / 'other' / name
        other.mkdir(parents=True)
        (other / '__init__.py').write_text('raise SystemExit("not ours")')
    done = run(RUN, tmp_path, PYTHONSAFEPATH='1', PYTHONPATH=str(tmp_path / 'other'))
    assert (done.returncode, done.stderr.count('not ours')) == (0, 0)
