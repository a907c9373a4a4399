import pytest

from lab.common import cli
from lab.seq import flags
from lab.seq.task import Task


def parse(line, capsys):
    parser = cli.Parser('about')
    flags.add_network(parser)
    return parser.parse_args(line.split())


def test_the_flags_name_a_task_and_a_folder(capsys):
    args = parse('--lang anb2nc3n --length 100 --model lstm --hid 100 --out_path some', capsys)
    assert Task(args.lang, args.length, args.model, args.hid) == Task('anb2nc3n', 100, 'lstm', 100)
    assert args.out_path == 'some'


def test_without_flags_it_is_the_labs_first_task(capsys):
    args = parse('', capsys)
    assert Task(args.lang, args.length, args.model, args.hid) == Task('anb2n', 4, 'srn', 2)
    assert vars(parse('--length 0 --hid 0', capsys)) == vars(args)
    assert parse('--length 1 --hid 1', capsys).hid == 1


@pytest.mark.parametrize('line', ['--length 101', '--length -1', '--hid 101', '--hid -1', '--model gru', '--lang ab'])
def test_other_values_are_refused(line, capsys):
    with pytest.raises(SystemExit, match='2'):
        parse(line, capsys)
    assert line.split()[0] in capsys.readouterr().err
