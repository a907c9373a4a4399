"""Whether a pickle is of tensors, numbers and text alone, told from its opcodes before anything is made of it.

torch.load(weights_only=True) runs no code that a file brings, but it calls what a file names: a kilobyte can ask for
bytearray(10**10), which is 10 GB.
"""

import io
import pickletools
import re

GLOBALS = re.compile(r'torch\._utils _rebuild_(tensor_v2|parameter)|collections OrderedDict|torch \w+Storage')
TUPLES = {'EMPTY_TUPLE', 'TUPLE1', 'TUPLE2', 'TUPLE3', 'TUPLE'}
PUTS = {'BINPUT', 'LONG_BINPUT', 'PROTO'}  # leave the stack as it is
COST = {'EMPTY_DICT': 72, 'EMPTY_LIST': 64, 'MARK': 64, 'BINPUT': 100, 'LONG_BINPUT': 100, 'EMPTY_SET': 220}
COST |= {'REDUCE': 600, 'BINPERSID': 400}  # bytes that an opcode takes at most, strings and numbers apart
OTHER = 40
TIMES, FREE = 10, 1_000_000  # what is made may take 10 times the file's size and a megabyte


def check(stream: io.BytesIO, pickles: int, size: int):
    """Look through so many pickles, one after the other, in a file of `size` bytes. Raises ValueError: not plain."""
    cost = 0
    for _ in range(pickles):
        tuples, on_top = set(), False
        for opcode, argument, _ in pickletools.genops(stream):
            name = opcode.name
            cost += COST.get(name, OTHER)
            if name == 'GLOBAL' and not GLOBALS.fullmatch(argument):
                raise ValueError(f'{argument} is called')
            if on_top and name in ('BINPUT', 'LONG_BINPUT'):
                tuples.add(argument)
            # A tuple of the same tuple twice, and so on 50 times, takes a year to be hashed as the key of a dict.
            if name in ('BINGET', 'LONG_BINGET') and argument in tuples:
                raise ValueError('a tuple is used twice')
            on_top = name in TUPLES or (on_top and name in PUTS)
            if cost > TIMES * size + FREE:
                raise ValueError('more objects than data')
