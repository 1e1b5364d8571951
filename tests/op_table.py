"""The op cases of every family, loaded from tests/op_cases/."""

import importlib.util
import pkgutil
from pathlib import Path


def load_cases():
    folder = Path(__file__).with_name('op_cases')
    cases = []
    for module in pkgutil.iter_modules([str(folder)]):
        spec = importlib.util.spec_from_file_location(
            f'op_cases_{module.name}', folder / f'{module.name}.py'
        )
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
        cases.extend(loaded.CASES)
    return cases


CASES = load_cases()
