"""Mutated checkpoints and files to resume from: each is refused with one line or read right, and runs no code."""

import collections
import contextlib
import functools
import io
import math
import os
import pickle
import warnings
import zipfile

import pytest
import torch
from hypothesis import strategies as st

import kuzu_main
from lab.common import files
from lab.common.run import Interrupt
from lab.kuzu import resume
from lab.kuzu.data import Dataset
from lab.kuzu.recipe import choose
from lab.kuzu.settings import Settings
from tests.faults.mutations import OPERATIONS, mutate, survey
from tests.faults.tally import plain, sizes


def network():
    torch.manual_seed(1)
    return torch.nn.Linear(3, 2)


def saved(state: object, form: str = 'zip') -> bytes:
    buffer = io.BytesIO()
    if form == 'bare':
        return pickle.dumps(state, protocol=2)
    torch.save(state, buffer, _use_new_zipfile_serialization=form == 'zip')
    return buffer.getvalue()


def resealed(data: bytes, ending: str, change, compression=zipfile.ZIP_STORED) -> bytes:
    """A checkpoint with one of its entries changed, and with the right checksums all the same."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, 'w', compression) as new:
        for entry in old.infolist():
            part = old.read(entry)
            new.writestr(entry.filename, change(part) if entry.filename.endswith(ending) else part)
    return buffer.getvalue()


def quiet(make):
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        return make()


WEIGHT = torch.arange(6.0).reshape(2, 3)
DTYPES = [torch.float64, torch.float16, torch.bfloat16, torch.float8_e5m2, torch.int64, torch.int8, torch.uint8]
DTYPES += [torch.uint16, torch.bool, torch.complex64, torch.complex128]
TENSORS = st.one_of(
    st.sampled_from(DTYPES).map(WEIGHT.to),
    st.lists(st.integers(0, 4), max_size=4).map(torch.ones),
    st.sampled_from([math.nan, math.inf, -math.inf, 1e300, 3e38]).map(
        lambda value: torch.full((2, 3), value, dtype=torch.float64)
    ),
    st.sampled_from(
        [
            WEIGHT.to_sparse(),
            quiet(WEIGHT.to_sparse_csr),
            quiet(lambda: torch.quantize_per_tensor(WEIGHT, 0.1, 0, torch.qint8)),
            WEIGHT.to('meta'),
            WEIGHT.T.contiguous().T,
            WEIGHT._neg_view(),
            torch.complex(WEIGHT, WEIGHT).conj(),
            torch.zeros(1).expand(2, 3),
            torch.zeros(1).expand(10**6, 10**6),
            torch.empty(10**9, 10**9, device='meta'),
            torch.nn.Parameter(WEIGHT),
            torch.tensor(1.0),
        ]
    ),
)


def doubled() -> list:
    """Lists of a list twice: who walks through it all never comes back."""
    return functools.reduce(lambda inner, _: [inner, inner], range(60), [])


SCALARS = st.one_of(
    st.builds(doubled),
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.builds(bytearray, st.integers(0, 9)),
    st.just(10**30),
)
VALUES = st.recursive(
    TENSORS | SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3)
        | st.tuples(inner, inner)
    ),
    max_leaves=6,
)


def hidden(attributes: dict, state: dict | None = None) -> collections.OrderedDict:
    """A dict whose attributes stand before its methods."""
    state = collections.OrderedDict(state or network().state_dict())
    state.__dict__.update(attributes)
    return state


STATES = st.one_of(
    st.tuples(st.sampled_from(['weight', 'bias', 'more', '', 'weight.0']), VALUES).map(
        lambda pair: {**network().state_dict(), pair[0]: pair[1]}
    ),
    VALUES,
    st.dictionaries(st.sampled_from(['weight', 'bias']), VALUES, max_size=2),
    st.dictionaries(st.sampled_from(['_metadata', 'values', 'keys', 'get', 'copy']), VALUES, max_size=2).map(hidden),
)
STATE = network().state_dict()
SOURCES = {'zip': saved(STATE), 'legacy': saved(STATE, 'legacy')}
PICKLED = st.sampled_from([')', '}', ']', '(', 't', 'R', 'Q', 'b', 's', 'u', 'h\0', 'h\5', 'K\xff', '\x8a\4\0\0\0\x7f'])


def inserted(part: bytes, opcodes: str, share: float) -> bytes:
    return mutate(part, [('insert', share, 1, opcodes.encode('latin1'))])


CHECKPOINTS = st.one_of(
    st.tuples(st.sampled_from([*SOURCES]), st.lists(OPERATIONS, min_size=1, max_size=3)).map(
        lambda made: (mutate(SOURCES[made[0]], made[1]), made)
    ),
    st.tuples(st.sampled_from(['data.pkl', 'data.pkl', 'data/0', 'byteorder']), st.lists(OPERATIONS, max_size=3)).map(
        lambda made: (resealed(SOURCES['zip'], made[0], lambda part: mutate(part, made[1])), made)
    ),
    st.tuples(st.lists(PICKLED, min_size=1, max_size=4).map(''.join), st.floats(0, 1)).map(
        lambda made: (resealed(SOURCES['zip'], 'data.pkl', lambda part: inserted(part, *made)), made)
    ),
    st.tuples(STATES, st.sampled_from(['zip', 'legacy'])).map(lambda made: (quiet(lambda: saved(*made)), made)),
)


def weights_read_right(path) -> bool:
    """Whether a network has, after load_into(), what torch.load() itself finds in the file, and that is finite."""
    model = network()
    files.load_into(model, str(path))
    found, expected = model.state_dict(), dict(dict.items(quiet(lambda: torch.load(path, weights_only=True))))
    return found.keys() == expected.keys() and all(
        torch.equal(found[name], expected[name].to(torch.float32)) and bool(found[name].isfinite().all())
        for name in found
    )


def checkpoints():
    return CHECKPOINTS, weights_read_right


@sizes(150, 4000)
def test_mutated_checkpoints(count, tmp_path):
    survey('mutated checkpoints', count, tmp_path / 'net.pth', checkpoints)


# --- files to resume from


def small(optim: str):
    """A network, its data and its settings, for runs of a few milliseconds."""
    torch.manual_seed(1)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10), torch.nn.LogSoftmax(dim=1))
    images, labels = torch.rand(20, 1, 28, 28), torch.arange(20) % 10
    data = Dataset(images, labels, images, labels, list('0123456789'))
    options = {'recipe': 'fast', 'batch': 32, 'shuffle': True} if optim == 'fast' else {'optim': optim, 'batch': 8}
    return model, data, Settings(seed=1, dataset='digits', images=20, epochs=3, **options)


def trained(optim: str) -> dict:
    """What a .resume file holds after two of three epochs."""
    model, data, settings = small(optim)
    recipe, progress = choose(model, settings), resume.Progress()
    with contextlib.redirect_stdout(io.StringIO()):
        for _ in range(2):
            kuzu_main.train(model, recipe, data, settings, progress, Interrupt())
            progress.end_epoch(1.5, 50.0)
    resume.save('two', model, recipe.optimizer, settings, progress)
    return files.read_tensors('two.resume')


def places(value: object, here=()) -> list:
    """The way to each part of nested dicts and lists."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(place for name, part in inner for place in places(part, (*here, name)))]


def replaced(value: object, place, new: object):
    if not place:
        return new
    value = value.copy()
    value[place[0]] = replaced(value[place[0]], place[1:], new)
    return value


def dropped(value, place):
    value = value.copy()
    if len(place) > 1:
        value[place[0]] = dropped(value[place[0]], place[1:])
    elif place:
        del value[place[0]]
    return value


def resumes_right(optim: str):
    """judge(): a run goes on from the file, with all that it holds, to its end."""

    def judge(path) -> bool:
        model, data, settings = small(optim)
        recipe, name = choose(model, settings), str(path.with_suffix(''))
        progress = resume.restore(resume.load(name), name, model, recipe.optimizer, settings)
        expected = quiet(lambda: torch.load(path, weights_only=True))
        same = plain(progress.as_saved()) == plain(expected['progress'])
        same &= plain(dict(model.state_dict())) == plain(dict(expected['weights']))
        same &= plain(recipe.optimizer.state_dict()['state']) == plain(expected['optimizer']['state'])
        same &= torch.equal(torch.get_rng_state(), expected['random'])
        if progress.epoch <= settings.epochs:
            kuzu_main.train(model, recipe, data, settings, progress, Interrupt())
        return same

    return judge


def to_resume_from(optim: str, folder):
    """In a fork: the strategy and judge() for a run with this optimizer."""
    os.chdir(folder)
    state = trained(optim)
    whole, untrained = saved(state), [('optimizer', 'state', number) for number in (0, 1)]  # of these nothing is known
    strategy = st.one_of(
        st.tuples(st.sampled_from(places(state)), VALUES).map(
            lambda made: (quiet(lambda: saved(replaced(state, *made))), made)
        ),
        st.dictionaries(st.sampled_from(['get', 'keys', 'values', 'copy']), SCALARS).map(
            lambda made: (saved(hidden(made, state)), made)
        ),
        st.sampled_from([place for place in places(state) if place not in untrained]).map(
            lambda place: (saved(dropped(state, place)), place)
        ),
        st.lists(OPERATIONS, min_size=1, max_size=2).map(
            lambda made: (resealed(whole, 'data.pkl', lambda part: mutate(part, made)), made)
        ),
    )
    return strategy, resumes_right(optim)


@sizes(60, 1002)
@pytest.mark.parametrize('optim', ['sgd', 'adam', 'fast'])
def test_mutated_files_to_resume_from(count, optim, tmp_path):
    path = tmp_path / 'net.resume'
    survey('mutated files to resume from', count // 3, path, to_resume_from, optim, tmp_path)
