"""A summary of every table of a run: enough to see that a number changed, in any order of rows.

python -m tests.golden.summary RESULTS     writes smoke.json anew from a finished smoke run
"""

from __future__ import annotations

import hashlib
import json
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

GOLDEN = Path(__file__).with_name("smoke.json")
# Tables that rest on float64 alone: the same on every machine but for the last bits.
EXACT = (
    "toy/losses", "toy/modes", "toy/transitions", "toy/windows", "toy/limits", "toy/limit_errors",
    "theory/closed_form_error", "theory/closed_form_curves",
)  # fmt: skip


def summarise(results: Path) -> dict[str, Any]:
    """Rows, columns and moments of every table that holds all runs, by its path without suffix."""
    found = {}
    for path in sorted(results.rglob("*.parquet")):
        name = path.relative_to(results).with_suffix("").as_posix()
        if ".kept" not in name and "/seed" not in name:
            found[name] = of_table(pd.read_parquet(path))
    return found


def of_table(table: pd.DataFrame) -> dict[str, Any]:
    """Rows, and of every column: of numbers the NaN, least, greatest, mean, root mean square and a
    mean weighted by what else stands in the row; of texts a digest of their counts.

    The weights tie a value to its row: two values swapped are seen, rows swapped are not.
    """
    texts = [c for c in table if not pd.api.types.is_float_dtype(table[c])]
    keys = [*zip(*(table[c].astype(str) for c in texts), strict=True)] or [()] * len(table)
    weights = np.array([zlib.crc32("|".join(key).encode()) / 2**32 for key in keys])
    columns: dict[str, Any] = {}
    for name in table:
        if name in texts:
            counts = table[name].astype(str).value_counts().sort_index()
            columns[name] = hashlib.sha256(counts.to_json().encode()).hexdigest()[:16]
            continue
        values = table[name].to_numpy(float)
        here = np.isfinite(values)
        x, w = values[here], weights[here]
        columns[name] = [int((~here).sum())] + (
            [x.min(), x.max(), x.mean(), np.sqrt((x**2).mean()), (w * x).mean()] if len(x) else []
        )
    return {"rows": len(table), "columns": columns}


def arithmetic() -> str:
    """Digest of a short calculation in single precision: machines on which it differs round
    differently, and draws and trained language models are not the same to the digit there."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(64, 96, generator=generator)
    w = torch.randn(96, 96, generator=generator) / 10
    for _ in range(20):
        x = torch.nn.functional.gelu(torch.nn.functional.layer_norm(x @ w, (96,)))
        x = x.softmax(-1) * 10 + x
    return hashlib.sha256(x.numpy().tobytes()).hexdigest()[:16]


def write(results: Path) -> None:
    """Keep the summary of a run, its claims and this machine's arithmetic."""
    content = {
        "arithmetic": arithmetic(),
        "claims": json.loads((results / "claims.json").read_text(encoding="utf-8")),
        "tables": summarise(results),
    }
    GOLDEN.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
