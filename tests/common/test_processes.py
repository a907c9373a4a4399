"""processes.py: several processes do what one does, and end in one line when one of them dies."""

import functools
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from kuzu import NetConv, NetLin
from lab.common import errors, processes, run
from lab.kuzu import train
from lab.kuzu.data import load
from lab.kuzu.networks import to_device
from lab.kuzu.recipe import choose
from lab.kuzu.settings import Settings

HOUSE = Path(__file__).parents[2]
TORCHRUN = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=2']
PIPES = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, 'text': True}
LIMIT = 60  # seconds; nothing here takes a tenth of it on an idle machine


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def two_processes(script, *flags):
    """Run a script in two processes, numbered as torchrun numbers them. Without torchrun none ends the other."""
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        names = {'MASTER_ADDR': '127.0.0.1', 'MASTER_PORT': str(free.getsockname()[1]), 'WORLD_SIZE': '2'}
    names |= {'LOCAL_WORLD_SIZE': '2', 'PYTHONPATH': str(HOUSE)}
    command = [sys.executable, str(script), *flags]
    return [
        subprocess.Popen(
            command,
            env=os.environ | names | {'RANK': rank, 'LOCAL_RANK': rank, 'TORCHELASTIC_ERROR_FILE': f'error{rank}'},
            **PIPES,
        )
        for rank in '01'
    ]


def script(body):
    Path('script.py').write_text(textwrap.dedent(body))
    return 'script.py'


def ends(workers):
    """Exit codes, and what the processes have printed since."""
    said = [worker.communicate(timeout=LIMIT) for worker in workers]
    return [worker.returncode for worker in workers], said


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
@pytest.mark.parametrize('name', ['classic', 'fast'])
@pytest.mark.parametrize('count', [1, 2, 32, 64])  # of three processes, one or two have nothing; or they have unequally
def test_three_messages_add_up_to_the_gradients_and_the_loss_of_the_batch(count, name, network, monkeypatch):
    torch.manual_seed(1)
    images, labels = torch.randn(count, 1, 28, 28), torch.randint(10, (count,))
    model = to_device(network(), images)
    recipe = choose(model, Settings(seed=1, dataset='', images=0, recipe=name))

    def slopes():
        return torch.cat([parameter.grad.flatten() for parameter in model.parameters()])

    loss = train.gradients(model, recipe, None, images, labels, run.Interrupt())
    whole, messages, share = slopes(), [], processes.share
    monkeypatch.setattr(processes, 'SIZE', 3)
    monkeypatch.setattr(processes, '_steps', None, raising=False)
    monkeypatch.setattr(dist, 'all_reduce', lambda message, group: messages.append(message.clone()))
    for rank in range(3):
        monkeypatch.setattr(processes, 'share', functools.partial(share, rank=rank, size=3))
        model.zero_grad()
        with processes.interrupt() as stop:
            stop.pressed = rank == 1
            train.gradients(model, recipe, None, images, labels, stop)
    torch.testing.assert_close(sum(messages)[:-2], whole, rtol=1e-4, atol=1e-6)
    assert [message[-1] for message in messages] == [0, 1, 0]

    monkeypatch.setattr(dist, 'all_reduce', lambda message, group: message.copy_(sum(messages)))
    torch.testing.assert_close(train.gradients(model, recipe, None, images, labels, stop), loss)
    torch.testing.assert_close(slopes(), whole, rtol=1e-4, atol=1e-6)
    assert stop and not processes.interrupt()


def alone(network, capsys, **settings):
    """What one process prints while it trains on the digits."""
    data = load('digits', '', torch.device('cpu'))
    settings = Settings(seed=1, dataset='digits', images=len(data.train_images), **settings)
    torch.manual_seed(1)
    model = to_device(network(), data.train_images)
    capsys.readouterr()
    train.train(model, data, settings, 'alone/net', None, run.Interrupt())
    return capsys.readouterr().out.rstrip()


@pytest.mark.skipif(not Path('/proc/self/task').exists(), reason='finds the processes under /proc')
def test_two_print_the_transcript_of_one_and_go_on_after_one_was_killed_until_one_has_ctrl_c(capsys):
    flags = ['--net', 'conv', '--channels', '2', '3', '--fc', '0', '--batch', '25', '--dataset', 'digits']
    command = [*TORCHRUN, str(HOUSE / 'kuzu_main.py'), '--epochs', '100000', '--seed', '1', *flags]
    run = subprocess.Popen(command, **PIPES)
    transcript = ''
    while transcript.count('Test set') < 2:
        transcript += run.stdout.readline()
    workers = Path(f'/proc/{run.pid}/task/{run.pid}/children').read_text().split()
    os.kill(int(workers[1]), signal.SIGKILL)
    err = run.communicate(timeout=LIMIT)[1]
    assert run.returncode != 0
    lines = [line for line in err.splitlines() if 'kuzu_main.py: error: ' in line]
    assert len(lines) == err.count('seed: 1') == 1
    assert re.search(r'error: one of the 2 processes has died .*: type the same command with --resume', lines[0])
    conv = functools.partial(NetConv, channels=(2, 3), fc=0)
    (words, found), (expected_words, expected) = map(numbers, (transcript, alone(conv, capsys, epochs=2, batch=25)))
    assert words.rstrip() == expected_words
    assert found == pytest.approx(expected, rel=1e-3, abs=1)  # an image on the edge may fall either way

    kept = len(Path('net/kuzu_conv.csv').read_text().splitlines()) - 1
    workers = two_processes(HOUSE / 'kuzu_main.py', '--epochs', '100000', '--resume', *flags)
    assert workers[0].stdout.readline().startswith(f'Train Epoch: {kept + 1} [0/1400')
    workers[1].send_signal(signal.SIGINT)  # the other one is told
    codes, said = ends(workers)
    assert codes == [130, 130]
    assert 'Model parameters: 1' in said[0][0] and said[1] == ('', '')
    assert said[0][1].startswith('seed: 1, threads: ')
    assert sorted(os.listdir('net')) == ['kuzu_conv.csv', 'kuzu_conv.pth', 'kuzu_conv.resume']
    assert sorted(os.listdir('plot')) == [f'kuzu_conv_{name}.jpg' for name in ('confusion', 'curve', 'mistakes')]


def test_an_error_that_all_meet_is_told_once_and_is_in_the_report_of_torchrun():
    fails = """
        from lab.common import errors, processes, run
        processes.start()
        raise errors.UserError('wrong')
    """
    codes, said = ends(two_processes(script(fails)))
    assert codes == [2, 2]
    assert said == [('', 'script.py: error: wrong\n'), ('', '')]
    assert '"message": "script.py: error: wrong' in Path('error1').read_text() and not Path('error0').exists()


def test_the_first_goes_first_what_differs_is_named_and_an_error_of_the_first_ends_all():
    together = """
        import os, time, torch
        from lab.common import cli, errors, files, processes
        processes.start()
        def load():
            time.sleep(0.2 if processes.RANK == 0 else 0)
            open(f'loaded{processes.RANK}', 'w').close()
            return os.path.exists('loaded0')
        def begin(prepare, rates):
            return processes.begin(torch.device('cpu'), prepare, load, lambda _: {'batch': 64, 'lr': rates})
        try:
            begin(lambda: None, [0.1, 0.3][processes.RANK])
        except errors.UserError as error:
            differs = error
        processes._join = lambda device: None
        prepared, loaded = begin(lambda: f'from {processes.RANK}', 0.1)
        with open(f'found{processes.RANK}', 'w') as file:
            print(prepared, loaded, differs, file=file)
        files.write('written', b'first' if processes.RANK == 0 else b'second')
        print(processes.RANK, 'prints')
        begin(lambda: cli.Parser('about').error('wrong'), 0.1)
    """
    codes, said = ends(two_processes(script(together)))
    assert codes == [2, 2]
    assert said == [('0 prints\n', 'script.py: error: wrong\n'), ('', '')]
    assert Path('written').read_text() == 'first'
    assert Path('found0').read_text() == 'from 0 True lr must be the same in all processes, not 0.1 and 0.3\n'
    assert Path('found1').read_text() == 'from 0 True lr must be the same in all processes, not 0.3 and 0.1\n'


def test_more_processes_than_gpus_are_refused(monkeypatch):
    monkeypatch.setattr(processes, 'SIZE', 3)
    monkeypatch.setattr(processes, 'LOCAL_SIZE', 3)
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 2)
    with pytest.raises(errors.UserError, match='3 processes, but 2 GPUs: --nproc_per_node=2, or --no_cuda'):
        processes.begin(torch.device('cuda'), dict, dict, dict)


def test_what_torchrun_left_in_the_environment_starts_nothing():
    code = """
import sys
from lab.common import errors, processes, run
processes.start()
assert processes.begin('no device', lambda: 1, lambda: 2, lambda loaded: {'loaded': loaded}) == (1, 2)
assert type(processes.interrupt()) is run.Interrupt and 'torch' not in sys.modules
    """
    names = {'TORCHELASTIC_RUN_ID': 'left over', 'WORLD_SIZE': '2', 'PYTHONPATH': str(HOUSE)}
    subprocess.run([sys.executable, '-c', code], env=os.environ | names, check=True)
