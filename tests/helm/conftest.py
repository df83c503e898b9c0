"""What the charts' tests share."""

from __future__ import annotations

import pytest
from traitlets.config import Config


@pytest.fixture
def c() -> Config:
    return Config()
