"""Writes golden_chainer.json: what Chainer's links compute for the cases.

Run it where Chainer 7.8.1 is installed: ``python tests/links/make_golden.py``.
"""

import json
import pathlib
import sys


def main():
    import chainer

    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    from link_cases import cases, digest, run

    golden = {
        name: {key: digest(value) for key, value in run(chainer, make, inputs).items()}
        for name, (make, inputs) in cases(chainer.links, chainer.functions).items()
    }
    lines = [f'{json.dumps(name)}: {json.dumps(golden[name])}' for name in golden]
    text = '{\n"chainer": ' + json.dumps(chainer.__version__) + ',\n'
    text += ',\n'.join(lines) + '\n}\n'
    pathlib.Path(__file__).with_name('golden_chainer.json').write_text(text)


if __name__ == '__main__':
    main()
