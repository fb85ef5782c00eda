"""The contract of runs, with the work on images done by this process; tests/ray holds Ray to the same."""

import pytest

from tests.contracts.run_contract import HERE, Place, RunContract


class TestRunHere(RunContract):
    @pytest.fixture
    def place(self) -> Place:
        return HERE
