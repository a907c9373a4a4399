"""A server on 127.0.0.1 that speaks what torchvision and scikit-learn's fetch_openml ask for, well or badly."""

import gzip
import hashlib
import json
import struct
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

COUNTS = 50, 20
KINDS = 'good', 'cut', 'wrong', 'missing', 'silent', 'drip'


def made_files(counts=COUNTS) -> dict[str, bytes]:
    """The four idx files of a made set."""
    chance = np.random.default_rng(1)
    files = {}
    for half, count in zip(('train', 't10k'), counts, strict=True):
        pixels = chance.integers(0, 256, (count, 28, 28), np.uint8)
        labels = chance.permutation(np.arange(count) % 10).astype(np.uint8)
        files[f'{half}-images-idx3-ubyte'] = struct.pack('>4i', 0x803, count, 28, 28) + pixels.tobytes()
        files[f'{half}-labels-idx1-ubyte'] = struct.pack('>2i', 0x801, count) + labels.tobytes()
    return files


def arff(files: dict[str, bytes]) -> bytes:
    """The same set as OpenML keeps it: a row per image, 784 pixels and the class."""
    lines = ['@RELATION Kuzushiji-MNIST', *(f'@ATTRIBUTE pixel{i} INTEGER' for i in range(1, 785))]
    lines += ['@ATTRIBUTE class {0,1,2,3,4,5,6,7,8,9}', '@DATA']
    for half in 'train', 't10k':
        pixels = np.frombuffer(files[f'{half}-images-idx3-ubyte'], np.uint8, offset=16).reshape(-1, 784)
        labels = np.frombuffer(files[f'{half}-labels-idx1-ubyte'], np.uint8, offset=8)
        lines += [
            ','.join(map(str, [*row, label])) for row, label in zip(pixels.tolist(), labels.tolist(), strict=True)
        ]
    return '\n'.join(lines).encode()


def pages(files: dict[str, bytes], table: bytes, address: str) -> dict[str, bytes]:
    """What is at each path: torchvision's mirror, and OpenML's API with the table as its data file."""
    mirror = {f'/mirror/{name}.gz': gzip.compress(data, 1, mtime=0) for name, data in files.items()}
    names = [*(f'pixel{i}' for i in range(1, 785)), 'class']
    features = [
        {
            'index': str(index),
            'name': name,
            'data_type': 'nominal' if name == 'class' else 'numeric',
            'is_target': str(name == 'class').lower(),
            'is_ignore': 'false',
            'number_of_missing_values': '0',
            'is_row_identifier': 'false',
        }
        for index, name in enumerate(names)
    ]
    description = {
        'id': '41982',
        'name': 'Kuzushiji-MNIST',
        'version': '1',
        'status': 'active',
        'format': 'ARFF',
        'description': 'made images',
        'file_id': '21553184',
        'url': f'{address}/openml/data/v1/download/21553184/Kuzushiji-MNIST.arff',
        'md5_checksum': hashlib.md5(table).hexdigest(),
    }
    count = str(
        float(sum(struct.unpack_from('>2i', files[f'{half}-labels-idx1-ubyte'])[1] for half in ('train', 't10k')))
    )
    api = {
        'data/list/data_name/kuzushiji-mnist/limit/2/data_version/1': {
            'data': {'dataset': [{'did': 41982, 'name': 'Kuzushiji-MNIST', 'version': 1, 'status': 'active'}]}
        },
        'data/41982': {'data_set_description': description},
        'data/features/41982': {'data_features': {'feature': features}},
        'data/qualities/41982': {'data_qualities': {'quality': [{'name': 'NumberOfInstances', 'value': count}]}},
    }
    found = {f'/openml/api/v1/json/{path}': json.dumps(page).encode() for path, page in api.items()}
    for path in '21553184/Kuzushiji-MNIST.arff', '21553184':  # newer and older versions of scikit-learn
        found[f'/openml/data/v1/download/{path}'] = table
    return mirror | found


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server, path = self.server, self.path
        server.asked.append(path)
        body = server.pages.get(path)
        kind = server.kind if path.endswith('.gz') or '/download/' in path else 'good'
        if server.kind == 'missing' or body is None:
            return self.send_error(404)
        if server.kind == 'silent':
            server.when_stuck()
            server.over.wait(30)
            return
        if kind == 'wrong':
            body = body[:-20] + bytes(20)
        zipped = '/openml/' in path and 'gzip' in self.headers.get('Accept-encoding', '')
        if zipped:
            body = gzip.compress(body)
        self.send_response(200)
        if zipped:
            self.send_header('Content-Encoding', 'gzip')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if kind == 'cut':
            body = body[: len(body) // 2]
        try:
            if kind == 'drip':
                server.when_stuck()
                for byte in body[:300]:
                    self.wfile.write(bytes([byte]))
                    if server.over.wait(0.1):
                        break
                return
            self.wfile.write(body)
        except ConnectionError:  # whoever asked has gone
            pass

    def log_message(self, *_):
        pass


@contextmanager
def serving(kind: str, files: dict[str, bytes] | None = None, table: bytes | None = None):
    """Serve a set on 127.0.0.1. kind: good, cut (in the middle), wrong (content), missing (404), silent, drip.

    Yields the server: .mirror and .openml are its addresses, .asked the paths it was asked for, .when_stuck() is called
    when it falls silent or begins to drip.
    """
    files = made_files() if files is None else files
    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    address = f'http://127.0.0.1:{server.server_port}'
    server.kind, server.asked, server.over, server.when_stuck = kind, [], threading.Event(), lambda: None
    server.mirror, server.openml = f'{address}/mirror/', f'{address}/openml/'
    server.pages = pages(files, arff(files) if table is None else table, address)
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
