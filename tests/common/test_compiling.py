"""compiling.py: machine code is kept where it can be; whatever is wrong with the copy on disk, functions work."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from numba.core import caching

from lab.common import compiling

HOUSE = Path(__file__).parents[2]
SOURCE = "from lab.common.compiling import compiled\n\n\n@compiled('a step')\ndef step(x):\n    return x + 1\n"
FIRST = 'compiling a step\nthe next run finds it compiled\n'


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """A function that calls a compiled function as a new process would; returns its value and what was told."""
    path = tmp_path / 'steps.py'
    path.write_text(SOURCE)

    def call():
        compiling._once.cache_clear()
        spec = importlib.util.spec_from_file_location('steps', path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.step(2), capsys.readouterr().err

    yield call


def kept(tmp_path) -> list:
    return sorted(tmp_path.glob('__pycache__/steps.step*.nb?'))


def test_the_second_run_finds_it_compiled_and_says_nothing(run):
    assert [run(), run()] == [(3, FIRST), (3, '')]


def test_it_is_compiled_anew_where_a_module_that_it_calls_has_changed(run, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    part = tmp_path / 'part_of_steps.py'
    calling = 'import part_of_steps\n\n' + SOURCE.replace("'a step'", "'a step', (part_of_steps,)")
    (tmp_path / 'steps.py').write_text(calling.replace('x + 1', 'part_of_steps.add(x)'))
    for number in (10, 100):
        part.write_text(f'from numba import njit\n\n\n@njit\ndef add(x):\n    return x + {number}\n')
        assert [run(), run()] == [(2 + number, FIRST), (2 + number, '')]
        del sys.modules['part_of_steps']


def flip(data: bytes) -> bytes:
    return data[:2000] + bytes([data[2000] ^ 1]) + data[2001:]  # in the machine code


@pytest.mark.parametrize('change', [lambda data: b'', lambda data: data[:100], flip])
@pytest.mark.parametrize('ending', ['nbi', 'nbc'])
def test_damaged_files_are_made_anew(ending, change, run, tmp_path):
    run()
    [path] = [path for path in kept(tmp_path) if path.suffix == f'.{ending}']
    data = path.read_bytes()
    path.write_bytes(change(data) if len(data) > 2000 else data[:50])
    assert [run(), run()] == [(3, FIRST), (3, '')]


def test_files_of_another_version_of_numba_are_made_anew(run, monkeypatch):
    run()
    monkeypatch.setattr(caching.numba, '__version__', '0.1')
    assert [run(), run()] == [(3, FIRST), (3, '')]


def test_a_full_disk_costs_only_that_each_run_compiles(run, tmp_path, monkeypatch):
    def full(self, *_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(caching.IndexDataCacheFile, '_open_for_write', full)
    assert [run(), run()] == [(3, 'compiling a step\n')] * 2
    assert kept(tmp_path) == []


def test_without_a_folder_to_write_each_run_compiles(run, tmp_path, monkeypatch):
    monkeypatch.setattr(caching.CacheImpl, '_locator_classes', [])
    assert [run(), run()] == [(3, 'compiling a step\n')] * 2
    assert kept(tmp_path) == []


def test_a_numba_that_cannot_be_imported_is_told_in_a_line(tmp_path, monkeypatch):
    (tmp_path / 'numba.py').write_text('raise ImportError("Numba needs\\nNumPy 2.3 or less")')
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.split('.')[0] == 'numba']:
        monkeypatch.delitem(sys.modules, name)
    compiling.fault.cache_clear()
    assert compiling.fault() == 'numba cannot be imported (Numba needs NumPy 2.3 or less)'
    compiling.fault.cache_clear()


def test_scipy_can_be_imported_after_numba_was_loaded_without_its_linear_algebra():
    code = 'from lab.common.compiling import compiled; import sys; compiled()(lambda x: x); '
    code += 'print("scipy.linalg" in sys.modules); from scipy import linalg; print(linalg.norm([3, 4]))'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True, cwd=HOUSE)
    assert done.stdout == 'False\n5.0\n'


def test_a_numba_that_is_switched_off_is_a_fault(monkeypatch):
    monkeypatch.setattr(caching.numba.config, 'DISABLE_JIT', True)
    compiling.fault.cache_clear()
    assert compiling.fault() == 'NUMBA_DISABLE_JIT is set'
    compiling.fault.cache_clear()


def test_a_numba_that_can_be_imported_is_no_fault():
    assert compiling.fault() is None
