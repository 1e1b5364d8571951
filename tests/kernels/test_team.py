"""Threads that share a kernel: every piece once, in whatever thread."""

import threading
import time

import numpy as np
import pytest

pytest.importorskip('numba', reason='Numba is not installed')

from minigrad.kernels import threads
from minigrad.kernels.cpu import team
from minigrad.kernels.cpu.jit import INTERPRETED, jit
from minigrad.kernels.cpu.team import in_team, offer, pieces, rank, share, workspace

shared = pytest.mark.skipif(
    INTERPRETED, reason='with NUMBA_DISABLE_JIT one thread does all'
)

TURNS = 2 if INTERPRETED else 2000


@pytest.fixture(autouse=True)
def restore_number():
    before = threads.get_num_threads()
    yield
    threads.set_num_threads(before)


@jit
def count(team, size, number, seen, places, ranks):
    """Counts each item; spends time, so that helpers have something to take."""
    offer(team)
    own = ranks[rank(team)]
    for index, first, last in pieces(team, size, number):
        places[index, 0], places[index, 1] = first, last
        own[0] += 1
        for i in range(first, last):
            seen[i] += 1
            for j in range(TURNS):
                own[1] = (own[1] + i * j) % 1000003


def run(size, grain, number=None):
    cut = share(size, grain, number)
    seen = np.zeros(size, np.int64)
    places = np.full((cut.number, 2), -1)
    ranks = workspace('ranks', 2, np.int64, cut.threads)
    ranks[:] = 0
    in_team(count, cut, seen, places, ranks)
    return cut, seen, places, ranks[:, 0].copy()


@pytest.mark.parametrize('number', [1, 2, 3, 16])
@pytest.mark.parametrize('size', [0, 1, 5, 1000])
def test_every_item_is_met_once(number, size):
    threads.set_num_threads(number)
    for _ in range(20):
        cut, seen, places, done = run(size, 1)
        assert (seen == 1).all()
        assert done.sum() == cut.number
        assert places[0, 0] == 0
        assert places[-1, 1] == size
        assert (places[1:, 0] == places[:-1, 1]).all()


def test_the_number_of_pieces_can_be_given():
    threads.set_num_threads(2)
    cut, seen, places, _ = run(100, 1, 7)
    assert len(places) == cut.number == 7
    assert (seen == 1).all()


@shared
def test_helpers_take_their_part():
    threads.set_num_threads(2)
    deadline = time.monotonic() + 300  # the machine may be busy
    while time.monotonic() < deadline:
        _, _, _, done = run(4000, 1)
        if done[1] > 0:
            break
    assert done[1] > 0


@shared
def test_a_sleeping_helper_wakes_up():
    threads.set_num_threads(2)
    run(100, 1)
    deadline = time.monotonic() + 300
    while 1 not in team._team.asleep and time.monotonic() < deadline:
        time.sleep(0.001)
    assert 1 in team._team.asleep
    test_helpers_take_their_part()


@shared
def test_fewer_threads_leave_helpers_out():
    threads.set_num_threads(3)
    run(1000, 1)
    threads.set_num_threads(2)
    for _ in range(50):
        _, seen, _, done = run(1000, 1)
        assert len(done) == 2
        assert (seen == 1).all()


def test_who_finds_the_team_busy_works_alone():
    threads.set_num_threads(2)
    with team._team.busy:
        _, seen, _, done = run(1000, 1)
    assert (seen == 1).all()
    assert done[1:].sum() == 0


def test_several_users_at_once():
    threads.set_num_threads(2)
    failures = []

    def use():
        for _ in range(200):
            _, seen, _, _ = run(64, 1)
            if not (seen == 1).all():
                failures.append(seen)

    users = [threading.Thread(target=use) for _ in range(4)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    assert not failures


def test_an_error_before_the_kernel_leaves_the_team_usable():
    threads.set_num_threads(2)

    def wrong(*args):
        raise MemoryError

    with pytest.raises(MemoryError):
        in_team(wrong, share(100, 1))
    assert not team._team.busy.locked()
    _, seen, _, _ = run(100, 1)
    assert (seen == 1).all()


def test_a_helper_may_fall_asleep_while_others_are_woken():
    class Asleep(set):
        """Grows while somebody looks through it."""

        def __iter__(self):
            for number in super().__iter__():
                self.add(number + 100)
                yield number

    own = team._Team()
    own.alarms = [threading.Lock() for _ in range(3)]
    for alarm in own.alarms:
        alarm.acquire()
    own.asleep = Asleep([1, 3])
    own.open(2)
    assert [alarm.locked() for alarm in own.alarms] == [False, True, True]
    assert 1 not in own.asleep
    assert 3 in own.asleep
