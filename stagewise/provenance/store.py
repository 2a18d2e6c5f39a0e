"""Tables and their provenance."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.tables.catalogue import table_named
from models.storage.files import whole_file
from stagewise.root import ROOT

PACKAGES = (
    "torch",
    "numpy",
    "scipy",
    "pandas",
    "matplotlib",
    "arviz",
    "scikit-learn",
    "sympy",
    "transformers",
)
KEY = b"stagewise"


class TableError(ValueError):
    """A file is not a whole table of this project."""


@cache
def code_version() -> str:
    """Package version, with the git commit ("+changes" where files differ from it) if known."""
    git = ["git", "-C", str(ROOT), "describe", "--always", "--abbrev=12", "--dirty=+changes"]
    known = subprocess.run(git, capture_output=True, text=True, check=False)
    commit = f" {known.stdout.strip()}" if known.returncode == 0 else ""
    return version("stagewise") + commit


def provenance(config: dict[str, Any], seed: int | list[int]) -> dict[str, Any]:
    """What a result depends on. No time and no host: equal inputs give equal bytes."""
    return {
        "config": config,
        "seed": seed,
        "code": code_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


CARRIED = ("device", "text", "commits")  # that tables made of others take over


def inherited(sources: Iterable[str | Path]) -> dict[str, Any]:
    """What a table made of others says of them: all versions of the code that made them, and the
    devices, digests of texts and commits of checkpoints that they name (a list where they
    differ)."""
    versions: set[str] = set()
    carried: dict[str, list[Any]] = {}
    for path in sources:
        made = read_provenance(path)
        versions |= {made["code"], *made.get("code_of_sources", ())}
        for key in CARRIED:
            if key in made and made[key] not in carried.setdefault(key, []):
                carried[key].append(made[key])
    one = {key: found[0] if len(found) == 1 else found for key, found in carried.items() if found}
    return one | {"code_of_sources": sorted(versions)}


def write_table(
    table: pd.DataFrame, path: str | Path, origin: dict[str, Any], *, small: bool = False
) -> None:
    """Write a parquet file, whole or not at all, with its provenance as metadata.

    Args:
        small: pack it closer, for the repository: of floats in single precision the bytes of equal
            weight one after another.
    """
    text = json.dumps(origin, sort_keys=True).encode()
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    if small:
        _write_small(arrow, Path(path), text)
        return
    metadata = {**(arrow.schema.metadata or {}), KEY: text}
    with whole_file(path) as temporary:
        pq.write_table(arrow.replace_schema_metadata(metadata), temporary, compression="zstd")


def _write_small(table: pa.Table, path: Path, origin: bytes) -> None:
    """The same without Arrow's own schema, which holds all metadata once more."""
    floats = [field.name for field in table.schema if field.type == pa.float32()]
    how = {
        "compression": "zstd",
        "compression_level": 19,
        "use_dictionary": [name for name in table.column_names if name not in floats],
        "use_byte_stream_split": floats,
        "store_schema": False,
    }
    with whole_file(path) as temporary, pq.ParquetWriter(temporary, table.schema, **how) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({KEY: origin})


def write_result(
    room: str, name: str, table: pd.DataFrame, path: str | Path, origin: dict[str, Any]
) -> None:
    """`write_table` of a table that the catalogue declares.

    Raises:
        CatalogueError: it is not declared, or its columns are not as declared; nothing is written.
    """
    table_named(room, name).check(table)
    write_table(table, path, origin)


def read_table(path: str | Path) -> pd.DataFrame:
    """Read what `write_table` wrote.

    Raises:
        TableError: the file is truncated or not a table of this project; names it.
    """
    return _read(path).to_pandas()


def read_provenance(path: str | Path) -> dict[str, Any]:
    """The provenance of a table."""
    return json.loads((_read(path).schema.metadata or {})[KEY])


def _read(path: str | Path) -> pa.Table:
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise TableError(f"{path} cannot be read as a table: {error}") from error
    if KEY not in (table.schema.metadata or {}):
        raise TableError(f"{path} is not a table of this project: it has no provenance")
    return table


def write_json(content: Any, path: str | Path) -> None:
    """Write JSON, whole or not at all."""
    write_text(json.dumps(content, indent=2, sort_keys=False) + "\n", path)


def write_text(content: str, path: str | Path) -> None:
    """Write text, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(content, encoding="utf-8")
