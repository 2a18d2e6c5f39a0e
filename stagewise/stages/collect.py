"""Stage: put the tables of all seeds and estimators into one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from stagewise.config import Config
from stagewise.store import provenance, read_table, write_table


def run(config: Config, inputs: Sequence[Path], output: Path) -> None:
    """Concatenate tables of equal columns, in the order given."""
    tables = [table for path in inputs if len(table := read_table(path))]
    joined = pd.concat(tables, ignore_index=True)
    write_table(joined, output, provenance(config.model_dump(), config.toy_seeds))
