"""checkpoint.py: files are whole or not there, and loading runs no code."""

import collections
import io
import os
import pickle
import resource
import signal
import time
import zipfile

import pytest
import torch

from lab.common import checkpoint, files
from lab.common.endings import UserError


def network():
    torch.manual_seed(1)
    return torch.nn.Linear(3, 2)


@pytest.fixture
def saved(tmp_path):
    """A checkpoint file of network()."""
    path = tmp_path / 'net.pth'
    checkpoint.save(str(path), network().state_dict())
    return path


def refused(path, word: str):
    """That load_into() refuses a file, names it, and leaves the network as it was."""
    model = network()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(UserError, match=word) as refusal:
        checkpoint.load_into(model, str(path))
    assert str(path) in str(refusal.value)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


# --- writing


def test_write_makes_the_folder_and_leaves_only_the_file(tmp_path):
    path = tmp_path / 'a' / 'b' / 'file'
    files.write(str(path), b'new')
    assert path.read_bytes() == b'new' and os.listdir(path.parent) == ['file']


def test_write_takes_a_path_without_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files.write('file', b'new')
    assert (tmp_path / 'file').read_bytes() == b'new'


def test_a_write_that_fails_half_way_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / 'file'
    path.write_bytes(b'old')
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # the disk is full after 1,000 bytes
    try:
        with pytest.raises(OSError):
            files.write(str(path), bytes(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b'old' and os.listdir(tmp_path) == ['file']


@pytest.mark.skipif(os.geteuid() == 0, reason='root may write everywhere')
def test_a_folder_that_cannot_be_written_raises_oserror(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OSError):
        files.write(str(tmp_path / 'file'), b'new')


def test_a_file_where_the_folder_should_be_raises_oserror(tmp_path):
    (tmp_path / 'net').write_bytes(b'')
    with pytest.raises(OSError):
        files.write(str(tmp_path / 'net' / 'file'), b'new')


def test_ctrl_c_while_writing_leaves_the_old_file_alone(tmp_path, monkeypatch):
    path = tmp_path / 'file'
    path.write_bytes(b'old')

    def pressed(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, 'fsync', pressed)
    with pytest.raises(KeyboardInterrupt):
        files.write(str(path), b'new')
    assert path.read_bytes() == b'old' and os.listdir(tmp_path) == ['file']


@pytest.mark.filterwarnings('ignore::DeprecationWarning')  # of fork() beside torch's sleeping threads
@pytest.mark.parametrize('moment, content', [('fsync', b'old'), ('replace', b'old'), ('scandir', b'new')])
def test_killed_at_any_moment_the_file_is_the_old_or_the_new_one(tmp_path, monkeypatch, moment, content):
    path = tmp_path / 'file'
    path.write_bytes(b'old')
    child = os.fork()
    if child == 0:
        setattr(os, moment, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        files.write(str(path), b'new')
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert path.read_bytes() == content


def test_part_files_of_killed_runs_are_swept_but_not_those_of_running_ones(tmp_path):
    for name, age in ('.file.1.part', files.STALE_SECONDS + 60), ('.file.2.part', 60):
        (tmp_path / name).write_bytes(b'')
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    files.write(str(tmp_path / 'file'), b'new')
    assert sorted(os.listdir(tmp_path)) == ['.file.2.part', 'file']


# --- loading


def test_a_checkpoint_is_a_plain_state_dict(saved):
    state = torch.load(saved)
    assert all(torch.equal(value, state[name]) for name, value in network().state_dict().items())


def test_load_into_brings_back_what_was_saved(saved):
    model = torch.nn.Linear(3, 2)
    checkpoint.load_into(model, str(saved))
    assert torch.equal(model.weight, network().weight) and torch.equal(model.bias, network().bias)


def test_files_in_the_format_of_before_torch_1_6_load(tmp_path):
    torch.save(network().state_dict(), tmp_path / 'net.pth', _use_new_zipfile_serialization=False)
    checkpoint.load_into(network(), str(tmp_path / 'net.pth'))


def test_the_same_state_is_saved_as_the_same_bytes(saved, tmp_path):
    checkpoint.save(str(tmp_path / 'again.pth'), network().state_dict())
    assert (tmp_path / 'again.pth').read_bytes() == saved.read_bytes()


def test_what_pytorch_warns_of_is_not_told(saved, recwarn):
    torch.save(network().state_dict(), saved, _use_new_zipfile_serialization=False)
    data = bytearray(saved.read_bytes())
    assert data[0] == 0x80
    data[1] = 3  # a pickle protocol that weights_only warns of
    saved.write_bytes(data)
    checkpoint.load_into(network(), str(saved))
    assert not recwarn.list


def test_a_missing_file_is_refused(tmp_path):
    refused(tmp_path / 'none.pth', 'no file')


@pytest.mark.parametrize('keep', [0, 1, 100, -1])
def test_truncated_files_are_refused(saved, keep):
    saved.write_bytes(saved.read_bytes()[:keep])
    refused(saved, 'not a plain tensor file')


def test_attributes_of_an_ordereddict_in_a_file_are_not_used(tmp_path):
    state = collections.OrderedDict(network().state_dict())
    state._metadata = state.values = state.keys = 5
    torch.save(state, tmp_path / 'net.pth')
    checkpoint.load_into(network(), str(tmp_path / 'net.pth'))


class Code:
    """An object whose pickle runs code."""

    def __reduce__(self):
        return os.mkdir, (Code.mark,)


@pytest.mark.parametrize('form', ['zip', 'legacy', 'bare'])
def test_pickled_code_is_refused_and_does_not_run(tmp_path, form):
    path, Code.mark = tmp_path / 'net.pth', str(tmp_path / 'it ran')
    if form == 'bare':
        path.write_bytes(pickle.dumps({'weight': Code()}, protocol=2))
    else:
        torch.save({'weight': Code()}, path, _use_new_zipfile_serialization=form == 'zip')
    refused(path, 'with code in it')
    assert not os.path.exists(Code.mark)


def test_a_zip_bomb_is_refused_before_it_unfolds(tmp_path):
    buffer = io.BytesIO()
    torch.save({'weight': torch.zeros(1_000_000)}, buffer)
    path = tmp_path / 'net.pth'
    with zipfile.ZipFile(buffer) as plain, zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as packed:
        for entry in plain.infolist():
            packed.writestr(entry.filename, plain.read(entry))
    assert path.stat().st_size < 100_000
    refused(path, 'not a plain tensor file')


STRANGE = {
    'complex numbers': (lambda state: {**state, 'bias': state['bias'] + 1j}, 'bias is torch.complex64, this'),
    'whole numbers': (lambda state: {**state, 'bias': state['bias'].long()}, 'bias is torch.int64, this'),
    'a sparse tensor': (lambda state: {**state, 'bias': state['bias'].to_sparse()}, 'not a plain tensor file'),
    'no numbers at all': (lambda state: {**state, 'bias': state['bias'].to('meta')}, 'not a plain tensor file'),
    'a number beyond float32': (lambda state: {**state, 'bias': state['bias'].double() + 1e300}, 'infinite'),
    'a list': (lambda state: list(state.values()), 'not a state_dict'),
    'a number among the tensors': (lambda state: {**state, 'bias': 1}, 'not a state_dict'),
    'another shape': (lambda state: {**state, 'bias': torch.zeros(3)}, r'bias is \(3,\), this network has \(2,\)'),
    'a name missing': (lambda state: {'weight': state['weight']}, 'bias is missing'),
    'a name too many': (lambda state: {**state, 'more': torch.zeros(1)}, 'more is'),
    'NaN': (lambda state: {**state, 'bias': torch.tensor([1.0, float('nan')])}, 'NaN'),
    'infinity': (lambda state: {**state, 'bias': torch.tensor([1.0, float('inf')])}, 'infinite'),
}


@pytest.mark.parametrize('what', STRANGE)
def test_a_file_of_something_else_is_refused(tmp_path, what):
    change, word = STRANGE[what]
    path = tmp_path / 'net.pth'
    checkpoint.save(str(path), change(dict(network().state_dict())))
    refused(path, word)
