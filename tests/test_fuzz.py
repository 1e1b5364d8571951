"""Damaged files, some made in this run and some that once were read wrongly.

``python -m tests.fuzz --minutes 10`` does the same for longer, with a fresh seed.
"""

import os
from pathlib import Path

import pytest

from tests.fuzz.fuzzer import _peak, fuzz, judge, make_case, read_whole
from tests.fuzz.readers import READERS, Reader, make_samples

CASES = 20_000  # in a run of the suite, all readers together
CORPUS = Path(__file__).parent / 'fuzz' / 'corpus'
BY_NAME = {reader.name: reader for reader in READERS}


@pytest.mark.parametrize('name', sorted(BY_NAME))
def test_damaged_files(name):
    # The same cases each time: a new finding must not turn somebody's own change red.
    seed = int(os.environ.get('MINIGRAD_FUZZ_SEED', '1'))
    reader = BY_NAME[name]
    cases = round(CASES * reader.share / sum(r.share for r in READERS))
    print(f'seed {seed}')
    outcomes, failures = fuzz(reader, seed, cases)
    assert failures == []
    # What a process has counted is lost when it ends early.
    assert sum(outcomes.values()) == cases or reader.may_hang


@pytest.mark.parametrize('path', sorted(CORPUS.iterdir()), ids=lambda path: path.name)
def test_corpus(path, tmp_path):
    reader = BY_NAME[path.name.split('-')[0]]
    whole = read_whole(reader, make_samples(reader), tmp_path)
    assert judge(reader, path.read_bytes(), tmp_path, whole)


@pytest.mark.parametrize('name', sorted(BY_NAME))
def test_a_seed_gives_the_same_cases(name):
    reader = BY_NAME[name]
    samples = make_samples(reader)
    assert samples == make_samples(reader)
    first = [make_case(reader, samples, 3, i) for i in range(20)]
    assert first == [make_case(reader, samples, 3, i) for i in range(20)]
    assert len(set(first)) > 15


# What the fuzzer must notice, each by a reader with one fault.
def _read_badly(path):
    content = path.read_bytes()
    if content == b'0123':
        return content
    raise BAD.get(content[:1], ValueError)(f'{path}: damaged')


BAD = {b'K': KeyError}


def _judge(read, content, tmp_path, mark=b''):
    reader = Reader('bad', '.txt', lambda _: [b'0123'], read, (ValueError,), mark)
    return judge(reader, content, tmp_path, [b'0123'])


def test_fuzzer_accepts_values_and_promised_errors(tmp_path):
    assert _judge(_read_badly, b'0123', tmp_path) == 'the value'
    assert _judge(_read_badly, b'X', tmp_path) == 'ValueError'


def _end(path):
    raise ValueError('damaged')


def _read_anything(path):
    return path.read_bytes()


def _fill_memory(path):
    # The high-water mark of this process may lie above what it holds now.
    held = int(Path('/proc/self/statm').read_text().split()[1]) * os.sysconf(
        'SC_PAGESIZE'
    )
    return len(b'1' * (_peak() - held + (300 << 20)))


@pytest.mark.parametrize(
    ('read', 'content', 'match'),
    [
        (_read_badly, b'K', 'KeyError'),
        (_end, b'X', 'does not name the file'),
        (_read_anything, b'X', 'a wrong value'),
    ],
)
def test_fuzzer_refuses(tmp_path, read, content, match):
    with pytest.raises(AssertionError, match=match):
        _judge(read, content, tmp_path)


def test_fuzzer_refuses_a_file_that_takes_much_memory(tmp_path):
    with pytest.raises(AssertionError, match=r'took ... MiB'):
        _judge(_fill_memory, b'X', tmp_path, mark=None)
