"""The notebook of the examples, executed, and what its cells show."""

import base64
import os
from pathlib import Path

import pytest

nbclient = pytest.importorskip('nbclient', reason='needs nbclient and ipykernel')
nbformat = pytest.importorskip('nbformat')

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / 'examples' / 'notebook' / 'first_steps.ipynb'


@pytest.fixture(scope='module')
def cells(tmp_path_factory):
    """The code cells with their outputs, by their first words."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    folder = tmp_path_factory.mktemp('notebook')
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    client = nbclient.NotebookClient(
        notebook, timeout=600, resources={'metadata': {'path': str(folder)}}
    )
    client.execute(env=environment)
    kept = os.environ.get('MINIGRAD_SCREENSHOTS')
    if kept:
        nbformat.write(notebook, Path(kept) / NOTEBOOK.name)
    return [cell for cell in notebook.cells if cell.cell_type == 'code']


def cell(cells, text):
    return next(one for one in cells if text in one.source)


def kinds(output):
    return set(output.get('data', {}))


def text_of(output):
    return output.get('text') or output['data']['text/plain']


def is_png(output):
    return base64.b64decode(output['data']['image/png']).startswith(b'\x89PNG')


pytestmark = pytest.mark.slow


def test_nothing_is_written_to_the_error_output(cells):
    names = [o.get('name') for one in cells for o in one.outputs]
    assert 'stderr' not in names


def test_a_dataset_says_what_it_is(cells):
    (shown,) = cell(cells, 'get_digits').outputs
    assert text_of(shown).startswith('<TupleDataset: 4000 examples of (float32')


def test_the_summary_is_one_table(cells):
    printed, value = cell(cells, 'mg.summary').outputs
    assert text_of(printed).count('LeNet/conv1') == 1
    assert text_of(value) == '<ModelSummary LeNet: 44,426 parameters>'
    assert kinds(value) == {'text/plain'}


def test_the_rates_are_plotted(cells):
    (shown,) = cell(cells, 'find_rate').outputs
    assert is_png(shown)


def test_the_curves_are_drawn_below_the_cell(cells):
    outputs = cell(cells, 'trainer.run()').outputs
    assert len(outputs) == 1  # one picture, drawn anew; the doctor found nothing
    assert is_png(outputs[0])


def test_the_log_is_a_data_frame(cells):
    (shown,) = cell(cells, 'to_dataframe').outputs
    assert '<table' in shown['data']['text/html']
    assert 'validation/main/accuracy' in text_of(shown)


def test_the_graph_is_a_page_to_explore(cells):
    (shown,) = cell(cells, 'trace_step').outputs
    page = shown['data']['text/html']
    assert page.startswith('<iframe sandbox="allow-scripts"')
    assert 'softmax_cross_entropy' in page
    assert text_of(shown).startswith('<Graph LeNet: 13 functions')


def test_the_predictions(cells):
    (shown,) = cell(cells, 'mg.predict').outputs
    assert float(text_of(shown)) >= 0.97


def test_a_notebook_runs_a_chainer_program(tmp_path):
    """After one line, also where the program imports Chainer in a later cell."""
    sources = [
        '%load_ext minigrad.chainer',
        'import chainer; import chainer.functions as F',
        'from chainer.training import extensions',
        'chainer.__version__, F.relu.__module__, extensions.__name__',
        '%load_ext minigrad.chainer',  # a second time says so and changes nothing
        'import chainer as again; again is chainer',
    ]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in sources]
    )
    client = nbclient.NotebookClient(
        notebook, timeout=600, resources={'metadata': {'path': str(tmp_path)}}
    )
    client.execute(env={**os.environ, 'PYTHONPATH': str(ROOT)})
    outputs = [one.outputs for one in notebook.cells]
    assert outputs[:3] == [[], [], []]
    assert text_of(outputs[3][0]) == (
        "('7.8.1', 'minigrad.functions.activation.relu', 'minigrad.training.extensions')"
    )
    assert 'already loaded' in text_of(outputs[4][0])
    assert text_of(outputs[5][0]) == 'True'
