"""Comparing a distribution with that of SciPy."""

from __future__ import annotations

import math
import unittest
from collections.abc import Callable, Iterator
from typing import Any

import numpy

from minigrad import backend
from minigrad.testing import attr
from minigrad.testing.array import assert_allclose
from minigrad.variable import Variable

# The target, the name in minigrad, and the name in SciPy.
_MOMENTS = (
    ('entropy', 'entropy', 'entropy'),
    ('mean', 'mean', 'mean'),
    ('stddev', 'stddev', 'std'),
    ('variance', 'variance', 'var'),
)
_AT_POINTS = (
    ('cdf', 'cdf', 'cdf'),
    ('icdf', 'icdf', 'ppf'),
    ('log_cdf', 'log_cdf', 'logcdf'),
    ('log_prob', 'log_prob', 'logp'),
    ('log_survival', 'log_survival_function', 'logsf'),
    ('prob', 'prob', 'p'),
    ('survival', 'survival_function', 'sf'),
)
_EQUAL = ('batch_shape', 'event_shape', 'support')
_DRAWS = 100000


class distribution_unittest(unittest.TestCase):
    """A test case that compares a distribution with one of ``scipy.stats``.

    A subclass sets ``shape``, ``sample_shape`` and ``is_variable``, usually by
    `parameterize`, and in ``setUp_configure()``:

    - ``dist``, ``params`` and ``options``: the class of the distribution, its
      parameters as arrays by name, and arguments that are no arrays;
    - ``scipy_dist`` and ``scipy_params``: the distribution to compare with;
    - ``test_targets``: a set of the properties and methods that are compared;
    - ``support``, ``event_shape``, ``continuous``: what is expected, if not
      ``'real'``, ``()`` and True;
    - ``scipy_onebyone``: ask SciPy for one distribution of the batch at a time.

    Its method ``sample_for_test()`` returns points. A subclass replaces
    ``check_<target>(is_gpu)`` where a target needs a check of its own.

    Source: compatible with chainer.testing.distribution_unittest.
    """

    scipy_onebyone = False
    shape: tuple[int, ...]
    sample_shape: tuple[int, ...]
    event_shape: tuple[int, ...]
    is_variable: bool
    dist: Any
    scipy_dist: Any
    params: dict[str, Any]
    scipy_params: dict[str, Any]
    sample_for_test: Callable[[], Any]
    setUp_configure: Callable[[], None]

    def setUp(self) -> None:
        if type(self) is distribution_unittest:
            self.skipTest('the base class, which compares nothing')
        self.support = 'real'
        if not hasattr(self, 'event_shape'):
            self.event_shape = ()
        self.continuous = True
        self.test_targets: set[str] = set()
        self.options: dict[str, Any] = {}
        self.setUp_configure()
        unknown = self.test_targets - _TARGETS
        if unknown:
            raise ValueError(f'unknown test_targets: {sorted(unknown)}')

    def _make_(self, send: Callable[[Any], Any]) -> Any:
        params = {name: send(value) for name, value in self.params.items()}
        if self.is_variable:
            params = {name: Variable(value) for name, value in params.items()}
        return self.dist(**params, **self.options)

    @property
    def cpu_dist(self) -> Any:
        """The distribution on the CPU."""
        return self._make_(lambda array: array)

    @property
    def gpu_dist(self) -> Any:
        """The distribution on the first GPU."""
        return self._make_(_to_gpu)

    def scipy_onebyone_params_iter(self) -> Iterator[dict[str, Any]]:
        """Yields the arguments of SciPy for each distribution of the batch."""
        for index in numpy.ndindex(*self.shape):
            yield {name: value[index] for name, value in self.scipy_params.items()}

    def _moment_(self, name: str, scipy_name: str, is_gpu: bool) -> None:
        dist = self.gpu_dist if is_gpu else self.cpu_dist
        wanted = getattr(self.scipy_dist, scipy_name)
        if not self.scipy_onebyone:
            expected = wanted(**self.scipy_params)
        else:
            each = [wanted(**params) for params in self.scipy_onebyone_params_iter()]
            events = () if name == 'entropy' else dist.event_shape
            expected = numpy.reshape(each, self.shape + events)
        assert_allclose(getattr(dist, name).array, expected)

    def _at_points_(self, name: str, scipy_name: str, is_gpu: bool) -> None:
        dist = self.gpu_dist if is_gpu else self.cpu_dist
        if name == 'icdf':
            x = numpy.random.uniform(1e-5, 1 - 1e-5, self.sample_shape + self.shape)
            x = numpy.asarray(x, numpy.float32)
        else:
            x = self.sample_for_test()
        if scipy_name.endswith('p') and scipy_name != 'ppf':
            scipy_name += 'df' if self.continuous else 'mf'
        wanted = getattr(self.scipy_dist, scipy_name)
        if self.scipy_onebyone and name == 'log_prob':
            expected = self._one_by_one_(wanted, x, dist.event_shape)
        else:
            expected = wanted(x, **self.scipy_params)
        y = getattr(dist, name)(_to_gpu(x) if is_gpu else x)
        assert_allclose(y.array, expected)

    def _one_by_one_(
        self, wanted: Callable[..., Any], x: Any, event_shape: tuple[int, ...]
    ) -> Any:
        points = numpy.reshape(x, (-1, math.prod(self.shape), *event_shape))
        each = [
            numpy.broadcast_to(wanted(points[:, i], **params), len(points))
            for i, params in enumerate(self.scipy_onebyone_params_iter())
        ]
        return numpy.stack(each, axis=1).reshape(self.sample_shape + self.shape)

    def check_sample(self, is_gpu: bool) -> None:
        """Compares means and standard deviations of 100,000 samples."""
        dist = self.gpu_dist if is_gpu else self.cpu_dist
        draws = (_DRAWS, *self.sample_shape)
        y = backend.to_cpu(dist.sample(draws).array)
        if not self.scipy_onebyone:
            expected = self.scipy_dist.rvs(size=draws + self.shape, **self.scipy_params)
        else:
            each = [
                numpy.reshape(
                    self.scipy_dist.rvs(size=draws, **params), draws + dist.event_shape
                )
                for params in self.scipy_onebyone_params_iter()
            ]
            expected = numpy.stack(each, axis=len(draws)).reshape(y.shape)
        for statistic in (numpy.mean, numpy.std):
            assert_allclose(
                statistic(y, axis=0), statistic(expected, axis=0), atol=3e-2, rtol=3e-2
            )


def _to_gpu(array: Any) -> Any:
    return backend.GpuDevice.from_device_id(0).send(array)


def _equality_check(name: str) -> Callable[[distribution_unittest, bool], None]:
    def check(self: distribution_unittest, is_gpu: bool) -> None:
        dist = self.gpu_dist if is_gpu else self.cpu_dist
        actual = getattr(dist, name)
        expected = self.shape if name == 'batch_shape' else getattr(self, name)
        if actual != expected:
            self.fail(f'{name}: expected {expected!r}, got {actual!r}')

    return check


def _moment_check(
    name: str, scipy_name: str
) -> Callable[[distribution_unittest, bool], None]:
    return lambda self, is_gpu: self._moment_(name, scipy_name, is_gpu)


def _point_check(
    name: str, scipy_name: str
) -> Callable[[distribution_unittest, bool], None]:
    return lambda self, is_gpu: self._at_points_(name, scipy_name, is_gpu)


def _test(target: str, is_gpu: bool) -> Callable[[distribution_unittest], None]:
    def test(self: distribution_unittest) -> None:
        if target not in self.test_targets:
            self.skipTest(f'{target} is not among test_targets')
        getattr(self, f'check_{target}')(is_gpu)

    return test


_TARGETS = {'sample', *_EQUAL}
for _name in _EQUAL:
    setattr(distribution_unittest, f'check_{_name}', _equality_check(_name))
for _target, _name, _scipy_name in _MOMENTS:
    _TARGETS.add(_target)
    setattr(
        distribution_unittest, f'check_{_target}', _moment_check(_name, _scipy_name)
    )
for _target, _name, _scipy_name in _AT_POINTS:
    _TARGETS.add(_target)
    setattr(distribution_unittest, f'check_{_target}', _point_check(_name, _scipy_name))
for _target in sorted(_TARGETS):
    setattr(distribution_unittest, f'test_{_target}_cpu', _test(_target, False))
    setattr(
        distribution_unittest, f'test_{_target}_gpu', attr.gpu(_test(_target, True))
    )
