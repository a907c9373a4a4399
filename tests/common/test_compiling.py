"""compiling.py: machine code is kept where it can be; whatever is wrong with the files on disk, functions work."""

import importlib.util
import sys

import pytest
from numba.core import caching

from lab.common import compiling

SOURCE = "from lab.common.compiling import compiled\n\n\n@compiled('a step')\ndef step(x):\n    return x + 1\n"
FIRST = 'compiling a step\n'


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """A function that calls a compiled function as a new process would; returns its value and what was told."""
    monkeypatch.delenv('NUMBA_CACHE_DIR', raising=False)
    path = tmp_path / 'steps.py'
    path.write_text(SOURCE)

    def call():
        compiling._note_once.cache_clear()
        spec = importlib.util.spec_from_file_location('steps', path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.step(2), capsys.readouterr().err

    return call


def test_the_second_run_finds_it_compiled_and_says_nothing(run, tmp_path):
    assert [run(), run()] == [(3, FIRST), (3, '')]
    (tmp_path / 'steps.py').write_text(SOURCE.replace('x + 1', 'x + 10'))
    assert [run(), run()] == [(12, '')] * 2


@pytest.mark.parametrize('size', [0, 50])
@pytest.mark.parametrize('ending', ['nbi', 'nbc'])
def test_damaged_files_are_made_anew(ending, size, run, tmp_path):
    run()
    [path] = tmp_path.glob(f'__pycache__/steps.step*.{ending}')
    path.write_bytes(path.read_bytes()[:size])
    assert [run(), run()] == [(3, '')] * 2


def full(*_):
    raise OSError(28, 'No space left on device')


@pytest.mark.parametrize(
    ('where', 'name', 'value'),
    [(caching.IndexDataCacheFile, '_open_for_write', full), (caching.CacheImpl, '_locator_classes', [])],
    ids=['full disk', 'no folder that can be written'],
)
def test_where_no_file_can_be_written_each_run_compiles(where, name, value, run, tmp_path, monkeypatch):
    monkeypatch.setattr(where, name, value)
    assert [run(), run()] == [(3, FIRST)] * 2
    assert not list(tmp_path.glob('__pycache__/steps.step*'))


@pytest.fixture
def fault():
    """compiling.fault(), as a new process would call it."""
    compiling.fault.cache_clear()
    yield compiling.fault
    compiling.fault.cache_clear()


def test_a_numba_that_cannot_be_imported_is_told_in_a_line(fault, tmp_path, monkeypatch):
    (tmp_path / 'numba.py').write_text('raise ImportError("Numba needs\\nNumPy 2.3 or less")')
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.split('.')[0] == 'numba']:
        monkeypatch.delitem(sys.modules, name)
    assert fault() == 'numba cannot be imported (Numba needs NumPy 2.3 or less)'


@pytest.mark.parametrize(('off', 'words'), [(True, 'NUMBA_DISABLE_JIT is set'), (False, None)])
def test_a_numba_that_is_switched_off_is_a_fault(off, words, fault, monkeypatch):
    monkeypatch.setattr(caching.numba.config, 'DISABLE_JIT', off)
    assert fault() == words
