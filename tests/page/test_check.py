"""Part 2 of the page: the numbers are those of check_main.py."""

import io
import re
from contextlib import redirect_stdout

import pytest

import check_main
from check import MLP
from lab.common.errors import UserError
from lab.page import collect
from tests.page.made import OPTIONS, html, parts


def said(network, folder) -> str:
    """What the command of a network of the page prints."""
    with redirect_stdout(io.StringIO()) as printed:
        check_main.main([*network['command'].split()[2:], '--plot_path', str(folder)])
    return printed.getvalue()


def test_the_trained_network_is_that_of_the_command(tmp_path):
    network = parts()['check']['networks']['trained']
    printed = said(network, tmp_path)
    lines = re.findall(r'ep: *(\d+) loss: ([\d.]+) acc: +([\d.]+)', printed)
    assert [(f'{e:.0f}', f'{loss:.4f}', f'{right:.2f}') for e, loss, right in network['curve']] == lines
    for name, text in network['equations']:
        assert f'\n{name}: {text}\n' in printed
    assert f'Final Accuracy:  {network["accuracy"]}' in printed


@pytest.mark.parametrize('name', ['step', 'sigmoid'])
def test_the_networks_made_by_hand_are_those_of_the_commands(name, tmp_path):
    network = parts()['check']['networks'][name]
    printed = said(network, tmp_path)
    assert 'Smallest margin: {:.4f} at the hidden units, {:.4f} at the output'.format(*network['margins']) in printed
    assert f'Smallest scale: {network["smallest"]}' in printed
    assert all(row['right'] for row in network['rows'])


@pytest.mark.parametrize(
    ('name', 'needed'), [('trained', None), ('step', 'all units are'), ('sigmoid', 'all units are')]
)
def test_what_a_network_needs_is_said_on_the_page(name, needed):
    network = parts()['check']['networks'][name]
    assert len(network['needed']) == 2 and (needed or ' needed.') in network['needed'][0]
    assert all(f'<p>{line}</p>' in html() for line in network['needed'])


def test_a_network_that_is_not_two_sigmoid_layers_is_left_out(monkeypatch, capsys):
    class Squared(MLP):
        def forward(self, x):
            return super().forward(x) ** 2

    monkeypatch.setattr('check.MLP', Squared)
    with pytest.raises(UserError, match='nothing to show'):
        collect.parts([2], OPTIONS, 1, False)
    assert 'Part 2 is left out: this MLP is not two sigmoid layers' in capsys.readouterr().err


def test_the_presets_of_the_editor_are_right_but_for_the_first_idea():
    view = parts()['check']['view']
    for name, preset in view['presets'].items():
        right = 0
        for (x, y), target in zip(view['points'], view['targets'], strict=True):
            hidden = [wx * x + wy * y + b >= 0 for (wx, wy), b in zip(preset['w'], preset['b'], strict=True)]
            right += (sum(v * h for v, h in zip(preset['v'], hidden, strict=True)) + preset['c'] >= 0) == (target == 1)
        assert right == (8 if 'first idea' in name else 9), name
