"""fetch.py: files where people have them, and both downloads from a server that behaves well or badly."""

import os
import signal
import socket
import sys
from contextlib import ExitStack

import pytest

from lab.common.errors import UserError
from lab.kuzu import fetch
from tests.kuzu.server import FILES, WHOLE, made_files, official, serving

IMAGES, LABELS = 'train-images-idx3-ubyte', 't10k-labels-idx1-ubyte'


@pytest.fixture
def serve(monkeypatch):
    """Makes a server of this kind the only one that is asked; by default OpenML's alone, as it is the only one now."""
    monkeypatch.setenv('NO_PROXY', '')
    monkeypatch.setenv('no_proxy', '')
    with ExitStack() as stack:

        def make(kind='good', sources=('openml',), files=FILES, silence=30.0):
            server = stack.enter_context(serving(kind, files))
            official(server.mirror, server.openml, monkeypatch.setattr)
            asked = {source: (getattr(fetch, f'from_{source}'), silence) for source in sources}
            monkeypatch.setattr(fetch, 'SOURCES', asked)
            return server

        yield make


def standing(root) -> dict[str, bytes]:
    """Every file under a folder, hidden ones too."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob('*') if path.is_file()}


def put(path, content: bytes):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


# --- where files are


@pytest.mark.parametrize(
    'form',
    [
        *('{0}', 'KMNIST/{0}', 'raw/{0}', 'processed/{0}', 'KMNIST/processed/{0}', 'KMNIST/KMNIST/raw/{0}'),
        *(f'KMNIST/raw/{form}' for form in ('{0}/{0}', '{0}.gz', '{0}.gz/{0}.gz', '{0}.gz/{0}', '{1}')),
    ],
)
def test_files_are_found_where_and_as_people_have_them_and_nothing_is_asked(form, tmp_path, monkeypatch):
    monkeypatch.setattr(fetch, 'SOURCES', {})
    paths = {name: str(tmp_path / form.format(name, fetch.NPZ[name])) for name in FILES}
    for path in paths.values():
        put(tmp_path / path, b'')
    assert fetch.fetch(str(tmp_path)) == paths


def test_a_folder_with_the_name_of_a_file_is_told_with_what_to_do(tmp_path):
    (tmp_path / fetch.RAW / LABELS).mkdir(parents=True)
    with pytest.raises(UserError, match=f'{LABELS} is a folder: put the file of that name in its place'):
        fetch.fetch(str(tmp_path))


# --- downloads


def test_torchvisions_download_makes_the_four_files_and_prints_nothing(serve, tmp_path, capfd):
    server = serve(sources=['torchvision', 'openml'])
    fetch.fetch(str(tmp_path / 'data'))
    assert standing(tmp_path / 'data') == WHOLE
    assert not [path for path in server.asked if 'openml' in path]
    assert capfd.readouterr() == ('', 'downloading KMNIST from torchvision\n')


def test_openml_makes_the_same_files_where_torchvision_does_not_fit_torch_and_says_what_to_install(
    serve, tmp_path, monkeypatch, capsys
):
    serve(sources=['torchvision', 'openml'])
    put(tmp_path / 'torchvision' / '__init__.py', b'raise RuntimeError("operator torchvision::nms does not exist")')
    for name in [name for name in sys.modules if name.split('.')[0] == 'torchvision']:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    fetch.fetch(str(tmp_path / 'data'))
    assert standing(tmp_path / 'data') == WHOLE
    [line] = [line for line in capsys.readouterr().err.splitlines() if 'nms does not exist' in line]
    assert 'pip install --upgrade torch torchvision' in line


def test_only_what_is_missing_is_added(serve, tmp_path):
    mine = os.path.join(fetch.RAW, IMAGES)
    put(tmp_path / mine, b'my own')
    serve()
    fetch.fetch(str(tmp_path))
    assert standing(tmp_path) == {**WHOLE, mine: b'my own'}


@pytest.mark.parametrize(
    ('kind', 'words'),
    [('cut', 'corrupt|ended before'), ('wrong', 'corrupt|checksum'), ('missing', '404|Error'), ('silent', 'timed out')],
)
@pytest.mark.parametrize(('source', 'there'), [('torchvision', ''), ('openml', 'KMNIST')])
@pytest.mark.filterwarnings('ignore')  # scikit-learn warns of each repeated try
def test_after_a_bad_server_all_is_as_before_and_the_error_says_what_goes_where(
    kind, words, source, there, serve, tmp_path
):
    (tmp_path / there).mkdir(parents=True, exist_ok=True)
    before, timeout = [*tmp_path.rglob('*')], socket.getdefaulttimeout()
    serve(kind, [source], silence=0.2 if kind == 'silent' else 30)
    with pytest.raises(UserError, match=f'tried {source}: .*({words})') as refusal:
        fetch.fetch(str(tmp_path))
    assert all(name in str(refusal.value) for name in FILES) and f'into {tmp_path / fetch.RAW}' in str(refusal.value)
    assert [*tmp_path.rglob('*')] == before and socket.getdefaulttimeout() == timeout


@pytest.mark.parametrize('rows', [69, 71])
def test_another_number_of_rows_is_refused(rows, serve, tmp_path):
    serve(files=made_files((50, rows - 50)))
    with pytest.raises(UserError, match='70 rows of 784 pixels'):
        fetch.fetch(str(tmp_path))


@pytest.mark.parametrize('name', [name for name in FILES if name != IMAGES])
def test_one_bit_of_another_file_is_refused_and_leaves_nothing(name, serve, tmp_path):
    serve(files={**FILES, name: FILES[name][:-1] + bytes([FILES[name][-1] ^ 1])})
    with pytest.raises(UserError, match=f'{name} is not the official file'):
        fetch.fetch(str(tmp_path / 'data'))
    assert not [*tmp_path.iterdir()]


def test_training_images_that_alone_are_not_on_record_are_told_and_used(serve, tmp_path, monkeypatch, capsys):
    serve()
    zipped, right = fetch.MD5[IMAGES]
    monkeypatch.setitem(fetch.MD5, IMAGES, (zipped, '0' * 32))
    fetch.fetch(str(tmp_path))
    assert standing(tmp_path) == WHOLE
    assert f'{IMAGES}: its MD5 is {right}, not {"0" * 32}' in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_told_before_anything_is_asked(serve, tmp_path):
    server = serve()
    put(tmp_path / 'KMNIST', b'a file')
    with pytest.raises(OSError):
        fetch.fetch(str(tmp_path))
    assert not server.asked


def test_ctrl_c_ends_the_download_and_leaves_nothing(serve, tmp_path):
    serve('silent').when_silent = lambda: os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        fetch.fetch(str(tmp_path))
    assert not [*tmp_path.iterdir()]
