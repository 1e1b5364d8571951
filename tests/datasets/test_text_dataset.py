import multiprocessing
import pickle

import pytest

from minigrad import datasets


@pytest.fixture
def write(tmp_path):
    def write(name, text, encoding='utf-8'):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return str(path)

    return write


def test_lines_in_any_order(write):
    with datasets.TextDataset(write('a', 'eins\nzwei\n\nvier\n')) as d:
        assert len(d) == 4
        assert [d[i] for i in (3, 0, 2, 1)] == ['vier\n', 'eins\n', '\n', 'zwei\n']
        assert d[1:3] == ['zwei\n', '\n']


def test_last_line_without_an_end(write):
    with datasets.TextDataset([write('a', 'eins\nzwei')]) as d:
        assert len(d) == 2
        assert d[1] == 'zwei'


def test_empty_file(write, tmp_path):
    write('a', '')
    with datasets.TextDataset(tmp_path / 'a') as d:
        assert len(d) == 0


def test_several_files(write):
    paths = [write('a', 'eins\nzwei\n'), write('b', 'one\ntwo\n')]
    with datasets.TextDataset(paths) as d:
        assert len(d) == 2
        assert d[1] == ('zwei\n', 'two\n')


def test_options_of_open(write):
    crlf = write('crlf', 'ä\r\nö\r\n')
    with datasets.TextDataset(crlf, encoding='utf-8') as d:
        assert d[1] == 'ö\n'
    with datasets.TextDataset(crlf, encoding='utf-8', newline='\r\n') as d:
        assert d[1] == 'ö\r\n'
    with datasets.TextDataset(crlf, encoding='ascii', errors='ignore') as d:
        assert d[1] == '\n'
    with datasets.TextDataset(
        [write('bom', 'ä\nb\n', 'utf-8-sig'), write('wide', 'ö\nü\n', 'utf-16')],
        encoding=['utf-8-sig', 'utf-16'],
    ) as d:
        assert d[1] == ('b\n', 'ü\n')
        assert d[0] == ('ä\n', 'ö\n')


def test_filter(write):
    paths = [write('a', '1\n2\n3\n'), write('b', 'x\ny\nz\n')]
    with datasets.TextDataset(
        paths, filter_func=lambda a, b: a != '2\n' or b == '?'
    ) as d:
        assert d[:] == [('1\n', 'x\n'), ('3\n', 'z\n')]


@pytest.mark.parametrize('i', [2, -1])
def test_out_of_range(write, i):
    with (
        datasets.TextDataset(write('a', '1\n2\n')) as d,
        pytest.raises(IndexError, match=f'{i} is out of range: 2 lines'),
    ):
        d.get_example(i)


def test_errors(write):
    long, short = write('long', '1\n2\n'), write('short', '1\n')
    with pytest.raises(
        ValueError, match=r'does not match: .*long goes on, .*short ends'
    ):
        datasets.TextDataset([long, short])
    with pytest.raises(ValueError, match='at least one text file'):
        datasets.TextDataset([])
    with pytest.raises(ValueError, match='1 files, but 2 items in encoding'):
        datasets.TextDataset(long, encoding=['ascii', 'ascii'])
    with pytest.raises(FileNotFoundError):
        datasets.TextDataset(short + '?')


def test_pickle_and_close(write):
    d = datasets.TextDataset(
        write('a', '1\n2\n'), filter_func=lambda line: line != '1\n'
    )
    with pickle.loads(pickle.dumps(d)) as copy:
        assert copy[0] == d[0] == '2\n'
    d.close()
    with pytest.raises(ValueError, match='closed file'):
        d[0]


def _check(d):
    assert [d[i] for i in range(20)] == [f'{i}\n' for i in range(20)]


@pytest.mark.skipif(
    'fork' not in multiprocessing.get_all_start_methods(), reason='needs fork'
)
@pytest.mark.filterwarnings('ignore:.*fork:DeprecationWarning')
def test_a_forked_process_reads_for_itself(write):
    with datasets.TextDataset(write('a', ''.join(f'{i}\n' for i in range(20)))) as d:
        process = multiprocessing.get_context('fork').Process(target=_check, args=(d,))
        process.start()
        for _ in range(50):
            _check(d)
        process.join()
        assert process.exitcode == 0
