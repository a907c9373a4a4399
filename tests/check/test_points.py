"""points.py: files of points, and the one line that says what is wrong with a file."""

import re

import numpy as np
import pytest

from lab.check.points import read_points
from lab.check.settings import CHECK_CSV
from lab.common.errors import UserError


def test_lab_file_has_nine_points_with_odd_sums_on():
    inputs, targets = read_points(CHECK_CSV)
    assert sorted(map(tuple, inputs.tolist())) == [(x, y) for x in range(3) for y in range(3)]
    assert (targets == inputs.sum(1) % 2).all()


@pytest.mark.parametrize(
    ('data', 'inputs', 'targets'),
    [
        (b'\xef\xbb\xbfa,b,c\r\n-1.5, 2e1 ,1\r\n\r\n0,0,0\r\n', [[-1.5, 20], [0, 0]], [1, 0]),  # of a spreadsheet
        (b'a,2,c\n-1000000,1e6,1\n', [[-1e6, 1e6]], [1]),
    ],
)
def test_other_points_are_read(tmp_path, data, inputs, targets):
    path = tmp_path / 'mine.csv'
    path.write_bytes(data)
    points = read_points(str(path))
    np.testing.assert_array_equal(points.inputs, inputs)
    np.testing.assert_array_equal(points.targets, targets)


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('', "line 1: '' should be a header"),
        ('X,Y\n0,0\n', "line 1: 'X,Y' should be a header"),
        ('-1,-1,0\n', "line 1: '-1,-1,0' should be a header"),
        ('X' * 99, f"line 1: '{'X' * 40}' should be a header"),
        ('X,Y,T\n', 'line 2: no points'),
        ('X,Y,T\n0,0,0\n0,1\n', "line 3: '0,1' should be two inputs from -1e+06 to 1e+06 and a target 0 or 1"),
        ('X,Y,T\n0,0,1,1\n', "line 2: '0,0,1,1' should be"),
        ('X,Y,T\n' + '0' * 99, f"line 2: '{'0' * 40}' should be"),
        ('X,Y,T\n0,zero,0\n', "line 2: '0,zero,0' should be"),
        ('X,Y,T\n0,0,0\n\n1,nan,0\n', "line 4: '1,nan,0' should be"),
        ('X,Y,T\n0,1000001,1\n', "line 2: '0,1000001,1' should be"),
        ('X,Y,T\n0,0,0\n0,1,2\n', "line 3: '0,1,2' should be"),
    ],
)
def test_what_is_wrong_is_told_by_its_line(tmp_path, text, said):
    path = tmp_path / 'mine.csv'
    path.write_text(text, encoding='utf-8')
    with pytest.raises(UserError, match=re.escape(f'mine.csv {said}')):
        read_points(str(path))


def test_binary_file_is_refused(tmp_path):
    path = tmp_path / 'mine.csv'
    path.write_bytes(b'\xff\xd8\xff\xe0' * 10)
    with pytest.raises(UserError, match='not a text file'):
        read_points(str(path))
