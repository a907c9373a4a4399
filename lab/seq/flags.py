"""The flags that training and plotting share: which network on which language, and where its files are."""

import argparse

from lab.common import cli
from lab.seq.task import CLASSES, MODELS


def add_network(parser: argparse.ArgumentParser):
    """Add --lang, --length, --model and --hid, the fields of a Task, and --out_path."""
    add = parser.add_argument
    add('--lang', choices=CLASSES, default='anb2n', help='language')
    add('--length', type=cli.whole(0, 100), default=0, help="most A's in a block; 0 = 4")
    add('--model', choices=MODELS, default='srn', help='network')
    add('--hid', type=cli.whole(0, 100), default=0, help='hidden units; 0 = 2 (on anb2nc3n: lstm 3, srn 4)')
    add('--out_path', type=cli.folder, default='net', help='folder of the checkpoints')
