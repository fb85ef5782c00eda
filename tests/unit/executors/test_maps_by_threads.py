"""The contract of maps over images, by workers that are threads."""

import pytest

from qwave_batch.executors.local_workers import LocalWorkers
from qwave_batch.executors.workers import Workers
from tests.map_contract import MapContract


class TestByThreads(MapContract):
    """Workers that are threads."""

    @pytest.fixture
    def workers(self) -> Workers:
        return LocalWorkers(2)
