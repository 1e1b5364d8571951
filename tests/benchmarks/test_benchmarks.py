"""The benchmark command runs, compares and notices what became slower."""

import importlib.util
import json
import sys

import numpy as np
import pytest
import threadpoolctl

import minigrad
import minigrad.functions as F
from benchmarks import __main__ as command
from benchmarks import cases, compare, harness
from benchmarks.cases import ops


@pytest.fixture(autouse=True)
def _restore_threads():
    before = minigrad.get_num_threads()
    with threadpoolctl.threadpool_limits(None):
        yield
    minigrad.set_num_threads(before)


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, 'argv', ['benchmarks', *map(str, arguments)])
    return command.main()


def test_run(monkeypatch, tmp_path, capsys):
    path = tmp_path / 'out.json'
    assert run(monkeypatch, 'run', 'core.add_fwd', '--rounds', 3, '--json', path) == 0
    out = capsys.readouterr().out
    assert 'core.add_fwd' in out
    document = json.loads(path.read_text())
    assert document['machine']['cores'] >= 1
    by_name = {result['name']: result for result in document['results']}
    assert set(by_name) == {'control', 'core.add_fwd'}
    assert by_name['core.add_fwd']['median']['minigrad'] > 0
    assert run(monkeypatch, 'compare', path, path) == 0


def test_profile(monkeypatch, capsys):
    assert run(monkeypatch, 'profile', 'lenet16', '--threads', 1) == 0
    out = capsys.readouterr().out
    assert 'LeNet/conv1: convolution_2d' in out
    assert run(monkeypatch, 'profile', 'nothing') == 2


def write(path, control, own, iqr=0.01):
    results = [
        {'name': 'control', 'unit': 'ms', 'median': {'control': control}, 'iqr': {}},
        {
            'name': 'case',
            'unit': 'ms',
            'median': {'minigrad': own},
            'iqr': {'minigrad': iqr},
        },
    ]
    path.write_text(json.dumps({'results': results}))
    return path


@pytest.mark.parametrize(
    ('control', 'own', 'iqr', 'code'),
    [
        (1.0, 1.0, 0.01, 0),
        (1.0, 1.3, 0.01, 1),
        (1.0, 0.5, 0.01, 0),
        (1.0, 1.3, 0.5, 0),  # within the noise
        (1.2, 1.3, 0.01, 0),  # the machine itself became slower
    ],
)
def test_compare(tmp_path, control, own, iqr, code):
    base = write(tmp_path / 'base.json', 1.0, 1.0)
    new = write(tmp_path / 'new.json', control, own, iqr)
    assert compare.compare(base, new, 1.1) == code


def test_peers_take_turns():
    calls = []
    case = harness.Case(
        'turns',
        {
            name: (lambda n=name: lambda: calls.append(n))
            for name in ('minigrad', 'torch')
        },
        target=1e9,
    )
    result = harness.measure(case, rounds=4)
    assert {'minigrad', 'torch'} == set(calls)
    assert result.met
    assert 'met' in harness.row(result)


def result_of(ratio=None, spread=0.0, control=None):
    median = {} if control is None else {'control': control}
    return harness.Result(
        'x', 'ms', 3, median, {}, {}, ratio, 1.0, ratio_iqr=spread * (ratio or 0)
    )


@pytest.mark.parametrize(
    ('control', 'spread', 'said'),
    [
        (1.04, 0.1, 'met'),
        (1.5, 0.1, 'noisy: control x1.50'),
        (0.9, 0.1, 'noisy: control x0.90'),
        (1.0, 0.5, 'noisy: ratios +-25%'),
    ],
)
def test_nothing_is_judged_on_a_machine_that_is_busy(control, spread, said):
    result = result_of(0.0125, spread)
    harness.question(result, result_of(control=1.0), result_of(control=control))
    assert harness.row(result).endswith(said)
    assert result.met is (True if said == 'met' else None)


def test_missing_peer():
    def missing():
        raise ImportError

    case = harness.Case('alone', {'minigrad': lambda: lambda: None, 'torch': missing})
    result = harness.measure(case, rounds=2)
    assert result.ratio is None
    assert result.met is None


def test_table_of_operations(monkeypatch, capsys):
    names = [case.name for case in cases.FAMILIES['ops']]
    assert len(names) == len(set(names))
    assert len(ops.OPS) >= 80
    names = ['ops.exp.small', 'ops.layer_normalization.small']
    assert run(monkeypatch, 'run', *names, '--rounds', 3) == 0
    out = capsys.readouterr().out
    assert 'ops.exp.small' in out
    if importlib.util.find_spec('torch') is not None:
        assert '2 operations: geometric mean of the ratios' in out


@pytest.mark.parametrize('op', ops.OPS, ids=lambda op: op.name)
def test_operations_are_the_same_in_both(op):
    torch = pytest.importorskip('torch')
    if op.name == 'dropout':
        return
    arrays = ops._arrays(op, 0)
    x, t = [minigrad.Variable(a) for a in arrays], [torch.from_numpy(a) for a in arrays]
    for tensor in t:
        tensor.requires_grad_()
    y = op.minigrad(F, *x)
    expected = op.torch(torch, torch.nn.functional, *t)
    np.testing.assert_allclose(y.array, expected.detach().numpy(), rtol=1e-3, atol=1e-3)
    y.grad = np.ones_like(y.array)
    y.backward()
    expected.backward(torch.ones_like(expected))
    for variable, tensor in zip(x, t, strict=True):
        if variable.grad is not None:
            np.testing.assert_allclose(
                variable.grad, tensor.grad.numpy(), rtol=1e-3, atol=1e-3
            )
