"""How a bundle is told to make all its files anew: its command reads the environment."""

from __future__ import annotations

import os

VARIABLE = "STAGEWISE_ANEW"


def make_anew() -> None:
    """Have every bundle that this process starts make all its files."""
    os.environ[VARIABLE] = "1"
