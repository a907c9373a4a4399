"""A student's random.py or torch.py, beside the scripts, hides the module of that name from everybody: it is told so.

A script imports this before all else. os and sys, all that it needs, are loaded before any script.
"""

import os
import sys

FOLDER = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PACKAGES = 'torch', 'torchvision', 'numpy', 'scipy', 'sklearn', 'numba', 'matplotlib', 'PIL', 'tqdm', 'jinja2'


def fault(error: BaseException | None) -> str | None:
    """The line about a file that hides a module, where one was loaded, or where the error came through one.

    Where a name cannot be imported, such a file is enough: its own error may have been lost.
    """
    names = [*PACKAGES, *sys.stdlib_module_names]
    missing = isinstance(error, ModuleNotFoundError) and (error.name or '').split('.')[0]
    files = {getattr(sys.modules.get(name), '__file__', None) for name in ([missing] if missing else names)}
    if isinstance(error, ImportError) and not missing:
        files |= {*filter(os.path.isfile, map(path_of, names))}
    while error:
        trace, error = error.__traceback__, error.__cause__ or error.__context__
        while trace:
            files.add(trace.tb_frame.f_code.co_filename)
            trace = trace.tb_next
    return next((line_of(name) for name in names if path_of(name) in files), None)


def path_of(name: str) -> str:
    """The file that would hide a module."""
    return os.path.join(FOLDER, f'{name}.py')


def line_of(name: str) -> str:
    whose = 'the package' if name in PACKAGES else "Python's own module"
    return f'{name}.py in this folder hides {whose} {name}: rename it'


def _end(kind, error, trace):
    """sys.excepthook, until that of lab/common/run.py is there."""
    line = fault(error)
    if line is None:
        sys.__excepthook__(kind, error, trace)
        return
    sys.stderr.write(f'{os.path.basename(sys.argv[0])}: error: {line}\n')
    raise SystemExit(2)


if os.path.dirname(os.path.abspath(sys.argv[0])) == FOLDER:  # a script runs; whoever imports it keeps their own
    sys.excepthook = _end
