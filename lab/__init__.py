"""What stands behind the scripts: a package for each part of the lab, and what they share.

Here stands what is told of a student's random.py or torch.py: it hides the module of that name from everybody.
"""

import os
import sys

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PACKAGES = 'torch', 'torchvision', 'numpy', 'scipy', 'sklearn', 'numba', 'matplotlib', 'PIL', 'tqdm', 'jinja2'


def hidden(error: BaseException | None, *names: str) -> str | None:
    """The line about a file that hides a module and was loaded, or that the error came through; or of `names`."""
    files, known = {*names}, [*PACKAGES, *sys.stdlib_module_names]
    missing = isinstance(error, ModuleNotFoundError) and (error.name or '').split('.')[0]
    loaded = {getattr(sys.modules.get(name), '__file__', None) for name in ([missing] if missing else known)}
    lost = isinstance(error, ImportError) and not missing  # the file's own error may have been lost
    while error:
        trace, error = error.__traceback__, error.__cause__ or error.__context__
        while trace:
            loaded.add(trace.tb_frame.f_code.co_filename)
            trace = trace.tb_next
    for name in known:
        file = os.path.join(FOLDER, f'{name}.py')
        if file in loaded or ((lost or name in files) and os.path.isfile(file)):
            whose = 'the package' if name in PACKAGES else "Python's own module"
            return f'{name}.py in this folder hides {whose} {name}: rename it'
    return None


def _end(kind, error, trace):
    """sys.excepthook of a script, until that of lab/common/run.py is there."""
    line = hidden(error)
    if line is None:
        return sys.__excepthook__(kind, error, trace)
    sys.stderr.write(f'{os.path.basename(sys.argv[0])}: error: {line}\n')
    raise SystemExit(2)


if os.path.dirname(os.path.abspath(sys.argv[0])) == FOLDER:
    sys.excepthook = _end
