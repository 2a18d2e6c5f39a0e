"""Claims as a finished run wrote them: some of a toy's, some of three language models'."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

RECORDS = Path(__file__).with_name("claims.json")


@pytest.fixture
def claims() -> dict[str, dict[str, str]]:
    """Records by id."""
    return json.loads(RECORDS.read_text(encoding="utf-8"))
