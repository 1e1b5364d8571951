"""Programs say in one line what a user can mend, and end with status 2."""

import argparse

import pytest

from benchmarks import __main__ as benchmarks
from minigrad import cli
from minigrad.utils import program
from models import options as train_options
from models import train
from models.experiments import __main__ as experiments


def fail(error):
    def work():
        raise error

    return work


@pytest.mark.parametrize(
    ('error', 'status', 'text'),
    [
        (FileNotFoundError(2, 'No such file', 'x.npz'), 2, 'x.npz'),
        (ImportError('needs h5py\n  hint: pip install h5py'), 2, 'needs h5py; pip'),
        (program.ProgramError('wrong'), 2, 'error: wrong'),
        (KeyError('mine'), 2, 'mine'),
        (KeyboardInterrupt(), 130, 'interrupted: nothing is lost'),
    ],
)
def test_errors_are_one_line(error, status, text, capsys):
    assert program.run(fail(error), [KeyError], 'nothing is lost') == status
    said = capsys.readouterr().err
    assert text in said
    assert said.strip().count('\n') == 0


def test_a_fault_of_the_program_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        program.run(fail(ZeroDivisionError()))


def test_status():
    assert program.run(lambda: None) == 0
    assert program.run(lambda: 3) == 3


def test_devices():
    assert program.device('@numpy') == '@numpy'
    for text in ('@nothing', '@cupy:99'):
        with pytest.raises(argparse.ArgumentTypeError):
            program.device(text)


@pytest.mark.parametrize(
    ('main', 'arguments'),
    [
        (train_options.parse, ['lenet', '--device', '@nothing']),
        (train_options.parse, ['lenet', '--epoch', 'many']),
        (train_options.parse, ['lenett']),
        (experiments.main, ['X9']),
        (experiments.main, ['--seed', 'x']),
        (cli.main, ['graph']),
        (cli.main, ['summary', 'models.lenet:LeNet', '--input', '1,x']),
        (cli.main, ['nothing']),
        (benchmarks.main, ['run', '--rounds', 'x']),
        (benchmarks.main, ['nothing']),
    ],
)
def test_a_wrong_argument(main, arguments, capsys):
    with pytest.raises(SystemExit) as info:
        main(arguments)
    assert info.value.code == 2
    assert capsys.readouterr().err.count('\n') == 1


LENET = ['models.lenet:LeNet', '--input', '1,1,28,28']


@pytest.mark.parametrize(
    ('main', 'arguments'),
    [
        (cli.main, ['summary', 'models.nothing:LeNet', '--input', '1,1,28,28']),
        (cli.main, ['summary', 'models.lenet:LeNett', '--input', '1,1,28,28']),
        (cli.main, ['summary', *LENET, '--weights', 'none.npz']),
        (cli.main, ['graph', *LENET, '-o', 'none/x.json']),
        (cli.main, ['graph', *LENET, '-o', 'x.svg', '--diff', 'none.json']),
        (train.main, ['lenet', '--dataset', 'none', '--out', 'r']),
        (train.main, ['lenet', '--resume', 'none', '--out', 'r']),
        (experiments.main, ['O1', '--data', 'none', '--out', 'r']),
        (benchmarks.main, ['compare', 'none.json', 'none.json']),
        (benchmarks.main, ['profile', 'none']),
    ],
)
def test_a_missing_file(main, arguments, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.count('\n') == 1, error


def test_another_training_is_not_overwritten(capsys, tmp_path):
    arguments = ['mlp', '--epoch', '1', '--batchsize', '500', '--out', str(tmp_path)]
    assert train.main(arguments) == 0
    assert train.main(arguments) == 2
    assert 'holds another training: --resume' in capsys.readouterr().err
    assert train.main([*arguments, '--overwrite']) == 0
    assert train.main([*arguments, '--resume']) == 0
    assert 'nothing left to do, 1 of 1 epochs' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('given', 'meant'),
    [
        (['--epochs', '3'], '; did you mean --epoch? (see --help)'),
        (['--gpu', '0'], "; did you mean --device '@cupy:0'? (see --help)"),
        (['--colour', 'red'], ': unrecognized arguments: --colour red (see --help)'),
    ],
)
def test_an_unknown_option_is_told_what_was_meant(capsys, given, meant):
    parser = program.Parser(prog='train', allow_abbrev=False)
    parser.add_argument('--epoch')
    parser.add_argument('--device')
    with pytest.raises(SystemExit) as info:
        parser.parse_args(given)
    assert info.value.code == 2
    assert capsys.readouterr().err.endswith(f'{meant}\n')
