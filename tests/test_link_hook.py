"""LinkHook, and the timer."""

import io

import pytest

from minigrad.chain import Chain
from minigrad.link import Link
from minigrad.link_hook import LinkHook, get_link_hooks
from minigrad.link_hooks.timer import TimerHook


class Increment(Link):
    def forward(self, x, by=1):
        return x + by


class Twice(Chain):
    def __init__(self):
        super().__init__(inner=Increment())

    def forward(self, x):
        return self.inner(self.inner(x))


class Recorder(LinkHook):
    name = 'Recorder'

    def __init__(self):
        self.events = []

    def added(self, link):
        self.events.append(('added', link))

    def deleted(self, link):
        self.events.append(('deleted', link))

    def forward_preprocess(self, args):
        self.events.append(
            ('pre', args.link, args.forward_name, args.args, args.kwargs)
        )

    def forward_postprocess(self, args):
        self.events.append(('post', args.link, args.args, args.kwargs, args.out))


def test_global_hook():
    link = Increment()
    with Recorder() as hook:
        assert get_link_hooks() == {'Recorder': hook}
        assert link(1, by=2) == 3
    assert get_link_hooks() == {}
    link(5)
    assert hook.events == [
        ('added', None),
        ('pre', link, 'forward', (1,), {'by': 2}),
        ('post', link, (1,), {'by': 2}, 3),
        ('deleted', None),
    ]


def test_nested_links():
    model = Twice()
    with Recorder() as hook:
        model(0)
    kinds = [(event[0], type(event[1]).__name__) for event in hook.events[1:-1]]
    inner = [('pre', 'Increment'), ('post', 'Increment')]
    assert kinds == [('pre', 'Twice'), *inner, *inner, ('post', 'Twice')]


def test_local_hook():
    link, other, hook = Increment(), Increment(), Recorder()
    assert link.add_hook(hook) is link
    link(1)
    other(1)
    link.delete_hook('Recorder')
    link(1)
    assert [event[0] for event in hook.events] == ['added', 'pre', 'post', 'deleted']
    assert {event[1] for event in hook.events} == {link}


def test_local_hook_with_a_name():
    link = Increment().add_hook(Recorder(), 'a').add_hook(Recorder(), 'b')
    assert list(link.local_link_hooks) == ['a', 'b']


def test_copy_has_hooks_of_its_own():
    link = Increment().add_hook(Recorder())
    copied = link.copy()
    copied.delete_hook('Recorder')
    assert list(link.local_link_hooks) == ['Recorder']


def test_global_and_local():
    link, local = Increment(), Recorder()
    link.add_hook(local, 'local')
    with Recorder() as hook:
        link(1)
    assert len(hook.events) == 4
    assert len(local.events) == 3


def test_errors():
    link = Increment().add_hook(Recorder())
    with pytest.raises(KeyError, match='Hook Recorder already exists'):
        link.add_hook(Recorder())
    with pytest.raises(KeyError, match='Hook other does not exist'):
        link.delete_hook('other')
    with pytest.raises(TypeError, match='LinkHook, got int'):
        link.add_hook(3)
    exists = pytest.raises(KeyError, match='hook Recorder already exists')
    with Recorder(), exists, Recorder():
        pass
    assert get_link_hooks() == {}


def test_removed_after_an_exception():
    with pytest.raises(ZeroDivisionError), Recorder():
        raise ZeroDivisionError
    assert get_link_hooks() == {}


def test_defaults_do_nothing():
    with LinkHook() as hook:
        assert Increment()(1) == 2
    assert hook.name == 'LinkHook'


def test_args_show_themselves():
    class Show(LinkHook):
        def forward_postprocess(self, args):
            self.text = repr(args)

    with Show() as hook:
        Increment()(1)
    assert 'link=Increment()' in hook.text
    assert 'out=2' in hook.text


class TestTimer:
    def test_history(self):
        model = Twice()
        with TimerHook() as hook:
            model(0)
            model(0)
        names = [name for name, _ in hook.call_history]
        assert names == ['Increment', 'Increment', 'Twice'] * 2
        assert all(seconds >= 0 for _, seconds in hook.call_history)
        outer = sum(s for name, s in hook.call_history if name == 'Twice')
        assert hook.total_time() == pytest.approx(outer)

    def test_summary(self):
        with TimerHook() as hook:
            Twice()(0)
        summary = hook.summary()
        assert list(summary) == ['Increment', 'Twice']
        assert summary['Increment']['occurrence'] == 2
        times = [seconds for name, seconds in hook.call_history if name == 'Increment']
        assert summary['Increment']['elapsed_time'] == pytest.approx(sum(times))

    @pytest.mark.parametrize(
        ('unit', 'expected'),
        [
            ('auto', ['2.00sec', '0.00sec']),
            ('auto_foreach', ['2.00sec', '3.00us']),
            ('ms', ['2000.00ms', '0.00ms']),
            ('ns', ['2000000000.00ns', '3000.00ns']),
        ],
    )
    def test_report(self, unit, expected):
        hook = TimerHook()
        hook.call_history = [('Slow', 2.0), ('Fast', 3e-6)]
        file = io.StringIO()
        hook.print_report(unit, file)
        rows = [line.split() for line in file.getvalue().splitlines()]
        assert rows[0] == ['LinkName', 'ElapsedTime', 'Occurrence']
        assert [row[1] for row in rows[1:]] == expected
        widths = {len(line) for line in file.getvalue().splitlines()}
        assert len(widths) == 1

    def test_report_of_nothing(self, capsys):
        TimerHook().print_report()
        assert 'LinkName' in capsys.readouterr().out

    def test_unknown_unit(self):
        with pytest.raises(ValueError, match="got 'hours'"):
            TimerHook().print_report('hours')
