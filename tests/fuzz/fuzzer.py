"""Running a reader on damaged files, and telling what is a failure.

A reader may return a value or raise an error that it promises and that names the file.
All else is a failure: another error, a warning of another library, the end of the process, a case that takes
ten seconds of a core or a quarter of a gigabyte, and a wrong value where a checksum
promises more.
"""

from __future__ import annotations

import collections
import multiprocessing
import os
import pickle
import random
import resource
import signal
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

import numpy

from tests.fuzz.mutate import mutate
from tests.fuzz.readers import READERS, Reader, make_samples

_SECONDS = 10
_BYTES = 256 << 20


def make_case(reader: Reader, samples: list[bytes], seed: int, number: int) -> bytes:
    """Returns one damaged file; the seed and the number say which."""
    return mutate(samples, random.Random(f'{reader.name} {seed} {number}'))


def judge(reader: Reader, content: bytes, folder: Path, values: list[Any]) -> str:
    """Reads one file and returns the outcome; `AssertionError` tells a failure.

    Args:
        reader: The reader.
        content: The file.
        folder: Where to write it.
        values: What the whole files hold.
    """
    path = folder / f'case{reader.suffix}'
    path.write_bytes(content)
    before = _peak()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('error')
            warnings.simplefilter('ignore', UserWarning)  # words of our own
            value = reader.read(path)
            taken = _peak() - before
    except reader.errors as error:
        if path.name not in str(error):
            raise AssertionError(
                f'the error does not name the file: {error}'
            ) from error
        outcome = type(error).__name__
        taken = _peak() - before
    except Exception as error:
        raise AssertionError(f'{type(error).__name__}: {error}') from error
    else:
        is_whole = any(_equal(value, whole) for whole in values)
        is_checked = reader.mark is not None and reader.mark in content
        if is_checked and not is_whole:
            raise AssertionError('a wrong value, without a word')
        outcome = 'the value' if is_whole else 'another value'
    if taken > _BYTES and not reader.may_hang:
        raise AssertionError(f'took {taken >> 20} MiB')
    return outcome


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _equal(value: Any, other: Any) -> bool:
    try:
        numpy.testing.assert_equal(value, other)
    except Exception:
        return False
    return True


def fuzz(
    reader: Reader, seed: int, cases: int, seconds: float = float('inf'), first: int = 0
) -> tuple[collections.Counter[str], list[str]]:
    """Runs cases in a process of their own.

    Args:
        reader: The reader.
        seed: Says which cases.
        cases: Number of cases, at most.
        seconds: When to stop.
        first: Number of the first case.

    Returns:
        How often each outcome came, and the failures, each with what repeats it.
    """
    outcomes: collections.Counter[str] = collections.Counter()
    failures: list[str] = []
    samples = make_samples(reader)
    with tempfile.TemporaryDirectory() as folder:
        values = read_whole(reader, samples, Path(folder))
    end = time.monotonic() + seconds
    number, last = first, first + cases
    context = multiprocessing.get_context('spawn')
    while number < last and time.monotonic() < end and len(failures) < 20:
        progress = context.Array('q', [number], lock=False)
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(
            target=_run,
            args=(
                reader.name,
                samples,
                values,
                seed,
                number,
                last,
                end,
                progress,
                sender,
            ),
        )
        process.start()
        sender.close()
        while True:
            try:
                kind, value = receiver.recv()
            except EOFError:
                break
            if kind == 'failure':
                failures.append(value)
            else:
                outcomes.update(value)
        process.join()
        number = progress[0]
        if process.exitcode != 0 and reader.may_hang and process.exitcode < 0:
            outcomes['the library ended or looped'] += 1
            number += 1
        elif process.exitcode != 0:
            failures.append(
                f'{_name(reader, seed, number)}: the process ended with code '
                f'{process.exitcode}'
            )
            number += 1
    return outcomes, failures


def _name(reader: Reader, seed: int, number: int) -> str:
    return f'--reader {reader.name} --seed {seed} --case {number}'


def _run(
    name: str,
    samples: list[bytes],
    values: list[Any],
    seed: int,
    first: int,
    last: int,
    end: float,
    progress: Any,
    sender: Any,
) -> None:
    reader = next(reader for reader in READERS if reader.name == name)
    # Room for what is already mapped and four gigabytes: above, MemoryError.
    mapped = (
        int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()
    )
    resource.setrlimit(resource.RLIMIT_AS, (mapped + (4 << 30),) * 2)
    outcomes: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for number in range(first, last):
            progress[0] = number
            signal.setitimer(signal.ITIMER_PROF, _SECONDS)  # ends the process
            try:
                content = make_case(reader, samples, seed, number)
                outcomes[judge(reader, content, folder, values)] += 1
            except AssertionError as error:
                sender.send(('failure', f'{_name(reader, seed, number)}: {error}'))
            if number % 100 == 99:
                sender.send(('outcomes', outcomes))
                outcomes = collections.Counter()
                if time.monotonic() > end:
                    number += 1
                    break
        else:
            number = last
        progress[0] = number
        signal.setitimer(signal.ITIMER_PROF, 0)
    sender.send(('outcomes', outcomes))


def read_whole(reader: Reader, samples: list[bytes], folder: Path) -> list[Any]:
    """Returns what the whole files hold."""
    values = []
    for sample in samples:
        path = folder / f'case{reader.suffix}'
        path.write_bytes(sample)
        values.append(reader.read(path))
    # Some values share memory with what the next case changes.
    return pickle.loads(pickle.dumps(values))


def explain(reader: Reader, seed: int, number: int) -> str:
    """Runs one case here and returns its outcome, or the traceback of its failure."""
    samples = make_samples(reader)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        content = make_case(reader, samples, seed, number)
        try:
            return judge(reader, content, folder, read_whole(reader, samples, folder))
        except AssertionError:
            return traceback.format_exc()


def save_case(reader: Reader, seed: int, number: int, folder: Path) -> Path:
    """Writes one case into the corpus."""
    path = folder / f'{reader.name}-{seed}-{number}{reader.suffix}'
    path.write_bytes(make_case(reader, make_samples(reader), seed, number))
    return path


def fresh_seed() -> int:
    """Returns a seed that no run had before."""
    return int.from_bytes(os.urandom(4), 'little')
