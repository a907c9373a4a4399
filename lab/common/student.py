"""A student's own module is input, like a file: what is wrong with it is told in one line, with file and line."""

import argparse
import contextlib
import functools
import importlib.util
import inspect
import io
import os
import random
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from lab.common.errors import UserError, machine, note

OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
THEIRS: set[str] = set()  # the files of students' modules
LONGEST = 300  # characters of an error's own words


class Fault(UserError):
    """What a student's module has wrong, or has not yet."""


@contextlib.contextmanager
def module(name: str) -> Iterator[None]:
    """For the import of a student's module: with module('kuzu'): import kuzu. Raises Fault if it cannot be loaded."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.has_location:
        raise Fault(f'the file {name}.py is missing from this folder')
    THEIRS.add(os.path.abspath(spec.origin))
    _tell_warnings_once()
    usage = argparse.ArgumentParser.error
    argparse.ArgumentParser.error = staticmethod(sys.exit)  # without its lines: parse_args() in a module is told below
    try:
        yield
    except SystemExit as error:
        raise Fault(f'{name}.py ends the program while it is loaded: {_where(error)} should not exit') from error
    except Exception as error:
        if b'\0' in Path(spec.origin).read_bytes():
            raise Fault(f'{name}.py holds zero bytes, as a file saved as UTF-16 does: save it as UTF-8') from error
        raise Fault(blame(error) or f'{name}.py: {_words(error)}') from error
    finally:
        argparse.ArgumentParser.error = usage


def get(name: str, thing: str) -> Callable:
    """A class of a student's module that was loaded. Raises Fault where there is none."""
    found = getattr(sys.modules[name], thing, None)
    if found is None:
        raise Fault(f'{name}.py has no class {thing}')
    if not callable(found) or (hasattr(found, 'forward') and not isinstance(found, type)):
        raise Fault(f'{thing} in {name}.py should be a class: it is an object of the class {type(found).__name__}')
    return found


def signature(thing: Callable) -> inspect.Signature:
    """The arguments that a student's class, method or function takes. Raises Fault where self was forgotten."""
    method = thing.__init__ if isinstance(thing, type) else thing if inspect.ismethod(thing) else None
    function = getattr(method, '__func__', method)
    names = inspect.signature(function).parameters if inspect.isfunction(function) else {'self': None}
    if not names or ('self' not in names and 'self' in function.__code__.co_names):
        raise Fault(without_self(function))
    return inspect.signature(thing)


def without_self(function: Callable) -> str:
    """The line about a method whose self was forgotten."""
    place = _place(function.__code__.co_filename, function.__code__.co_firstlineno)
    return f'{place}: {function.__qualname__}() needs self as its first argument'


def call(thing: Callable, *values, least: int):
    """Call a student's class with as many of these values, in order, as it takes. Raises Fault if it fails.

    `least` of them it has to take.
    """
    takes = signature(thing)
    for count in range(len(values), least - 1, -1):
        with contextlib.suppress(TypeError):
            takes.bind(*values[:count])
            with faults(thing):
                return thing(*values[:count])
    given = ', '.join(map(repr, values[:least]))
    raise Fault(f'{_name(thing)} in {file_of(thing)} has the arguments {takes}: it should take ({given})')


@contextlib.contextmanager
def faults(thing: Callable) -> Iterator[None]:
    """For calls of a student's class or function: what they raise becomes a Fault, which is one line."""
    with contextlib.suppress(TypeError):  # a partial function, say, has no file
        file = os.path.abspath(inspect.getfile(thing))
        THEIRS.update([] if '-packages' in file else [file])  # a network can be of a class of PyTorch
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        if machine(error):
            raise
        raise Fault(blame(error) or f'{file_of(thing)}: {_name(thing)}: {_words(error)}') from error


@contextlib.contextmanager
def weights_set(model, file: str) -> Iterator[None]:
    """For a student's set_weights() and a trial: a Fault names a parameter that got another shape."""
    shapes = {name: tuple(value.shape) for name, value in model.named_parameters()}
    try:
        with faults(type(model)):
            yield
    except Fault as fault:
        given = {name: tuple(value.shape) for name, value in model.named_parameters()}
        for name in [name for name in given if given[name] != shapes.get(name)][:1]:
            wrong = f'gives {name} the shape {given[name]}: it should be {shapes.get(name)}'
            raise Fault(f'set_weights() of this {file} {wrong}') from fault
        raise
    if not all(value.isfinite().all() for value in model.parameters()):
        raise Fault(f'set_weights() of this {file} sets weights to NaN or infinite numbers')


@contextlib.contextmanager
def trial() -> Iterator[io.StringIO]:
    """For calls that the lab does not make: no prints, no warnings, and random numbers go on as if there were none.

    Gives the buffer that gets what is printed.
    """
    import numpy
    import torch

    with contextlib.ExitStack() as stack:
        stack.callback(random.setstate, random.getstate())
        stack.callback(numpy.random.set_state, numpy.random.get_state())
        devices = [torch.cuda.current_device()] if torch.cuda.is_initialized() else []
        stack.enter_context(torch.random.fork_rng(devices))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter('ignore')
        yield stack.enter_context(contextlib.redirect_stdout(io.StringIO()))


def file_of(thing: Callable) -> str:
    """The name of the file that a class or a function stands in."""
    try:
        return os.path.basename(inspect.getfile(thing))
    except TypeError:
        return 'the module'


def _name(thing: Callable) -> str:
    return getattr(thing, '__name__', type(thing).__name__)


def adapt(model, name: str, change: Callable):
    """From now on model(x) gives change(what it gave). Returns the model.

    Raises Fault, which begins with the `name` of its class, where it is no nn.Module or has no parameters.
    """
    import torch

    if not isinstance(model, torch.nn.Module):
        raise Fault(f'{name} should be an nn.Module')
    if not list(model.parameters()):
        raise Fault(f'{name} has no parameters yet')
    model.register_forward_hook(lambda module, inputs, returned: change(returned))
    return model


def tensors(returned) -> list:
    """All tensors that a model returned, in order, also those in tuples, lists and dicts."""
    import torch

    if isinstance(returned, torch.Tensor):
        return [returned]
    values = [*returned.values()] if isinstance(returned, dict) else returned
    return [one for value in values for one in tensors(value)] if isinstance(values, tuple | list) else []


def blame(error: BaseException) -> str | None:
    """The line about an error of a student's module, or of a file beside it that it uses; None where it is of others.

    A ValueError that the module itself raises is a refusal: its own words are the whole line.
    """
    if line := _self_forgotten(error):
        return line
    place = _where(error)
    if place is None:
        return None
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.split('.')[0]
        return (
            f'{place}: it imports {error.name!r}, which is neither an installed package nor a file beside it: '
            f'pip install {package}, or put {package}.py beside it, or leave that import out'
        )
    last = traceback.extract_tb(error.__traceback__)[-1]
    if isinstance(error, ValueError) and place == _place(last.filename, last.lineno) and last.line.startswith('raise'):
        return str(error)
    if isinstance(error, NameError) and error.name == 'self':
        return f'{place}: {last.name}() needs self as its first argument'
    return f'{place}: {_words(error, last.line)}'


def _self_forgotten(error: BaseException) -> str | None:
    """The line about a method without self that was called, of any class."""
    called = re.match(r'(\w+)\.(\w+)\(\) takes ', str(error))
    for module in [*sys.modules.values()] if called else []:
        function = getattr(getattr(module, '__dict__', {}).get(called[1]), called[2], None)
        if inspect.isfunction(function) and 'self' not in inspect.signature(function).parameters:
            return without_self(function)
    return None


def _where(error: BaseException) -> str | None:
    """'kuzu.py:12', the last line of a student's module that an error came through; None if it came through none."""
    place, folders = None, {os.path.dirname(file) for file in THEIRS}
    for frame in traceback.extract_tb(error.__traceback__):
        file = os.path.abspath(frame.filename)
        if file in THEIRS or (place and os.path.dirname(file) in folders):
            place = _place(file, frame.lineno)
        elif file.startswith(OURS):
            place = None
    if isinstance(error, SyntaxError) and error.filename and os.path.dirname(error.filename) in folders:
        place = _place(error.filename, error.lineno)
    return place


def _place(file: str, line: int | None) -> str:
    return f'{os.path.basename(file)}:{line}' if line else os.path.basename(file)


def _words(error: BaseException, line: str = '') -> str:
    """The kind of an error and its first words; where it has none, those of the line that raised it."""
    text = f'{error.msg}: {error.text or ""}' if isinstance(error, SyntaxError) else str(error)
    words = (text.strip() or line).splitlines()[:1]
    return ': '.join([type(error).__name__, *words])[:LONGEST]


@functools.cache
def _tell_warnings_once():
    """From now on a warning about a student's module is a note, and the same one is told once."""
    show, note_once = warnings.showwarning, functools.cache(note)

    def showwarning(message, category, filename, lineno, *rest, **more):
        calls = ((frame.f_code.co_filename, line) for frame, line in traceback.walk_stack(None))  # of torch, say
        places = [place for place in [(filename, lineno), *calls] if os.path.abspath(place[0]) in THEIRS]
        if places:
            note_once(f'{_place(*places[0])}: {_words(message)}')
        else:
            show(message, category, filename, lineno, *rest, **more)

    warnings.showwarning = showwarning
