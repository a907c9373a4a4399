"""What the page trains is what Python trains: the same weights, the same verdict, files that the scripts load."""

import json
import shutil
import subprocess
import time

import numpy as np
import pytest
import torch
from torch import nn

import check_main
from anb2n import lang_anb2n
from lab.check.points import Points, read_points
from lab.check.settings import CHECK_CSV
from lab.check.train import Starts, advance
from lab.common import files
from lab.page import render
from lab.seq import compiled, student, verdict
from lab.seq.task import Part, Task, Training
from seq_models import LSTM_model, SRN_model
from tests.page.browser import needs_browser, playwright
from tests.page.made import SRN
from tests.seq.learned import LEARNED

CLOSE = 1e-9
EPOCHS = 1000
NODE = shutil.which('node')
SCRIPT = render.scripts('compute/', ['check', 'seq'], render.COMPUTE)


@pytest.fixture(params=[pytest.param('chromium', marks=needs_browser), 'node'])
def evaluate(request):
    """Runs a function of JavaScript with the page's computing rooms, in the page or in node."""
    if request.param == 'chromium':
        return request.getfixturevalue('computes')
    if not NODE:
        pytest.skip('node is not installed')

    def in_node(code, value):
        whole = f'{SCRIPT};console.log(JSON.stringify(({code})({json.dumps(value)})))'
        return json.loads(subprocess.run([NODE], input=whole, capture_output=True, text=True, check=True).stdout)

    return in_node


def flat(named) -> np.ndarray:
    return np.concatenate([np.ravel(value) for value in named.values()])


@pytest.mark.parametrize(('kind', 'model', 'classes', 'hid'), [('srn', SRN_model, 3, 4), ('lstm', LSTM_model, 3, 3)])
def test_a_recurrent_network_ends_with_the_weights_of_python(kind, model, classes, hid, evaluate):
    torch.manual_seed(3)
    network, lang = model(classes, hid, classes).double(), lang_anb2n(classes, 4)
    for parameter in network.parameters():
        nn.init.normal_(parameter, 0, 0.5)
    first = {name: value.tolist() for name, value in network.state_dict().items()}
    symbols, ends = lang.get_symbols(EPOCHS)
    begins = np.append(0, ends[:-1])
    trainer = compiled.Trainer([network], Training())
    trainer.step(symbols, begins[:, None], ends[:, None], Part(0, EPOCHS, 0.005, Training.decay))
    code = """([task, first, sequences]) => {
        const net = recurrent.begin(task);
        net.weights.set(recurrent.vector(task, first));
        for (const symbols of sequences) {
            net.x.set(symbols);
            recurrent.step(net, symbols.length - 1, 0.005);
        }
        return recurrent.lists(task, net.weights);
    }"""
    task = {'model': kind, 'classes': classes, 'hid': hid, 'length': 4}
    theirs = evaluate(code, [task, first, [symbols[a:b].tolist() for a, b in zip(begins, ends, strict=True)]])
    ours = trainer.parameters()[0]
    assert list(theirs) == list(ours)
    assert np.abs(flat(theirs) - flat(ours)).max() < CLOSE
    assert np.abs(flat(theirs) - flat(first)).max() > 0.1


def test_a_perceptron_ends_with_the_weights_of_python(evaluate):
    points = Points(*(part.astype(float) for part in read_points(CHECK_CSV)))
    first = np.random.default_rng(0).normal(0, 0.5, 4 * 5 + 1)
    none, zeros = np.zeros((1, first.size)), np.zeros(1, int)
    starts = Starts(first[None].copy(), none.copy(), none.copy(), zeros.copy(), zeros.copy(), np.zeros(1), np.zeros(1))
    advance(starts, points, 1, EPOCHS, 0.01)
    code = """([first, points, targets, epochs]) => {
        const run = perceptron.begin(Float64Array.from(first));
        perceptron.train(run, points, targets, epochs, 0.01);
        return [[...run.weights], run.loss, run.right];
    }"""
    theirs, loss, right = evaluate(code, [first.tolist(), points.inputs.tolist(), points.targets.tolist(), EPOCHS])
    assert np.abs(np.array(theirs) - starts.weights[0]).max() < CLOSE
    assert (loss, right) == (pytest.approx(starts.loss[0], abs=CLOSE), starts.right[0])
    assert np.abs(theirs - first).max() > 1


def test_limits_and_losses_are_those_of_the_verdict_of_python(evaluate):
    sizes = [(classes, length) for classes in (2, 3) for length in (1, 4, 10)]
    code = 'sizes => sizes.map(size => [judge.floor(...size), judge.threshold(...size)])'
    ours = [[verdict.floor(*size), verdict.threshold(*size)] for size in sizes]
    np.testing.assert_allclose(evaluate(code, sizes), ours, rtol=1e-12)
    blocks = np.random.default_rng(1).integers(1, 7, (50, verdict.BLOCKS))

    def read(x):
        return student.outputs_of(SRN, LEARNED, x)[1]

    losses, right, determined = verdict.examine(read, blocks, 2)
    code = """([task, named, all]) => {
        const net = recurrent.begin(task);
        net.weights.set(recurrent.vector(task, named));
        return all.map(blocks => judge.examine(net, blocks));
    }"""
    task = {'model': 'srn', 'classes': 2, 'hid': 2, 'length': 6}
    named = {name: value.tolist() for name, value in LEARNED.items()}
    theirs = evaluate(code, [task, named, blocks.tolist()])
    np.testing.assert_allclose([each['loss'] for each in theirs], losses, atol=1e-6)  # Python's are in float32
    assert [each['right'] for each in theirs] == (right == determined).tolist() and 0 < sum(right == determined) < 50
    found = verdict.judge(read, 2, 4)
    code = '([task, named]) => judge.verdict(task, recurrent.vector(task, named), judge.WHOLE)'
    theirs = evaluate(code, [{**task, 'length': 4}, named])
    assert (theirs['learned'], theirs['counts']) == (found.learned, found.counts) == (True, 4)
    assert theirs['loss'] == pytest.approx(found.loss, abs=0.001)  # other sequences


def test_a_seed_gives_the_same_numbers_with_the_right_mean_and_spread(evaluate):
    code = """seeds => seeds.map(seed => {
        const random = new Random(seed);
        const draw = how => Array.from({ length: 3000 }, how);
        return [draw(() => random.normal()), draw(() => random.whole(4))];
    })"""
    (normal, whole), again, other = evaluate(code, [1, 1, 2**32 - 1])
    assert [normal, whole] == again != other
    assert abs(np.mean(normal)) < 0.06 and abs(np.std(normal) - 1) < 0.04
    assert np.abs(np.bincount(whole)[1:] / 3000 - 0.25).max() < 0.03


@pytest.mark.parametrize(('model', 'lang', 'hid'), [('srn', 'anb2n', 2), ('lstm', 'anb2nc3n', 3)])
def test_weights_as_a_file_are_a_checkpoint(model, lang, hid, evaluate, tmp_path):
    task = Task(lang, 4, model, hid)
    network = student.new_network(task)
    named = {name: value.tolist() for name, value in network.state_dict().items()}
    tensors = 'recurrent.shapes(task).map(([name, shape]) => [name, shape, named[name].flat()])'
    code = f'([task, named]) => [...pth.write({tensors})]'
    given = {'model': model, 'classes': task.classes, 'hid': hid}
    path = tmp_path / 'x.pth'
    path.write_bytes(bytes(evaluate(code, [given, named])))
    loaded = student.new_network(task)
    files.load_into(loaded, str(path))
    assert all(torch.equal(value, loaded.state_dict()[name]) for name, value in network.state_dict().items())
    loaded.load_state_dict(torch.load(path))  # as the lab's own scripts do


def test_a_perceptron_as_a_file_is_shown_by_check_main(evaluate, tmp_path, capsys):
    path = tmp_path / 'perceptron.pth'
    made = [['in_hid.weight', [1, 2], [1.5, -2]], ['in_hid.bias', [1], [0.25]], ['hid_out.weight', [1, 1], [3]]]
    path.write_bytes(bytes(evaluate('made => [...pth.write(made)]', [*made, ['hid_out.bias', [1], [-1]]])))
    check_main.main(['--hid', '1', '--set_weights', str(path), '--plot_path', str(tmp_path)])
    printed = capsys.readouterr().out
    assert 'Initial Accuracy: ' in printed and 'h0: 1.5 x - 2 y + 0.25 >= 0' in printed
    assert 'out: 3 h0 - 1 >= 0' in printed


STROKE = """open => {
    document.querySelectorAll('.inside').forEach(one => (one.open = open));
    const event = new KeyboardEvent('keydown', { key: 'ArrowLeft' }), pad = document.getElementById('pad');
    Object.assign(page.data('kuzu').how, { width: 2.5, grid: 28 }); // as on KMNIST
    return Math.min(...Array.from({ length: 40 }, () => {
        const begin = performance.now();
        pad.dispatchEvent(event);
        return performance.now() - begin;
    }));
}"""
TRAIN = """([model, classes, hid, epochs]) => {
    const net = recurrent.begin({ model, classes, hid, length: 4 }, new Random(1)), begin = performance.now();
    recurrent.train(net, epochs, 0.005);
    return performance.now() - begin;
}"""


@pytest.mark.campaign
@needs_browser
def test_how_fast_the_page_reads_and_trains(opened):
    """Prints the times of docs/page.md, the best of five: for a machine that does nothing else."""
    page, epochs = opened(), 20_000
    page.locator('#pad').focus()
    page.keyboard.press('Space')  # the pen is down
    print(
        '\na stroke, insides closed and open, in ms:', [round(page.evaluate(STROKE, open), 1) for open in (False, True)]
    )
    for kind, model, classes, hid in ('srn', SRN_model, 2, 2), ('lstm', LSTM_model, 3, 3):
        theirs, ours = [], []
        for _ in range(5):
            theirs.append(page.evaluate(TRAIN, [kind, classes, hid, epochs]))
            lang, trainer = lang_anb2n(classes, 4), compiled.Trainer([model(classes, hid, classes)], Training())
            begin = time.perf_counter()
            symbols, ends = lang.get_symbols(epochs)
            begins = np.append(0, ends[:-1])[:, None]
            trainer.step(symbols, begins, ends[:, None], Part(0, epochs, 0.005, Training.decay))
            ours.append(1000 * (time.perf_counter() - begin))
        browser, python = 1000 * min(theirs) / epochs, 1000 * min(ours) / epochs
        print(f'1,000 epochs, {kind}: {browser:.1f} ms, Python {python:.1f} ms, ratio {browser / python:.1f}')
    counting, lines, waits = page.locator('#watch-counting'), page.locator('#watch-lines'), {'timeout': 300_000}
    begin = time.perf_counter()
    counting.locator('[name=run]').click()
    playwright.expect(counting.locator('.says').first).to_contain_text('Done', **waits)
    print(f'100,000 epochs of the SRN by the button: {time.perf_counter() - begin:.1f} s')
    begin = time.perf_counter()
    lines.locator('.hundred').click()
    playwright.expect(lines.locator('.hundred-says')).to_contain_text('Of 100 starts', **waits)
    print(f'100 starts: {time.perf_counter() - begin:.1f} s; {lines.locator(".hundred-says").text_content()}')
