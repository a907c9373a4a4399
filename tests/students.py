"""Scripts of the lab with a student's own modules in the place of ours."""

import functools
import os
import re
import runpy
import sys
import textwrap
from pathlib import Path

from tests.faults.forks import End, Fork

HOUSE = Path(__file__).parents[1]


def run(line: str, folder: Path, gone: str = '', **modules: str) -> End:
    """How a script ends, with the flags in `line`, in `folder`; modules: the source of each file that is not ours.

    gone: the module that is missing. The folder gets links to the rest of the house.
    """
    for path in [*HOUSE.glob('*.py'), HOUSE / 'lab', HOUSE / 'check.csv']:
        if path.stem not in (gone, *modules) and not (folder / path.name).exists():
            (folder / path.name).symlink_to(path)
    for name, source in modules.items():
        (folder / f'{name}.py').write_text(textwrap.dedent(source))
    return Fork(functools.partial(_play, *line.split()), folder).end()


def refused(end: End, pattern: str):
    """Hold that a script ended with exit code 2 and one line, and printed nothing else."""
    assert end.told() == 'refused', end
    assert re.search(pattern, end.err.splitlines()[-1]), end.err
    assert end.out == ''


def _play(script: str, *flags: str):
    """In a fork: run a script of the current folder as Python itself would."""
    ours = {path.stem for path in HOUSE.glob('*.py')} | {'lab'}
    for name in [name for name in sys.modules if name.split('.')[0] in ours]:
        del sys.modules[name]
    sys.path[:] = [path for path in sys.path if path not in ('', str(HOUSE))]
    sys.argv = [f'{script}.py', *flags]
    try:
        runpy.run_path(os.path.abspath(f'{script}.py'), run_name='__main__')
    except SystemExit:
        raise
    except BaseException:
        sys.excepthook(*sys.exc_info())
        raise SystemExit(1) from None
