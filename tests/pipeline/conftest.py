"""The lab of the pipeline's tests."""

from pathlib import Path

import pytest

from tests.fakes.lab import Lab


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)
