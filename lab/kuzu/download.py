"""The two places that Kuzushiji-MNIST is downloaded from; kuzu_fetch.py runs this in a process that it can end.

    python3 kuzu_download.py torchvision FOLDER '{"address": null, "timeout": 10, "md5": {...}, "counts": [...]}'

leaves the four idx files in FOLDER/KMNIST/raw, or prints one line that says why not and ends with exit code 1.
`address` is the server to ask instead of the usual one, `timeout` the seconds it may be silent.
"""

import json
import os
import shutil
import socket
import struct
import sys
import threading


def from_torchvision(folder: str, address: str | None, md5: dict[str, str]):
    """torchvision's own download: the four .gz files, of the MD5s given, unpacked beside them.

    Raises RuntimeError or OSError that says what went wrong.
    """
    try:
        from torchvision.datasets import KMNIST
    except Exception as error:  # one built for another torch raises RuntimeError or what the linker says
        raise RuntimeError(
            f'torchvision cannot be imported ({" ".join(str(error).split())[:100]}); '
            'torch and torchvision must be installed as a pair: pip install --upgrade torch torchvision'
        ) from error
    KMNIST.resources = list(md5.items())
    if address:
        KMNIST.mirrors = [address]
    KMNIST(folder, download=True)


def from_openml(folder: str, address: str | None, counts: tuple[int, int]):
    """The rows that OpenML keeps, through scikit-learn (which checks OpenML's own MD5), as the four idx files.

    `counts` are the rows to train and to test. Raises ValueError or OSError that says what went wrong.

    The parser is liac-arff, which comes with scikit-learn. On 70,000 rows of the real shape (137 MB of ARFF) it takes
    47 to 49 s of processor time and 1,007 MB, once and in a process of its own. With pandas 3.1 it would be 9 s and
    393 MB, yet only with dtype='uint8' (left to itself, it trips over the class names being numbers), and everybody
    would install another 90 MB for a step that is taken once.
    """
    import numpy
    from sklearn.datasets import _openml, fetch_openml

    for name, value in list(vars(_openml).items()) if address else []:
        if isinstance(value, str) and value.startswith('https://'):
            setattr(_openml, name, address + value.split('openml.org/', 1)[1])
    rows = fetch_openml(
        'Kuzushiji-MNIST', version=1, as_frame=False, parser='liac-arff', data_home=folder, n_retries=1, delay=0.1
    )
    pixels, labels = rows.data, rows.target.astype(numpy.float64)
    if pixels.shape != (sum(counts), 784) or labels.shape != (sum(counts),):
        raise ValueError(f'{sum(counts):,} rows of 784 pixels and a label expected, not {pixels.shape}')
    for values, high in (pixels, 255), (labels, 9):
        if not (values.min() >= 0 and values.max() <= high and (values == numpy.floor(values)).all()):
            raise ValueError(f'whole numbers from 0 to {high} expected')
    raw = os.path.join(folder, 'KMNIST', 'raw')
    os.makedirs(raw)
    cut = counts[0]
    for half, part in ('train', slice(cut)), ('t10k', slice(cut, None)):
        data = pixels[part].astype(numpy.uint8)
        with open(os.path.join(raw, f'{half}-images-idx3-ubyte'), 'wb') as file:
            file.write(struct.pack('>4i', 0x803, len(data), 28, 28) + data.tobytes())
        data = labels[part].astype(numpy.uint8)
        with open(os.path.join(raw, f'{half}-labels-idx1-ubyte'), 'wb') as file:
            file.write(struct.pack('>2i', 0x801, len(data)) + data.tobytes())


def main(source: str, folder: str, settings: str):
    asked = json.loads(settings)
    socket.setdefaulttimeout(asked['timeout'])
    threading.Thread(target=_end_with_parent, args=[folder], daemon=True).start()
    try:
        if source == 'torchvision':
            from_torchvision(folder, asked['address'], asked['md5'])
        else:
            from_openml(folder, asked['address'], asked['counts'])
    except Exception as error:
        print(' '.join(str(error).split()) or type(error).__name__)
        sys.exit(1)


def _end_with_parent(folder: str):
    """End, and leave nothing behind, when the process that watches this one has died: its end of the pipe closes."""
    sys.stdin.read()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


if __name__ == '__main__':
    main(*sys.argv[1:])
