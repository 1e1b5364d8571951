"""Every mistake of the table is answered in a sentence that holds the fix."""

import warnings

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import configuration
from tests import op_table
from tests.links import link_cases
from tests.mistakes import CORRECT, MISTAKES, run


@pytest.fixture(autouse=True)
def own_configuration(monkeypatch):
    monkeypatch.setattr(configuration, '_known', set(configuration._known))
    before = dict(vars(minigrad.global_config)), dict(vars(minigrad.config))
    yield
    for entries, old in zip(
        (minigrad.global_config, minigrad.config), before, strict=True
    ):
        for name in set(vars(entries)) - set(old):
            delattr(entries, name)


@pytest.mark.parametrize('mistake', MISTAKES, ids=lambda m: m.text)
def test_mistake(mistake):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        if issubclass(mistake.kind, Warning):
            run(mistake.program)
            said = [
                str(w.message) for w in caught if issubclass(w.category, mistake.kind)
            ]
        else:
            with pytest.raises(mistake.kind) as info:
                run(mistake.program)
            said = [str(info.value)]
    (text,) = [text for text in said if mistake.text in text] or ['; '.join(said)]
    assert mistake.text in text
    assert len(text) < 400, 'a sentence, not an array'


@pytest.mark.parametrize('package', ['torch', 'pandas', 'PIL'])
def test_arrays_of_other_libraries(package):
    x = np.zeros((2, 4, 3), 'f')
    if package == 'torch':
        x, hint = (
            pytest.importorskip('torch').tensor(x),
            r'x\.detach\(\)\.cpu\(\)\.numpy',
        )
    elif package == 'pandas':
        x, hint = pytest.importorskip('pandas').DataFrame(x[0]), r'x\.to_numpy\('
    else:
        image = pytest.importorskip('PIL.Image')
        x, hint = image.fromarray(x.astype('u1')), r'transpose\(2, 0, 1\) / 255'
    for function in (F.relu, L.Linear(3, 2), L.Convolution2D(None, 2, 1)):
        with pytest.raises(TypeError, match=hint):
            function(x)


NO_ARRAY = r'(numpy\.ndarray or cupy\.ndarray|an array or a Variable), got'


def as_lists(arrays):
    return [x.tolist() if isinstance(x, np.ndarray) else x for x in arrays]


LISTLESS = [
    case for case in op_table.CASES if hasattr(F, case.name) and len(case.samples) > 0
]
ASKED = {  # their arrays come in lists, or by names
    'einsum', 'scatter_add', 'group_normalization', 'zeta', 'fft', 'ifft',
    'sparse_matmul', 'crf1d', 'argmax_crf1d', 'negative_sampling', 'n_step_lstm',
    'n_step_bilstm', 'n_step_gru', 'n_step_bigru', 'n_step_rnn', 'n_step_birnn',
    'discriminative_margin_based_clustering_loss', 'average', 'mean',
    'connectionist_temporal_classification',
}  # fmt: skip


@pytest.mark.filterwarnings('ignore::DeprecationWarning')
@pytest.mark.parametrize(
    'case', [c for c in LISTLESS if c.name not in ASKED], ids=lambda c: c.name
)
def test_no_function_takes_lists(case):
    sample = case.samples[0]
    arrays = as_lists(sample.draw())
    arrays = (arrays,) if case.sequence else arrays
    with pytest.raises(TypeError, match=NO_ARRAY):
        getattr(F, case.name)(*arrays, **sample.kwargs)


CALLS = {
    name: call for name, call in link_cases.cases(L, F).items() if name != 'Parameter'
}


@pytest.mark.parametrize('name', CALLS)
def test_no_link_takes_lists(name):
    make, arrays = CALLS[name]
    if any(isinstance(x, (list, tuple)) for x in arrays):
        pytest.skip('takes lists of arrays')
    link = make()
    with pytest.raises(TypeError, match=NO_ARRAY):
        link(*as_lists(arrays))


@pytest.mark.parametrize('name', CORRECT)
def test_a_correct_program_is_silent(name, capsys):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        run(CORRECT[name])
    assert capsys.readouterr().err == ''
