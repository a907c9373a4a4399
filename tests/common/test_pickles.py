"""pickles.py: plain data passes, whatever its size; code and bombs do not."""

import collections
import io
import pickle
import struct

import pytest
import torch

from lab.common import pickles


def check(data: bytes, count: int = 1, size: int | None = None):
    pickles.check(io.BytesIO(data), count, len(data) if size is None else size)


def storages() -> bytes:
    """The first pickle with tensors in a file of torch < 1.6."""
    file = io.BytesIO()
    torch.save({'weight': torch.nn.Parameter(torch.ones(2))}, file, _use_new_zipfile_serialization=False)
    return file.getvalue()


PLAIN = {
    'numbers and text': pickle.dumps({'lr': 0.1, 'name': 'net', 'steps': [1, (2, 3), True, None]}, 2),
    'an OrderedDict': pickle.dumps(collections.OrderedDict(a=1), 2),
    'a table of 100,000 epochs': pickle.dumps([[n, n / 7, n / 9, n / 11] for n in range(100_000)], 2),
}


@pytest.mark.parametrize('what', PLAIN)
def test_plain_data_passes(what):
    check(PLAIN[what])


def test_all_pickles_of_an_old_file_are_checked():
    check(storages(), count=5)
    good, bad = pickle.dumps(1, 2), pickle.dumps(print, 2)
    check(good * 4 + bad, count=4)
    with pytest.raises(ValueError, match='print is called'):
        check(good * 4 + bad, count=5)


@pytest.mark.parametrize('function', [print, torch.load, torch.Tensor, torch.FloatTensor])
def test_what_is_called_is_refused(function):
    with pytest.raises(ValueError, match='is called'):
        check(pickle.dumps(function, 2))


@pytest.mark.parametrize('put, get', [(b'q\1', b'h\1'), (b'r\1\0\0\0', b'j\1\0\0\0')])
@pytest.mark.parametrize('between', [b'', b'\x80\2', b'q\2', b'r\2\0\0\0'])
@pytest.mark.parametrize('one', [b')', b'K\0\x85', b'K\0K\0\x86', b'K\0K\0K\0\x87', b'(K\0t'])
def test_a_tuple_is_not_used_twice(one, between, put, get):
    for later in (b'', b'N0'):  # at once, or when something else was on top of the stack
        with pytest.raises(ValueError, match='twice'):
            check(b'\x80\2' + one + between + put + later + get + b'\x86.')


def test_a_text_or_list_may_be_used_twice():
    words = ['a', 'b']
    check(pickle.dumps([words, words, 'a', (1, 2)], 2))
    check(b'\x80\2)0Nq\1h\1\x86.')  # the tuple is gone when the None is remembered


def refused(data: bytes, size: int) -> bool:
    """Whether these opcodes are too many objects for a file of so many bytes."""
    try:
        check(b'\x80\2' + data + b'.', size=size)
    except ValueError as error:
        assert 'more objects than data' in str(error)
        return True
    return False


@pytest.mark.parametrize(
    ('made', 'takes'),
    [(b'}', 64), (b']', 56), (b'(', 56), (b'\x8f', 216), (b'R', 400), (b'Q', 200), (b'N', 8), (b'K\0', 8)],
    ids=['dicts', 'lists', 'marks', 'sets', 'calls', 'storages', 'nones', 'numbers'],
)
def test_objects_that_take_more_than_is_allowed_are_refused_and_a_tenth_is_not(made, takes):
    assert refused(made * (1_000_000 // takes + 1), 0)
    assert not refused(made * (1_000_000 // takes // 10), 0)


def test_a_megabyte_and_twenty_times_the_file_are_allowed():
    assert not refused(b'}' * 9_999, 0) and refused(b'}' * 10_000, 0)
    assert not refused(b'}' * 29_999, 100_000) and refused(b'}' * 30_000, 100_000)
    assert not refused(b'N' * 24_998, 0) and refused(b'N' * 24_999, 0)  # with the first opcode and the last: 25,000
    assert not refused(b'R' * 1_666, 0) and refused(b'R' * 1_667, 0)


def test_each_memo_counts():
    memos = b''.join(b'r' + struct.pack('<L', number) for number in range(10_000))
    assert refused(b'N' + memos, 0) and not refused(b'N' + memos, 10_000)
