"""checkpoint.py: what is loaded is what was saved, and loading runs no code."""

import collections
import io
import math
import os
import pickle
import zipfile

import pytest
import torch

from lab.common import files
from lab.common.errors import UserError


def network():
    torch.manual_seed(1)
    return torch.nn.Linear(3, 2)


@pytest.fixture
def saved(tmp_path):
    """A checkpoint file of network()."""
    path = tmp_path / 'net.pth'
    files.write_tensors(str(path), network().state_dict())
    return path


def refused(path, word: str):
    """That load_into() refuses a file, names it, and leaves the network as it was."""
    model = network()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(UserError, match=word) as refusal:
        files.load_into(model, str(path))
    assert str(path) in str(refusal.value)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_a_checkpoint_is_a_plain_state_dict(saved):
    state = torch.load(saved)
    assert all(torch.equal(value, state[name]) for name, value in network().state_dict().items())


def test_load_into_brings_back_what_was_saved(saved):
    model = torch.nn.Linear(3, 2)
    files.load_into(model, str(saved))
    assert torch.equal(model.weight, network().weight) and torch.equal(model.bias, network().bias)


def test_files_in_the_format_of_before_torch_1_6_load(tmp_path):
    torch.save(network().state_dict(), tmp_path / 'net.pth', _use_new_zipfile_serialization=False)
    files.load_into(network(), str(tmp_path / 'net.pth'))


def test_the_same_state_is_saved_as_the_same_bytes(saved, tmp_path):
    files.write_tensors(str(tmp_path / 'again.pth'), network().state_dict())
    assert (tmp_path / 'again.pth').read_bytes() == saved.read_bytes()


def test_what_pytorch_warns_of_is_not_told(saved, recwarn):
    torch.save(network().state_dict(), saved, _use_new_zipfile_serialization=False)
    data = bytearray(saved.read_bytes())
    assert data[0] == 0x80
    data[1] = 3  # a pickle protocol that weights_only warns of
    saved.write_bytes(data)
    files.load_into(network(), str(saved))
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
    files.load_into(network(), str(tmp_path / 'net.pth'))


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


def test_code_does_not_run_even_where_the_first_check_misses_it(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, '_check', lambda data: None)
    path, Code.mark = tmp_path / 'net.pth', str(tmp_path / 'it ran')
    torch.save({'weight': Code()}, path)
    refused(path, 'with code in it')
    assert not os.path.exists(Code.mark)


@pytest.mark.parametrize('count', [10, 1_000_000])
def test_a_compressed_file_is_refused_before_it_unfolds(count, tmp_path):
    buffer = io.BytesIO()
    torch.save({'weight': torch.zeros(count)}, buffer)
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
    files.write_tensors(str(path), change(dict(network().state_dict())))
    refused(path, word)


HALF = torch.tensor([0.5])


@pytest.mark.parametrize(
    ('found', 'wanted', 'alike'),
    [
        (1, 2, True),
        (1, 2.0, False),
        (1.5, 2.0, True),
        (math.inf, 2.0, False),
        (math.nan, 2.0, False),
        ('text', 'words', True),
        (HALF, torch.tensor([3.0]), True),
        (HALF, torch.tensor([3]), False),
        (HALF, torch.tensor([3.0, 4.0]), False),
        (torch.tensor([math.nan]), HALF, False),
        ({'a': 1, 'b': HALF}, {'a': 2, 'b': HALF}, True),
        ({'a': 1}, {'a': 2, 'b': HALF}, False),
        ({'a': 1, 'c': HALF}, {'a': 2, 'b': HALF}, False),
        ({'a': 1, 'b': 1}, {'a': 2, 'b': HALF}, False),
        ([1, (HALF, 2.5)], [3, (HALF, 0.5)], True),
        ([1, (HALF, 2.5)], [3, (HALF, 1)], False),
        ([1], [1, 2], False),
        ((1,), [1], False),
    ],
)
def test_values_are_alike_where_types_names_and_shapes_are(found, wanted, alike):
    assert files.alike(found, wanted) is alike


@pytest.mark.parametrize('protocol', [4, 5])
@pytest.mark.parametrize('zipped', [True, False])
def test_a_file_of_another_pickle_protocol_is_told_with_what_to_do(protocol, zipped, tmp_path):
    path = str(tmp_path / 'a.pth')
    torch.save({'V': torch.ones(2)}, path, pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
    with pytest.raises(UserError, match=rf'pickled with protocol {protocol}, .* torch\.save\(state_dict, path\)'):
        files.read_tensors(path)


def test_a_pickle_without_torch_is_told_likewise(tmp_path):
    (tmp_path / 'a.pth').write_bytes(pickle.dumps({'V': [1.0]}))
    with pytest.raises(UserError, match='pickled with protocol'):
        files.read_tensors(str(tmp_path / 'a.pth'))
