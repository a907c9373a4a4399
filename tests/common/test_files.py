"""files.py: a file is whole or not there; what is loaded is what was saved, and loading runs no code."""

import contextlib
import errno
import io
import math
import os
import pickle
import signal

import pytest
import torch

from lab.common import files
from lab.common.errors import UserError
from tests.faults.forks import Fork

# --- writing


def test_write_makes_the_folder_and_leaves_only_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in 'a/b/file', 'a/b/file', 'file':
        files.write(path, path.encode())
        assert (tmp_path / path).read_bytes() == path.encode()
    assert sorted(os.listdir()) == ['a', 'file'] and os.listdir('a/b') == ['file']


def test_a_write_that_fails_half_way_leaves_the_old_file_alone_and_names_it(tmp_path):
    resource = pytest.importorskip('resource', reason='limits the size of files: Linux and macOS')
    path = tmp_path / 'file'
    path.write_bytes(b'old')
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # the disk is full after 1,000 bytes
    try:
        with pytest.raises(OSError, match='File too large') as caught:
            files.write(str(path), bytes(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b'old' and os.listdir(tmp_path) == ['file']
    assert caught.value.filename == str(path)


def test_the_file_that_a_link_leads_to_is_written(tmp_path):
    (tmp_path / 'other').mkdir()
    (tmp_path / 'link').symlink_to(tmp_path / 'other' / 'file')
    for data in b'first', b'second':
        files.write(str(tmp_path / 'link'), data)
        assert (tmp_path / 'link').is_symlink() and (tmp_path / 'other' / 'file').read_bytes() == data


@pytest.mark.parametrize(('system', 'times', 'written'), [('nt', 3, True), ('nt', 1000, False), ('posix', 1, False)])
def test_a_file_that_windows_does_not_let_go_is_replaced_within_a_second(system, times, written, tmp_path, monkeypatch):
    refusals, replace, path = iter(range(times)), os.replace, tmp_path / 'file'

    def refusing(*paths):
        if next(refusals, None) is not None:
            raise PermissionError(errno.EACCES, 'another program reads it')
        replace(*paths)

    path.write_bytes(b'old')
    monkeypatch.setattr(files, 'BUSY_SECONDS', 0.2)
    monkeypatch.setattr(files.os, 'replace', refusing)
    monkeypatch.setattr(files.os, 'name', system)
    if written:
        files.write(str(path), b'new')
    else:
        with pytest.raises(PermissionError):
            files.write(str(path), b'new')
    assert path.read_bytes() == (b'new' if written else b'old') and os.listdir(tmp_path) == ['file']


def killed(path='file'):
    """In a fork: write a file, and die by kill -9 when it is about to be called so."""
    os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    files.write(path, b'new')


def test_a_run_that_is_killed_while_it_writes_leaves_the_old_file(tmp_path):
    (tmp_path / 'file').write_bytes(b'old')
    assert Fork(killed, tmp_path).end().code == -signal.SIGKILL
    assert (tmp_path / 'file').read_bytes() == b'old'


def test_ctrl_c_while_writing_leaves_the_old_file_alone(tmp_path, monkeypatch):
    path = tmp_path / 'file'
    path.write_bytes(b'old')

    def pressed(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, 'fsync', pressed)
    with pytest.raises(KeyboardInterrupt):
        files.write(str(path), b'new')
    assert path.read_bytes() == b'old' and os.listdir(tmp_path) == ['file']


@pytest.mark.parametrize(('number', 'goes_on'), [(errno.EINVAL, True), (errno.ENOTSUP, True), (errno.EIO, False)])
def test_a_file_system_without_fsync_is_no_error_and_a_disk_that_fails_is(number, goes_on, tmp_path, monkeypatch):
    def refuse(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, 'fsync', refuse)
    with contextlib.nullcontext() if goes_on else pytest.raises(OSError, match=os.strerror(number)):
        files.write(str(tmp_path / 'file'), b'new')
    assert os.listdir(tmp_path) == ['file'] * goes_on


def test_two_processes_of_one_number_have_temporary_files_of_their_own(tmp_path, monkeypatch):
    names = set()
    monkeypatch.setattr(files, '_replace', lambda part, _: names.add(part))
    assert [files.write(str(tmp_path / 'file'), b'new') for _ in range(2)] and len(names) == 2


def test_prepare_makes_the_folder_and_leaves_nothing_in_it(tmp_path):
    files.prepare(str(tmp_path / 'a' / 'b'))
    files.prepare(str(tmp_path / 'a' / 'b'))  # it is there now
    assert os.listdir(tmp_path / 'a' / 'b') == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    def full(**_):
        raise OSError(errno.ENOSPC, 'No space left on device', 'some temporary name')

    monkeypatch.setattr(files.tempfile, 'TemporaryFile', full)
    with pytest.raises(OSError) as caught:
        files.prepare(str(tmp_path))
    assert caught.value.filename == str(tmp_path)
    assert caught.value.strerror == 'cannot write into the folder (No space left on device)'


# --- checkpoints


def network(seed=1):
    torch.manual_seed(seed)
    return torch.nn.Linear(3, 2)


STATE = dict(network().state_dict())


def test_a_checkpoint_is_a_plain_state_dict_that_load_into_brings_back(tmp_path):
    path, model = str(tmp_path / 'net.pth'), network(seed=2)
    files.write_tensors(path, STATE)
    files.load_into(model, path)
    for found in torch.load(path), model.state_dict():
        assert found.keys() == STATE.keys() and all(torch.equal(found[name], STATE[name]) for name in STATE)


def test_files_of_before_torch_1_6_load_and_what_pytorch_warns_of_is_not_told(tmp_path, recwarn):
    path = tmp_path / 'net.pth'
    torch.save(STATE, path, _use_new_zipfile_serialization=False)
    data = path.read_bytes()
    path.write_bytes(data[:1] + b'\3' + data[2:])  # a pickle protocol that weights_only warns of
    files.load_into(network(seed=2), str(path))
    assert not recwarn.list


class Code:
    """An object whose pickle runs code."""

    def __reduce__(self):
        return os.mkdir, ('it ran',)


@pytest.mark.parametrize('form', ['zip', 'legacy', 'bare'])
def test_pickled_code_is_refused_in_one_line_and_does_not_run(form, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if form == 'bare':
        (tmp_path / 'net.pth').write_bytes(pickle.dumps({**STATE, 'bias': Code()}, protocol=2))
    else:
        torch.save({**STATE, 'bias': Code()}, 'net.pth', _use_new_zipfile_serialization=form == 'zip')
    with pytest.raises(UserError, match=r'^net\.pth is not a plain tensor file: .* with code in it$'):
        files.load_into(network(), 'net.pth')
    assert os.listdir() == ['net.pth']


def saved(state) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


STRANGE = {
    'complex numbers': ({**STATE, 'bias': STATE['bias'] + 1j}, 'not a state_dict'),
    'a sparse tensor': ({**STATE, 'bias': STATE['bias'].to_sparse()}, 'of another network'),
    'no numbers at all': ({**STATE, 'bias': STATE['bias'].to('meta')}, 'of another network'),
    'a number beyond float32': ({**STATE, 'bias': STATE['bias'].double() + 1e300}, 'infinite'),
    'a list': ([*STATE.values()], 'not a state_dict'),
    'a number among the tensors': ({**STATE, 'bias': 1}, 'not a state_dict'),
    'another shape': ({**STATE, 'bias': torch.zeros(3)}, 'another network: .*bias.*3.*2'),
    'a name missing': ({'weight': STATE['weight']}, 'another network: .*bias'),
    'a name too many': ({**STATE, 'more': torch.zeros(1)}, 'another network: .*more'),
    'NaN': ({**STATE, 'bias': torch.tensor([1.0, math.nan])}, 'NaN'),
    'nothing': (b'', 'not a plain tensor file'),
    'half of it': (saved(STATE)[:-1], 'not a plain tensor file'),
}


@pytest.mark.parametrize('what', STRANGE)
def test_a_file_of_something_else_is_refused_in_one_line_and_named(what, tmp_path):
    state, word = STRANGE[what]
    path = tmp_path / 'net.pth'
    path.write_bytes(state if isinstance(state, bytes) else saved(state))
    with pytest.raises(UserError, match=word) as refusal:
        files.load_into(network(), str(path))
    assert str(path) in str(refusal.value) and '\n' not in str(refusal.value)


def test_a_file_larger_than_any_network_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / 'net.pth'
    path.write_bytes(saved(STATE))
    monkeypatch.setattr(files, 'LARGEST', 100)
    with pytest.raises(UserError, match=r'net.pth is too large for a checkpoint: 100 bytes at most'):
        files.load_into(network(), str(path))
