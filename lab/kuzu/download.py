"""Downloads Kuzushiji-MNIST from one of two sources. lab/kuzu/fetch.py runs this script, and can kill it.

    python3 download.py torchvision FOLDER '{"address": null, "timeout": 10, "md5": {...}, "counts": [...]}'

writes the four idx files to FOLDER/KMNIST/raw, or prints in one line why it cannot, and ends with exit code 1.
`address` is a server to ask instead of the usual one; `timeout` is how many seconds it may be silent.
"""

import json
import os
import shutil
import socket
import struct
import sys
import threading


def from_torchvision(folder: str, address: str | None, md5: dict[str, str]):
    """Let torchvision download the four .gz files, which must have these MD5s, and unpack them.

    Raises RuntimeError or OSError, which say what went wrong.
    """
    try:
        from torchvision.datasets import KMNIST
    except Exception as error:  # if it was built for another torch: RuntimeError or an error of the linker
        raise RuntimeError(
            f'torchvision cannot be imported ({" ".join(str(error).split())[:100]}); '
            'torch and torchvision must be installed as a pair: pip install --upgrade torch torchvision'
        ) from error
    KMNIST.resources = list(md5.items())
    if address:
        KMNIST.mirrors = [address]
    KMNIST(folder, download=True)


def from_openml(folder: str, address: str | None, counts: tuple[int, int]):
    """Let scikit-learn download the rows from OpenML (it checks OpenML's MD5), and write them as the four idx files.

    counts: how many rows are to train on and to test with. Raises ValueError or OSError, which say what went wrong.

    The parser is liac-arff, a part of scikit-learn. For 70,000 rows (137 MB of ARFF) it takes 47 to 49 s of processor
    time and 1,007 MB of memory. pandas 3.1 takes 9 s and 393 MB, with dtype='uint8', but it is another 90 MB to install
    for something that is done once.
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
    if pixels.shape != (sum(counts), 784):
        raise ValueError(f'{sum(counts):,} rows of 784 pixels and a label expected, not {pixels.shape}')
    for values, high in (pixels, 255), (labels, 9):
        if not (values.min() >= 0 and values.max() <= high and (values == numpy.floor(values)).all()):
            raise ValueError(f'whole numbers from 0 to {high} expected')
    raw = os.path.join(folder, 'KMNIST', 'raw')
    os.makedirs(raw)
    cut = counts[0]
    for half, part in ('train', slice(cut)), ('t10k', slice(cut, None)):
        for kind, values in ('images-idx3', pixels[part].reshape(-1, 28, 28)), ('labels-idx1', labels[part]):
            head = struct.pack(f'>{1 + values.ndim}i', 0x800 + values.ndim, *values.shape)
            with open(os.path.join(raw, f'{half}-{kind}-ubyte'), 'wb') as file:
                file.write(head + values.astype(numpy.uint8).tobytes())


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
    """Remove the folder and end as soon as standard input closes: then the process that started this one has died."""
    sys.stdin.read()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


if __name__ == '__main__':
    main(*sys.argv[1:])
