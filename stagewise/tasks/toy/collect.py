"""Stage: put the tables of all seeds and estimators into one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from stagewise.config import Config
from stagewise.provenance.store import provenance, read_table, write_table


def run(config: Config, inputs: Sequence[Path], output: Path) -> None:
    """Concatenate tables of equal columns, in the order given."""
    tables = [read_table(path) for path in inputs]
    joined = pd.concat([t for t in tables if len(t)] or tables[:1], ignore_index=True)
    write_table(joined, output, provenance(config.model_dump(), config.toy_seeds))
