"""The simulation of many processes."""

import pytest

from benchmarks.scale import (
    ONE_MACHINE,
    Cluster,
    Link,
    Profile,
    buckets_of,
    predict,
    scale,
)

MN_1 = ONE_MACHINE.with_name('mn-1.toml')
FAST = Link('ring', 0.0, 1e30)
# Three gradients of 3 MB, final after 1, 2 and 3 seconds of backward.
PROFILE = Profile(1.0, [1.0, 2.0, 3.0], [3e6] * 3, 3.0, 0.5)


def cluster(link, **options):
    return Cluster('test', link, link, 8, **options)


def test_sums_over_a_ring_and_a_tree():
    assert Link('ring', 1.0, 1e6).seconds(4, 8e6) == 2 * 3 * 1.0 + 2 * 3 / 4 * 8
    assert Link('tree', 1.0, 1e6).seconds(4, 8e6) == 2 * 2 * 1.0 + 2 * 3 / 4 * 8
    assert Link('tree', 1.0, 1e6).seconds(1, 8e6) == 0


def test_nodes_are_summed_up_before_they_exchange():
    inside, between = Link('ring', 1.0, 1e30), Link('ring', 100.0, 1e30)
    machines = Cluster('test', inside, between, 4)
    assert machines.sum_seconds(4, 1e6) == pytest.approx(6)
    assert machines.sum_seconds(16, 1e6) == pytest.approx(6 + 600)
    assert machines._replace(one_ring=True).sum_seconds(16, 1e6) == pytest.approx(3000)


def test_buckets_are_filled_as_the_reducer_fills_them():
    assert buckets_of(PROFILE) == [(1.0, 3e6), (2.0, 3e6), (3.0, 3e6)]
    assert buckets_of(PROFILE, 10**9) == [(1.0, 3e6), (3.0, 6e6)]


def test_links_without_cost_cost_nothing():
    for overlap in (True, False):
        assert predict(PROFILE, cluster(FAST), 1024, overlap).efficiency == 1


def test_what_is_overlapped_is_hidden():
    # 2 processes: each bucket of 3 MB takes 0.5 s; the last leaves when backward ends.
    slow = cluster(Link('ring', 0.0, 6e6))
    assert predict(PROFILE, slow, 2, True).seconds == pytest.approx(4.5 + 0.5)
    assert predict(PROFILE, slow, 2, False).seconds == pytest.approx(4.5 + 1.5)
    assert predict(PROFILE, slow, 2, False, 0.5).seconds == pytest.approx(4.5 + 0.75)
    # If sums take longer than backward between two buckets, they queue up.
    slower = cluster(Link('ring', 0.0, 1.5e6))
    assert predict(PROFILE, slower, 2, True).seconds == pytest.approx(2 + 3 * 2 + 0.5)


def test_cores_are_shared_and_the_slowest_is_waited_for():
    assert predict(PROFILE, cluster(FAST, cores_per_node=2), 4).seconds == 9
    assert predict(PROFILE, cluster(FAST, jitter=0.1), 64).efficiency < 0.8


def test_published_figures_stand_beside_the_simulation(tmp_path, capsys):
    pytest.importorskip('matplotlib', reason='it draws')
    assert scale('resnet50', MN_1, [], tmp_path / 'scale.png') == 0
    out = capsys.readouterr().out
    assert 'published 128: 90.0%; the simulation without overlap says' in out
    assert 'arXiv:1711.04325' in out
    assert (tmp_path / 'scale.png').exists()
    with pytest.raises(SystemExit, match='no model resnet51'):
        scale('resnet51', MN_1, [], tmp_path / 'scale.png')
