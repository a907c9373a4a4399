"""A server on 127.0.0.1 that speaks what torchvision and scikit-learn's fetch_openml ask for, well or badly."""

import gzip
import hashlib
import json
import os
import struct
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from lab.kuzu import fetch

COUNTS = 50, 20


def made_files(counts=COUNTS) -> dict[str, bytes]:
    """The four idx files of a made set."""
    generator = np.random.default_rng(1)
    files = {}
    for half, count in zip(('train', 't10k'), counts, strict=True):
        pixels = generator.integers(0, 256, (count, 28, 28), np.uint8)
        labels = generator.permutation(np.arange(count) % 10).astype(np.uint8)
        files[f'{half}-images-idx3-ubyte'] = struct.pack('>4i', 0x803, count, 28, 28) + pixels.tobytes()
        files[f'{half}-labels-idx1-ubyte'] = struct.pack('>2i', 0x801, count) + labels.tobytes()
    return files


FILES = made_files()
WHOLE = {os.path.join(fetch.RAW, name): data for name, data in FILES.items()}  # a data folder after a download
ZIPPED = {f'{name}.gz': gzip.compress(data, 1, mtime=0) for name, data in FILES.items()}


def official(mirror: str, openml: str, put=setattr):
    """Make the made set the official one, and ask for it only there. put: setattr, or monkeypatch.setattr."""
    from sklearn.datasets import _openml
    from torchvision.datasets import KMNIST

    zipped = {name: hashlib.md5(data).hexdigest() for name, data in ZIPPED.items()}
    put(fetch, 'MD5', {name: (zipped[f'{name}.gz'], hashlib.md5(data).hexdigest()) for name, data in FILES.items()})
    put(fetch, 'OFFICIAL', COUNTS)
    put(KMNIST, 'mirrors', [mirror])
    put(KMNIST, 'resources', [*zipped.items()])
    for name, value in vars(_openml).copy().items():
        if isinstance(value, str) and value.startswith('https://'):
            put(_openml, name, openml + value.split('openml.org/', 1)[1])
    os.environ['NO_PROXY'] = os.environ['no_proxy'] = '127.0.0.1'


def arff(files: dict[str, bytes]) -> bytes:
    """The same set as OpenML keeps it: a row per image, 784 pixels and the class."""
    lines = ['@RELATION Kuzushiji-MNIST', *(f'@ATTRIBUTE pixel{i} INTEGER' for i in range(1, 785))]
    lines += ['@ATTRIBUTE class {0,1,2,3,4,5,6,7,8,9}', '@DATA']
    for half in 'train', 't10k':
        pixels = np.frombuffer(files[f'{half}-images-idx3-ubyte'], np.uint8, offset=16).reshape(-1, 784)
        labels = np.frombuffer(files[f'{half}-labels-idx1-ubyte'], np.uint8, offset=8)
        lines += [','.join(map(str, row)) for row in np.column_stack([pixels, labels]).tolist()]
    return '\n'.join(lines).encode()


def pages(files: dict[str, bytes], address: str) -> dict[str, bytes]:
    """What is at each path: torchvision's mirror, and OpenML's API with the table as its data file."""
    table, url = arff(files), 'openml/data/v1/download/21553184/Kuzushiji-MNIST.arff'
    usual = {'data_type': 'numeric', 'is_target': 'false', 'is_ignore': 'false', 'is_row_identifier': 'false'}
    usual['number_of_missing_values'] = '0'
    features = [{**usual, 'index': str(index), 'name': f'pixel{index + 1}'} for index in range(785)]
    features[-1] |= {'name': 'class', 'data_type': 'nominal', 'is_target': 'true'}
    about = {'id': '41982', 'name': 'Kuzushiji-MNIST', 'version': '1', 'status': 'active', 'format': 'ARFF'}
    about |= {'file_id': '21553184', 'url': f'{address}/{url}', 'md5_checksum': hashlib.md5(table).hexdigest()}
    api = {
        'list/data_name/kuzushiji-mnist/limit/2/data_version/1': {'data': {'dataset': [{**about, 'did': 41982}]}},
        '41982': {'data_set_description': {**about, 'description': 'made images'}},
        'features/41982': {'data_features': {'feature': features}},
        'qualities/41982': {'data_qualities': {'quality': []}},
    }
    found = {f'/mirror/{name}.gz': gzip.compress(data, 1, mtime=0) for name, data in files.items()}
    found |= {f'/openml/api/v1/json/data/{path}': json.dumps(page).encode() for path, page in api.items()}
    return found | {f'/{url}': table, f'/{os.path.dirname(url)}': table}  # newer and older versions of scikit-learn


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server, body = self.server, self.server.pages.get(self.path)
        server.asked.append(self.path)
        kind = server.kind if self.path.endswith('.gz') or '/download/' in self.path else 'good'
        if server.kind == 'missing' or body is None:
            return self.send_error(404)
        if server.kind == 'silent':
            server.when_silent()
            server.over.wait(30)
            return
        if kind == 'wrong':
            body = body[:-20] + bytes(20)
        zipped = '/openml/' in self.path and 'gzip' in self.headers.get('Accept-encoding', '')
        if zipped:
            body = gzip.compress(body)
        self.send_response(200)
        if zipped:
            self.send_header('Content-Encoding', 'gzip')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        with suppress(ConnectionError):  # torchvision first asks only where the file is
            self.wfile.write(body[: len(body) // 2] if kind == 'cut' else body)

    def log_message(self, *_):
        pass


@contextmanager
def serving(kind: str, files: dict[str, bytes] = FILES):
    """Serve a set on 127.0.0.1. kind: good, cut (in the middle), wrong (content), missing (404), silent.

    Yields the server: .mirror and .openml are its addresses, .asked the paths it was asked for; when it falls silent it
    calls .when_silent().
    """
    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    address = f'http://127.0.0.1:{server.server_port}'
    server.kind, server.asked, server.over, server.when_silent = kind, [], threading.Event(), lambda: None
    server.mirror, server.openml = f'{address}/mirror/', f'{address}/openml/'
    server.pages = pages(files, address)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
