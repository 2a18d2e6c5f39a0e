"""Finished pieces of a long stage, kept beside its result: a killed stage goes on where it
stopped, and a new checkpoint costs only itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from torch import Tensor

from stagewise.provenance.code import source_files
from stagewise.provenance.store import TableError, read_provenance, read_table, write_table
from stagewise.root import ROOT


class Kept:
    """Tables of finished checkpoints in a hidden folder. One is used again only if weights,
    settings and code are the same."""

    def __init__(self, folder: Path, module: str) -> None:
        """`module`: name of the stage, whose sources and all they import are its code."""
        self.folder = folder / ".kept"
        self.code = [(ROOT / path).read_bytes() for path in source_files(module)]

    def path(self, name: str | int) -> Path:
        """File of one piece."""
        return self.folder / f"{name}.parquet"

    def key(self, tensors: Iterable[Tensor], settings: Any) -> str:
        """Digest of everything a piece depends on."""
        digest = hashlib.sha256()
        for tensor in tensors:
            digest.update(tensor.detach().contiguous().cpu().numpy().tobytes())
        digest.update(json.dumps(settings, sort_keys=True).encode())
        for source in self.code:
            digest.update(source)
        return digest.hexdigest()

    def has(self, name: str | int, key: str) -> bool:
        """Is this piece there, made of the same?"""
        try:
            return read_provenance(self.path(name))["key"] == key
        except (TableError, KeyError):
            return False

    def write(self, table: pd.DataFrame, name: str | int, key: str) -> None:
        """Keep a piece."""
        write_table(table, self.path(name), {"key": key})

    def read(self, name: str | int) -> pd.DataFrame:
        """A kept piece."""
        return read_table(self.path(name))
