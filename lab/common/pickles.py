"""Check a pickle before anything is made of it: it may hold tensors, numbers and text, and nothing else.

torch.load(weights_only=True) runs no code from a file, but it still makes what the file names: a kilobyte can ask for
bytearray(10**10), which takes 10 GB. So the pickle's instructions (opcodes) are read first, without carrying them out.
"""

import io
import pickletools
import re

GLOBALS = re.compile(r'torch\._utils _rebuild_(tensor_v2|parameter)|collections OrderedDict|torch \w+Storage')
TUPLES = {'EMPTY_TUPLE', 'TUPLE1', 'TUPLE2', 'TUPLE3', 'TUPLE'}
STORE = {'BINPUT', 'LONG_BINPUT'}  # remember the top of the stack under a number
KEEP = STORE | {'PROTO'}  # leave the stack as it is
FETCH = {'BINGET', 'LONG_BINGET'}  # put what was remembered on the stack again
# What an opcode makes takes at most so many bytes of memory, numbers and text inside it not counted
COST = dict.fromkeys(['EMPTY_DICT', 'EMPTY_LIST', 'MARK', *STORE], 100)
COST |= dict.fromkeys(['EMPTY_SET', 'REDUCE', 'BINPERSID'], 600)
OTHER = 40
TIMES, FREE = 20, 1_000_000  # all together may take 20 times the file's size and a megabyte


PROTOCOL = 3  # torch.save takes 2; torch.load(weights_only=True) does not know the instructions of 4 and 5


class OtherProtocol(ValueError):
    """The pickle may be plain data, but cannot be read without running what it holds. args: its protocol."""


def check(stream: io.BytesIO, pickles: int, size: int):
    """Check so many pickles, one after the other, of a file of `size` bytes.

    Raises ValueError: not plain data. Raises OtherProtocol: of a protocol later than PROTOCOL.
    """
    cost = 0
    for _ in range(pickles):
        tuples, on_top = set(), False  # the numbers under which tuples are remembered; is a tuple on top of the stack?
        for opcode, argument, _ in pickletools.genops(stream):
            name = opcode.name
            cost += COST.get(name, OTHER)
            if name == 'PROTO' and argument > PROTOCOL:
                raise OtherProtocol(argument)
            if name == 'GLOBAL' and not GLOBALS.fullmatch(argument):
                raise ValueError(f'{argument} is called')
            if on_top and name in STORE:
                tuples.add(argument)
            # Tuples inside tuples, 50 levels, each used twice by the next: hashing the outermost takes a year.
            if name in FETCH and argument in tuples:
                raise ValueError('a tuple is used twice')
            on_top = name in TUPLES or (on_top and name in KEEP)
            if cost > TIMES * size + FREE:
                raise ValueError('more objects than data')
