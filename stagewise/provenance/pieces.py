"""The piece cache: finished pieces of a long task, kept beside its result, so that a killed task
goes on where it stopped and a new checkpoint costs only itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from stagewise.provenance.code import source_files
from stagewise.provenance.store import TableError, read_provenance, read_table, write_table
from stagewise.root import ROOT

if TYPE_CHECKING:
    from torch import Tensor


class PieceCache:
    """Tables of finished pieces in a hidden folder. One is used again only if weights, settings and
    code are the same."""

    def __init__(self, folder: Path, module: str, *more: str) -> None:
        """`module`: of the task, whose sources and all they import are its code; `more`: modules
        that it finds by discovery."""
        self.folder = folder / ".kept"
        self.code = [(ROOT / path).read_bytes() for path in source_files(module, *more)]

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

    def keep(
        self,
        names: Iterable[str],
        key: str,
        make: Callable[[], dict[str, pd.DataFrame]],
        *,
        found: Callable[[], None] = lambda: None,
    ) -> dict[str, pd.DataFrame]:
        """Pieces that are made together: read where all are kept, else made and kept.

        Args:
            make: computes them, by name.
            found: called where nothing had to be made.
        """
        names = list(names)
        if all(self.has(name, key) for name in names):
            found()
        else:
            for name, table in make().items():
                self.write(table, name, key)
        return {name: self.read(name) for name in names}
