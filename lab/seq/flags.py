"""What names a network of Part 3: the flags that training and plotting share, and the name of its files."""

import argparse

from lab.common import cli
from seq_models import LSTM_model, SRN_model

CLASSES = {'anb2n': 2, 'anb2nc3n': 3}
MODELS = {'srn': SRN_model, 'lstm': LSTM_model}


def add_network(parser: argparse.ArgumentParser):
    """Add the flags that say which network, to be completed by complete()."""
    add = parser.add_argument
    add('--lang', choices=CLASSES, default='anb2n', help='language')
    add('--length', type=cli.whole(0, 100), default=0, help="most A's in a block; 0 = 4")
    add('--model', choices=MODELS, default='srn', help='network')
    add('--hid', type=cli.whole(0, 100), default=0, help='hidden units; 0 = 2 (on anb2nc3n: lstm 3, srn 4)')
    add('--out_path', type=cli.folder, default='net', help='folder of the checkpoints')


def complete(args: argparse.Namespace):
    """Put in what 0 stands for: the lab's sizes."""
    args.length = args.length or 4
    args.hid = args.hid or (2 if args.lang == 'anb2n' else {'lstm': 3, 'srn': 4}[args.model])


def stem(args: argparse.Namespace) -> str:
    """What the names of a network's files begin with."""
    return f'{args.lang}_{args.model}{args.hid}'
