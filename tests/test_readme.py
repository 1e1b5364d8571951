"""The README's programs run, and its first block is what it says."""

import re
from pathlib import Path

README = Path(__file__).parents[1].joinpath('README.md').read_text()


def blocks(language):
    return re.findall(rf'^```{language}\n(.*?)^```', README, flags=re.S | re.M)


def test_first_block_is_two_commands():
    first = re.search(r'^```(\w*)\n(.*?)^```', README, flags=re.S | re.M)
    assert first.group(1) == 'sh'
    job, tests = first.group(2).strip().split('\n')
    assert 'models.digits' in job
    assert 'pytest' in tests


def test_programs_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {}
    programs = blocks('python')
    assert programs
    for program in programs:
        exec(compile(program, 'README.md', 'exec'), namespace)
    assert namespace['g'].array == 12
    assert namespace['gg'].array == 12
    assert (tmp_path / 'lenet.html').exists()
    assert (tmp_path / 'result' / 'log').exists()
