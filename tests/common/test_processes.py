"""processes.py: several processes do what one does, and end in one line when one of them dies."""

import functools
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

import kuzu_main
from kuzu import NetConv, NetLin
from lab.common import endings, processes
from lab.kuzu import data as kuzu_data
from lab.kuzu import recipe as kuzu_recipe
from lab.kuzu import train

HOUSE = Path(__file__).parents[2]
TORCHRUN = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=2']
DIGITS = ['--dataset', 'digits', '--seed', '1']
PIPES = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, 'text': True}
PREFACE = """
import argparse, torch
from lab.common import cli, endings, processes, processes_end
processes_end.start()
processes.join(argparse.Namespace(), torch.device('cpu'))
"""
LIMIT = 60  # seconds; nothing here takes a tenth of it on an idle machine


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def torchrun(script, *flags):
    return subprocess.run([*TORCHRUN, str(HOUSE / script), *flags], timeout=LIMIT, **PIPES)


def two_processes(script, *flags):
    """Run a script in two processes as torchrun starts them, without torchrun, which would end the other one; with
    what torchrun keeps for them, which has to live as long."""
    store = dist.TCPStore('127.0.0.1', 0, is_master=True, wait_for_workers=False)
    names = {'MASTER_ADDR': '127.0.0.1', 'MASTER_PORT': str(store.port), 'TORCHELASTIC_USE_AGENT_STORE': 'True'}
    names |= {'TORCHELASTIC_RUN_ID': 'test', 'TORCHELASTIC_RESTART_COUNT': '0', 'GROUP_RANK': '0'}
    names |= {'WORLD_SIZE': '2', 'LOCAL_WORLD_SIZE': '2', 'PYTHONPATH': str(HOUSE)}
    command = [sys.executable, str(script), *flags]
    workers = [
        subprocess.Popen(command, env=os.environ | names | {'RANK': rank, 'LOCAL_RANK': rank}, **PIPES) for rank in '01'
    ]
    return store, workers


def written(body):
    """A script that joins, and then does what `body` says."""
    Path('script.py').write_text(PREFACE + textwrap.dedent(body))
    return 'script.py'


def ends(workers):
    """Exit codes, and what the processes have printed since."""
    said = [worker.communicate(timeout=LIMIT) for worker in workers]
    return [worker.returncode for worker in workers], said


def errors(text):
    return [line for line in text.splitlines() if ': error: ' in line]


def numbers(text):
    """A transcript in words and in numbers."""
    number = r'\d+\.\d+|\d+'
    return re.sub(number, '#', text), [float(found) for found in re.findall(number, text)]


@pytest.mark.parametrize('count', [0, 1, 2, 32, 397])
@pytest.mark.parametrize('size', [1, 2, 3, 5])
def test_the_shares_are_the_whole_in_order_and_nearly_equal(count, size):
    shares = [range(count)[processes.share(count, rank, size)] for rank in range(size)]
    assert [place for share in shares for place in share] == list(range(count))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize('network', [NetLin, NetConv])
@pytest.mark.parametrize('recipe', [kuzu_recipe.classic, kuzu_recipe.fast])
@pytest.mark.parametrize('count', [1, 2, 32, 64])  # of three processes, one or two have nothing; or they have unequally
def test_three_messages_add_up_to_the_gradients_and_the_loss_of_the_batch(count, recipe, network, monkeypatch):
    torch.manual_seed(1)
    model, images, labels = network(), torch.randn(count, 1, 28, 28), torch.randint(10, (count,))
    recipe = recipe(model, 'sgd', 0.1, 0) if recipe is kuzu_recipe.classic else recipe(model)
    loss = train.gradients(model, recipe, images, labels, False)
    whole = torch.cat([parameter.grad.flatten() for parameter in model.parameters()])
    messages, share = [], processes.share
    monkeypatch.setattr(processes, 'TOGETHER', True)
    monkeypatch.setitem(processes._groups, 'gradients', None)
    monkeypatch.setattr(dist, 'all_reduce', lambda message, group: messages.append(message.clone()))
    for rank in range(3):
        monkeypatch.setattr(processes, 'share', functools.partial(share, rank=rank, size=3))
        model.zero_grad()
        with processes._Stop() as stop:
            stop.pressed = rank == 2
            train.gradients(model, recipe, images, labels, stop)
    slopes, together, pressed = sum(messages).tensor_split([-2, -1])
    torch.testing.assert_close(slopes, whole, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(together[0], loss)
    assert pressed == 1


def alone(network, capsys, **settings):
    """What one process prints while it trains on the digits."""
    data = kuzu_data.load('digits', '', torch.device('cpu'))
    settings = train.Settings(seed=1, dataset='digits', images=len(data.train_images), **settings)
    torch.manual_seed(1)
    model = train.to_device(network(), data.train_images)
    capsys.readouterr()
    train.train(model, data, settings, 'alone/net', False, endings.Interrupt())
    return capsys.readouterr().out.rstrip()


@pytest.mark.skipif(not Path('/proc/self/task').exists(), reason='finds the processes under /proc')
def test_two_print_the_transcript_of_one_and_after_one_was_killed_resume_ends_the_run(capsys):
    flags = ['--net', 'conv', '--channels', '2', '3', '--fc', '0', '--batch', '25', *DIGITS]
    run = subprocess.Popen([*TORCHRUN, str(HOUSE / 'kuzu_main.py'), '--epochs', '100000', *flags], **PIPES)
    transcript = ''
    while transcript.count('Test set') < 2:
        transcript += run.stdout.readline()
    workers = Path(f'/proc/{run.pid}/task/{run.pid}/children').read_text().split()
    os.kill(int(workers[1]), signal.SIGKILL)
    err = run.communicate(timeout=LIMIT)[1]
    assert run.returncode != 0
    assert len(errors(err)) == err.count('seed: 1') == 1
    assert re.search(r'one of the 2 processes (has )?died.*: type the same command with --resume, net/kuzu_conv', err)
    conv = functools.partial(NetConv, channels=(2, 3), fc=0)
    (words, found), (expected_words, expected) = map(numbers, (transcript, alone(conv, capsys, epochs=2, batch=25)))
    assert words.rstrip() == expected_words
    assert found == pytest.approx(expected, rel=1e-3, abs=1)  # an image on the edge may fall either way

    kept = len(Path('net/kuzu_conv.csv').read_text().splitlines()) - 1
    _store, workers = two_processes(HOUSE / 'kuzu_main.py', '--epochs', str(kept + 1), '--resume', *flags)
    codes, said = ends(workers)
    assert codes == [0, 0]
    assert said[0][0].startswith(f'Train Epoch: {kept + 1} [0/1400') and 'Model parameters: 1' in said[0][0]
    assert said[0][1] == 'seed: 1\n' and said[1] == ('', '')
    assert sorted(os.listdir('net')) == ['kuzu_conv.csv', 'kuzu_conv.pth', 'kuzu_conv.resume']
    assert sorted(os.listdir('plot')) == [f'kuzu_conv_{name}.jpg' for name in ('confusion', 'curve', 'mistakes')]


def test_ctrl_c_in_one_process_stops_all_after_the_same_step():
    script = written("""
        model, steps = torch.nn.Linear(3, 2), 0
        with processes.interrupt() as stop:
            print('ready', flush=True)
            while not stop:
                processes.add_up(model, 0.5, torch.zeros(()), stop)
                steps += 1
        open(f'steps{processes.RANK}', 'w').write(str(steps))
        stop.leave()
    """)
    _store, workers = two_processes(script)
    assert workers[0].stdout.readline() == 'ready\n'
    time.sleep(0.2)
    workers[1].send_signal(signal.SIGINT)
    codes, said = ends(workers)
    assert codes == [130, 130]
    assert said == [('', ''), ('', '')]
    assert Path('steps0').read_text() == Path('steps1').read_text()


@pytest.mark.parametrize('everywhere', [True, False])
def test_an_error_of_the_user_is_told_once_and_ends_all_with_exit_code_2(everywhere):
    fail = 'cli.Parser("about").error("wrong")'
    script = written(fail if everywhere else f'processes.given(lambda: {fail})')  # for which the second waits
    _store, workers = two_processes(script)
    codes, said = ends(workers)
    assert codes == [2, 2]
    assert ''.join(err for _, err in said) == 'script.py: error: wrong\n'


def test_flags_that_differ_between_processes_are_refused(monkeypatch):
    monkeypatch.setattr(processes, 'gather', lambda value: [0.01, value])
    with pytest.raises(endings.UserError, match=r'--lr should be the same on each machine: it is 0\.01 and 0\.3'):
        processes.check_alike('--lr', 0.3)


def test_more_processes_than_gpus_are_refused(monkeypatch):
    monkeypatch.setattr(processes, 'TOGETHER', True)
    monkeypatch.setattr(processes, 'LOCAL_SIZE', 3)
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 2)
    with pytest.raises(endings.UserError, match='take torchrun --nproc_per_node=2, or --no_cuda'):
        processes.join(kuzu_main.parse([]), torch.device('cuda'))


def test_without_torchrun_nothing_is_started():
    assert not processes.TOGETHER and not dist.is_initialized()
    assert isinstance(processes.interrupt(), endings.Interrupt) and not isinstance(
        processes.interrupt(), processes._Stop
    )
