"""Takes the pictures of the README again: ``python docs/take_pictures.py``.

The curve is that of the training whose weights are shipped; the graph is that of a
training step of the network, median times of five. Needs Chromium with its driver.
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import json  # noqa: E402

import minigrad as mg  # noqa: E402
from models import digits  # noqa: E402
from models.lenet import TRAINED, trained_lenet  # noqa: E402
from tests.graph.browser import MISSING, Browser  # noqa: E402


def main() -> int:
    """Writes docs/images/curve.png, graph.svg and explore.png."""
    images = ROOT / 'docs' / 'images'
    lines = TRAINED.with_suffix('.jsonl').read_text().splitlines()
    digits.draw_curve([json.loads(line) for line in lines], images / 'curve.png')
    train, _ = mg.datasets.get_digits(ndim=3)
    data = mg.dataset.concat_examples(train[:50])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = digits.draw_graph(trained_lenet(), data, 50, folder)
        shutil.copy(folder / 'graph.svg', images / 'graph.svg')
        if MISSING is not None:
            print(f'explore.png stays as it is: {MISSING}')
            return 1
        browser = Browser(folder, width=1280, height=860)
        try:
            browser.open(files[0])
            browser.run('select(calls.get("f3"))')  # the second convolution
            time.sleep(0.5)
            browser.screenshot(images / 'explore.png')
        finally:
            browser.close()
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
