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

import cli

import pytest
import torch
import torch.distributed as dist

import kuzu_data
import kuzu_main
import kuzu_recipe
import kuzu_train
import processes
import seq_train
from kuzu import NetConv, NetLin

HOUSE = Path(__file__).parent.parent
TORCHRUN = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=2']
DIGITS = ['--dataset', 'digits', '--seed', '1']
PIPES = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, 'text': True}
PREFACE = """
import argparse, cli, torch, processes, processes_end
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


@pytest.mark.parametrize('recipe', [kuzu_recipe.classic, kuzu_recipe.fast])
@pytest.mark.parametrize('count', [1, 2, 32, 64])  # of three processes, one or two have nothing; or they have unequally
def test_three_messages_add_up_to_the_gradients_and_the_loss_of_the_batch(count, recipe, monkeypatch):
    torch.manual_seed(1)
    model, images, labels = NetLin(), torch.randn(count, 1, 28, 28), torch.randint(10, (count,))
    recipe = recipe(model, 'sgd', 0.1, 0) if recipe is kuzu_recipe.classic else recipe(model)
    loss = kuzu_train.gradients(model, recipe, images, labels, False)
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
            kuzu_train.gradients(model, recipe, images, labels, stop)
    *slopes, together, pressed = sum(messages)
    torch.testing.assert_close(torch.stack(slopes), whole)
    torch.testing.assert_close(together, loss)
    assert pressed == 1


def alone(network, capsys, **settings):
    """What one process prints while it trains on the digits."""
    data = kuzu_data.load('digits', '', torch.device('cpu'))
    settings = kuzu_train.Settings(seed=1, dataset='digits', images=len(data.train_images), **settings)
    torch.manual_seed(1)
    model = kuzu_train.to_device(network(), data.train_images)
    capsys.readouterr()
    kuzu_train.train(model, data, settings, 'alone/net', False, cli.Interrupt())
    return capsys.readouterr().out.rstrip()


def test_two_processes_print_the_transcript_of_one_and_write_its_files(capsys):
    flags = ['--net', 'conv', '--channels', '2', '3', '--fc', '0', '--recipe', 'fast', '--epochs', '1', *DIGITS]
    _store, workers = two_processes(HOUSE / 'kuzu_main.py', *flags)
    codes, said = ends(workers)
    assert codes == [0, 0]
    assert said[0][1] == 'seed: 1\n' and said[1] == ('', '')
    conv = functools.partial(NetConv, channels=(2, 3), fc=0)
    words, found = numbers(said[0][0].partition('Model parameters')[0].rstrip())
    expected_words, expected = numbers(alone(conv, capsys, epochs=1, recipe='fast', batch=32, shuffle=True))
    assert words == expected_words
    assert found == pytest.approx(expected, rel=1e-3, abs=1)  # an image or two on the edge may fall either way
    assert sorted(os.listdir('net')) == ['kuzu_conv.csv', 'kuzu_conv.pth', 'kuzu_conv.resume']
    assert sorted(os.listdir('plot')) == [f'kuzu_conv_{name}.jpg' for name in ('confusion', 'curve', 'mistakes')]


def test_starts_on_two_processes_give_the_same_transcript_and_files_byte_for_byte(capsys, here):
    flags = ['--epoch', '10', '--init', '0.5', '--restarts', '3', '--seed', '7']
    seq_train.main(flags)
    one = capsys.readouterr().out
    files = {path.name: path.read_bytes() for path in Path('net').iterdir()}
    os.rename('net', 'one')
    done = torchrun('seq_train.py', *flags)
    assert (done.returncode, done.stdout) == (0, one)
    assert {path.name: path.read_bytes() for path in Path('net').iterdir()} == files
    assert '3 of 3 starts done' in done.stderr


@pytest.mark.skipif(not Path('/proc/self/task').exists(), reason='finds the processes under /proc')
def test_a_killed_process_ends_the_run_in_one_line_and_resume_goes_on(capsys, here):
    flags = ['--net', 'lin', *DIGITS]
    run = subprocess.Popen([*TORCHRUN, str(HOUSE / 'kuzu_main.py'), '--epochs', '100000', *flags], **PIPES)
    transcript = ''
    while transcript.count('Test set') < 3:
        transcript += run.stdout.readline()
    workers = Path(f'/proc/{run.pid}/task/{run.pid}/children').read_text().split()
    os.kill(int(workers[1]), signal.SIGKILL)
    err = run.communicate(timeout=LIMIT)[1]
    assert run.returncode != 0
    assert len(errors(err)) == 1
    assert re.search(r'one of the 2 processes (has )?died.*: type the same command with --resume, net/kuzu_lin', err)
    kept = len(Path('net/kuzu_lin.csv').read_text().splitlines()) - 1
    kuzu_main.main(['--epochs', str(kept + 1), '--resume', *flags])
    assert f'Train Epoch: {kept + 1} [0/1400' in capsys.readouterr().out
    found, expected = numbers(transcript.rstrip())[1], numbers(alone(NetLin, capsys, epochs=3))[1]
    assert found == pytest.approx(expected, rel=1e-4)


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


def test_one_start_is_not_spread(monkeypatch, capsys):
    monkeypatch.setattr(processes, 'SIZE', 2)
    with pytest.raises(SystemExit, match='2'):
        seq_train.parse([])
    assert 'add --restarts' in capsys.readouterr().err


def test_flags_that_differ_between_processes_are_refused(monkeypatch):
    monkeypatch.setattr(processes, 'gather', lambda value: [0.01, value])
    with pytest.raises(cli.UserError, match=r'--lr should be the same on each machine: it is 0\.01 and 0\.3'):
        processes.check_alike('--lr', 0.3)


def test_more_processes_than_gpus_are_refused(monkeypatch):
    monkeypatch.setattr(processes, 'TOGETHER', True)
    monkeypatch.setattr(processes, 'LOCAL_SIZE', 3)
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 2)
    with pytest.raises(cli.UserError, match='take torchrun --nproc_per_node=2, or --no_cuda'):
        processes.join(kuzu_main.parse([]), torch.device('cuda'))


def test_without_torchrun_nothing_is_started():
    assert not processes.TOGETHER and not dist.is_initialized()
    assert isinstance(processes.interrupt(), cli.Interrupt) and not isinstance(processes.interrupt(), processes._Stop)
