"""``python -m minigrad info`` on machines of every kind."""

import sys

import pytest

from minigrad.cli import info, main
from tests.gpu import emulator, stand_in
from tests.gpu.emulator import cudnn as emulated


def test_without_cupy(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, 'cupy', None)
    assert main(['info']) == 0
    text = capsys.readouterr().out
    assert 'not used: CuPy cannot be imported' in text
    assert 'hint: pip install "cupy-cuda12x[ctk]"' in text
    assert 'allow_tf32            False' in text


def test_without_a_device(monkeypatch):
    monkeypatch.setattr(info, 'find_cudnn', lambda: stand_in.NO_CUDNN)
    with stand_in.installed(devices=0):
        text = info.report()
    assert 'CuPy 14.2.0' in text
    assert 'not used: CUDA lists no device' in text
    assert 'no cuDNN for the stand-in' in text


def test_plain_cupy():
    with stand_in.installed():
        text = info.report()
    assert 'driver 12.9' in text
    assert '@cupy:1 stand-in, 2.0 GiB, compute capability 9.0' in text
    assert 'kernels: reference (plain array code' in text


@pytest.mark.parametrize('name', ['cupy', 'cudnn'])
def test_kernels(name, monkeypatch):
    found = emulated.make() if name == 'cudnn' else stand_in.NO_CUDNN
    monkeypatch.setattr(info, 'find_cudnn', lambda: found)
    with stand_in.installed(cudnn=found, RawModule=emulator.RawModule):
        text = info.report()
    if name == 'cupy':
        assert 'cupy (all kernels our own, because no cuDNN for the stand-in)' in text
    else:
        assert 'kernels: cudnn (convolutions and batch normalization' in text
        assert 'cuDNN 9.28.0 (emulated)' in text


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setattr(info.importlib.util, 'find_spec', lambda name: None)
    text = info.report()
    assert 'h5py is missing: no HDF5 snapshots; pip install h5py' in text
