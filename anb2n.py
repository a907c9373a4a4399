"""The counting languages: n A's, then 2n B's, and in anb2nc3n then 3n C's, block after block, n chosen anew each time.

A network reads a sequence symbol by symbol and predicts the next symbol. Nothing tells how many A's will come. But
whoever has counted them knows what follows: after the first B, every B, every C and the next block's first A are
determined.
"""

import itertools

import numpy as np
import torch
from torch.nn import functional

BLOCKS = 5  # complete blocks in a sequence; the first A of a sixth ends it
AFTER_A = (0.8, 0.2)  # the target after an A: another A, or the first B
LAB_FORMAT = {'precision': 2, 'suppress': True, 'floatmode': 'maxprec', 'formatter': None, 'legacy': False}
LAB_FORMAT |= {'linewidth': 75, 'threshold': 1000}
WIDEST, LARGEST = 12, 9  # so many numbers up to this one are always one line of LAB_FORMAT


class lang_anb2n:
    """anb2n (num_class 2) or anb2nc3n (num_class 3); n is uniform in 1..length.

    torch.manual_seed() before lang_anb2n() gives the same sequences again. Raises ValueError for another num_class, or
    for length < 1.
    """

    def __init__(self, num_class: int = 2, length: int = 4):
        if num_class not in (2, 3) or length < 1:
            raise ValueError(f'num_class is 2 or 3 and length at least 1, not {num_class} and {length}')
        self.num_class = num_class
        self.length = length
        # Whoever wants the same weights again seeds torch. So torch's seed decides the sequences, too.
        self.random = np.random.default_rng(int(torch.randint(2**62, ())))

    def get_one_example(self) -> tuple[list[int], list[list[float]], list[float]]:
        """One sequence of T + 1 symbols: (seq, prob, state).

        seq: the symbols, 0 = A, 1 = B, 2 = C.
        prob: T rows; for every symbol but the first, the probabilities that the network should predict (the target).
        state: T + 1 numbers, each symbol's colour in the plots. They count up in the A's, and down in the B's and C's.
        """
        seq, state = [], []
        for n in self.random.integers(1, self.length + 1, size=BLOCKS).tolist():
            seq += n * [0] + 2 * n * [1]
            state += [*range(n), n, *(n - k / 2 for k in range(2 * n - 1))]
            if self.num_class == 3:
                seq += 3 * n * [2]
                state += [0, *(n - k / 3 for k in range(3 * n - 1))]
        seq.append(0)
        state.append(0)
        certain = np.eye(self.num_class).tolist()
        after_a = [*AFTER_A, 0.0][: self.num_class]
        prob = [after_a if read == 0 else certain[following] for read, following in itertools.pairwise(seq)]
        return seq, prob, state

    def get_symbols(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The next `count` sequences, the same as `count` calls of get_one_example() give, but much faster.

        Returns all symbols one after the other (int8), and where each sequence ends (count indices).
        """
        n = self.random.integers(1, self.length + 1, size=(count, BLOCKS))
        runs = np.ones((count, BLOCKS * self.num_class + 1), int)  # the last one is the A at the end
        for symbol in range(self.num_class):
            runs[:, symbol : -1 : self.num_class] = n * (symbol + 1)
        symbols = np.append(np.tile(np.arange(self.num_class, dtype=np.int8), BLOCKS), np.int8(0))
        runs = runs.ravel()
        return np.repeat(np.tile(symbols, count), runs), runs.cumsum()[len(symbols) - 1 :: len(symbols)]

    def get_sequence(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, list[float]]:
        """One sequence as tensors for a network: (input, seq, target, state).

        input: one-hot, without the last symbol, (1, T, num_class); seq: (T + 1), integers; target: (1, T, num_class),
        see `prob` of get_one_example(); state: T + 1 numbers.
        """
        seq, prob, state = self.get_one_example()
        seq = torch.tensor(seq)
        one_hot = functional.one_hot(seq[:-1], self.num_class).float()
        return one_hot.unsqueeze(0), seq, torch.tensor([prob]), state

    def print_outputs(self, epoch: int, seq, state, hidden, target, output):
        """Print a sequence with the network's hidden units and output probabilities, in numpy's current print format.

        hidden: (1, T, hid); output: (1, T, num_class), before softmax. Both may come without the first axis. The loss
        printed is the mean squared difference of the output probabilities and `target`.
        """
        prob = functional.softmax(output.detach().reshape(-1, self.num_class), dim=1)
        hidden = hidden.detach().reshape(len(prob), -1)
        names = [chr(ord('A') + int(symbol)) for symbol in seq]
        print('-----')
        print('symbol=', ''.join(names))
        print('hidden activations and output probabilities:')
        for line in zip(names, rows(hidden.numpy()), rows(prob.numpy()), strict=False):
            print(*line)
        print('epoch:', epoch)
        print(f' loss: {functional.mse_loss(prob, target.reshape(prob.shape)):.4f}')


def rows(values: np.ndarray) -> list[str]:
    """Each row of a matrix as text, as numpy prints it in its current print format.

    numpy takes a fifth of a run to write the lab's rows; few and small numbers in the lab's format are written here.
    """
    options = np.get_printoptions()
    lab = options | LAB_FORMAT == options and options['sign'] in ' -'
    small = values.dtype == np.float32 and 0 < values.shape[1] <= WIDEST and (abs(values) < LARGEST).all()
    return [_row(row, options['sign'] == ' ') for row in values.tolist()] if lab and small else [*map(str, values)]


def _row(numbers: list[float], room: bool) -> str:
    """Numbers with up to two decimals, in columns of equal width; room: for a sign also where there is none."""
    words = [f'{number:.2f}' for number in numbers]
    zeros = min(len(word) - len(word.rstrip('0')) for word in words)  # at the end of all numbers: numpy leaves them out
    width = max(map(len, words)) - zeros + (room and not any(word[0] == '-' for word in words))
    return f'[{" ".join(word.rstrip("0").ljust(len(word) - zeros).rjust(width) for word in words)}]'
