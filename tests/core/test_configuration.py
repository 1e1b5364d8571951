import io
import subprocess
import sys
import threading

import numpy as np
import pytest

import minigrad
from minigrad import config, global_config, using_config
from minigrad.configuration import GlobalConfig, LocalConfig


def in_thread(function):
    results = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


def test_local_values_stay_in_their_thread():
    with using_config('train', False):
        assert config.train is False
        assert in_thread(lambda: config.train) is True


def test_global_values_reach_every_thread():
    with using_config('train', False, global_config):
        assert config.train is False
        assert in_thread(lambda: config.train) is False
    assert config.train is True


def test_local_goes_before_global():
    with using_config('train', True), using_config('train', False, global_config):
        assert config.train is True


def test_entries_of_ones_own():
    with pytest.raises(AttributeError, match='no entry'):
        config.my_entry  # noqa: B018
    global_config.my_entry = 1
    try:
        with using_config('my_entry', 2):
            assert config.my_entry == 2
        assert config.my_entry == 1
    finally:
        del global_config.my_entry
    with pytest.raises(AttributeError, match='no entry'):
        global_config.my_entry  # noqa: B018


def test_restored_after_an_exception():
    with pytest.raises(ZeroDivisionError), using_config('train', False):
        1 / 0  # noqa: B018
    assert 'train' not in vars(config)


def test_show():
    out = io.StringIO()
    with using_config('train', 'shown'):
        config.show(out)
    assert 'shown' in out.getvalue()
    assert 'enable_backprop' in out.getvalue()


def test_get_dtype():
    assert minigrad.get_dtype() == np.float32
    assert minigrad.get_dtype('d') == np.float64
    with using_config('dtype', minigrad.mixed16):
        assert minigrad.get_dtype() == np.float16
        assert minigrad.get_dtype(map_mixed16=np.float32) == np.float32
        assert repr(config.dtype) == "dtype('mixed16')"


def test_debug():
    minigrad.set_debug(True)
    try:
        assert minigrad.is_debug()
        assert in_thread(minigrad.is_debug) is False
    finally:
        del config.debug


@pytest.mark.parametrize('prefix', ['MINIGRAD', 'CHAINER'])
def test_environment(prefix):
    code = (
        'from minigrad.configuration import config; print(config.dtype, config.debug)'
    )
    out = subprocess.run(
        [sys.executable, '-c', code],
        env={'PATH': '', f'{prefix}_DTYPE': 'float64', f'{prefix}_DEBUG': '1'},
        capture_output=True,
        text=True,
        check=True,
    )
    assert out.stdout.split() == ['float64', 'True']


def test_a_typo_is_told_once():
    own = LocalConfig(GlobalConfig())
    with pytest.warns(UserWarning, match='did you mean enable_backprop'):
        own.enable_backpropp = False
    own.enable_backpropp = True
