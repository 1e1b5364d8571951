import pytest

from minigrad import training


class CountingUpdater(training.Updater):
    """Counts, and does nothing else; an epoch has ``iterations_per_epoch`` updates."""

    def __init__(self, iterations_per_epoch):
        self.iteration = 0
        self.n = iterations_per_epoch
        self.finalized = 0
        self.optimizers = {}

    @property
    def epoch(self):
        return int(self.iteration // self.n)

    @property
    def epoch_detail(self):
        return self.iteration / self.n

    @property
    def previous_epoch_detail(self):
        return None if self.iteration == 0 else (self.iteration - 1) / self.n

    @property
    def is_new_epoch(self):
        return self.iteration > 0 and self.epoch != int((self.iteration - 1) // self.n)

    def get_all_optimizers(self):
        return {}

    def get_optimizer(self, name):
        return self.optimizers[name]

    def update(self):
        self.iteration += 1

    def finalize(self):
        self.finalized += 1

    def serialize(self, serializer):
        self.iteration = serializer('iteration', self.iteration)


@pytest.fixture
def make_trainer(tmp_path):
    """Makes a trainer that only counts, in a temporary folder."""

    def make(stop=(10, 'iteration'), iterations_per_epoch=10):
        updater = CountingUpdater(iterations_per_epoch)
        return training.Trainer(updater, stop, out=str(tmp_path / 'result'))

    return make
