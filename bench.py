"""The suite against the classic loops, side by side in one run, on any machine.

    python3 bench.py                    everything, a few minutes
    python3 bench.py kuzu check seq     the parts named

A speed is a ratio: classic loop and suite take turns in one process, so that a noisy machine slows both; the table has
the median ratio and its range over the rounds.
"""

import statistics
import time
from collections.abc import Callable

import cli


def seconds(run: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def compare(name: str, unit: str, classic: Callable[[], object], suite: Callable[[], object], rounds: int) -> dict:
    """Time two ways to do the same work in alternating rounds, print a table row, return its numbers.

    `classic` and `suite` each do one `unit` (an epoch, 1,000 epochs, a run) per call.
    """
    pairs = [(seconds(classic), seconds(suite)) for _ in range(rounds)]
    ratios = [slow / fast for slow, fast in pairs]
    row = {
        'name': name,
        'unit': unit,
        'classic_s': statistics.median(slow for slow, _ in pairs),
        'suite_s': statistics.median(fast for _, fast in pairs),
        'ratio': statistics.median(ratios),
        'ratio_range': (min(ratios), max(ratios)),
    }
    low, high = row['ratio_range']
    print(
        f'{name:28s} {unit:14s} {row["classic_s"]:10.4f} {row["suite_s"]:10.5f} '
        f'{row["ratio"]:8.1f}  ({low:.1f} to {high:.1f})',
        flush=True,
    )
    return row


def seq() -> list[dict]:
    """200 epochs of the lab's two training commands, in either engine."""
    import seq_starts
    import seq_train

    def epochs(args, engine):
        start = seq_starts.begin(args, engine, seed=0)
        start.trainer.run(start.lang, 1, args.lr)  # the first call compiles, or loads what was compiled
        return lambda: start.trainer.run(start.lang, 200, args.lr)

    rows = []
    for name, flags in {'srn 2, anb2n': '', 'lstm 3, anb2nc3n': '--lang anb2nc3n --model lstm'}.items():
        args = seq_train.parse(flags.split())
        classic, suite = (epochs(args, engine) for engine in (seq_starts.seq_classic, seq_starts.seq_kernel))
        rows.append(compare(name, '200 epochs', classic, suite, rounds=7))
    return rows


PARTS: dict[str, Callable[[], list[dict]]] = {'seq': seq}


def main(argv: list[str] | None = None):
    parser = cli.Parser(__doc__.splitlines()[0])
    parser.add_argument('parts', nargs='*', choices=[*PARTS, []], default=[], help='which parts (default: all)')
    args = parser.parse_args(argv)
    print(f'{"":28s} {"unit":14s} {"classic s":>10s} {"suite s":>10s} {"ratio":>8s}  (range)')
    for part in args.parts or PARTS:
        PARTS[part]()


if __name__ == '__main__':
    main()
