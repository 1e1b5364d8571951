import sys
import types
import unittest

import pytest


class Scratch(types.ModuleType):
    """A module for test classes that are only run from inside a test."""

    def classes(self):
        return {
            name: value
            for name, value in vars(self).items()
            if isinstance(value, type) and issubclass(value, unittest.TestCase)
        }

    def run(self):
        result = unittest.TestResult()
        for cls in self.classes().values():
            unittest.defaultTestLoader.loadTestsFromTestCase(cls)(result)
        return result


@pytest.fixture
def scratch(monkeypatch):
    module = Scratch('scratch')
    monkeypatch.setitem(sys.modules, 'scratch', module)
    return module
