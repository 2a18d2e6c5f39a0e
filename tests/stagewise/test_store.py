"""Tables, code dependencies and locks."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

from stagewise.locks import clear_stale_locks
from stagewise.provenance.code import source_files
from stagewise.provenance.store import (
    TableError,
    provenance,
    read_provenance,
    read_table,
    write_table,
)


def test_tables_carry_their_provenance(tmp_path):
    table, path = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), tmp_path / "t.parquet"
    write_table(table, path, provenance({"seed": 3}, 3))
    pd.testing.assert_frame_equal(read_table(path), table, check_dtype=False)
    origin = read_provenance(path)
    assert origin["config"] == {"seed": 3}
    assert origin["seed"] == 3
    assert {"torch", "numpy"} <= set(origin["packages"])
    again = tmp_path / "again.parquet"
    write_table(table, again, provenance({"seed": 3}, 3))
    assert again.read_bytes() == path.read_bytes()  # no clock, no host


def test_damaged_and_foreign_tables_are_named(tmp_path):
    path = tmp_path / "t.parquet"
    write_table(pd.DataFrame({"a": [1]}), path, {})
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(TableError, match=r"t\.parquet cannot be read"):
        read_table(path)
    pd.DataFrame({"a": [1]}).to_parquet(path)
    with pytest.raises(TableError, match="not a table of this project"):
        read_table(path)


def test_code_of_a_stage_is_what_it_imports_and_no_more():
    files = source_files("stagewise.tasks.toy.train")
    assert {"models/toy/training.py", "stagewise/provenance/store.py"} <= set(files)
    assert "analysis/sampling/posterior.py" not in files
    assert not any(path.startswith("figures/") for path in files)
    claims = source_files("stagewise.tasks.merge.claims", "analysis.claims.toy")
    assert "analysis/claims/toy.py" in claims
    assert "analysis/sampling/posterior.py" not in claims
    with pytest.raises(ValueError, match="no module of models, analysis"):
        source_files("analysis.nothing")


HOLD = """
import sys, time
from stagewise.locks import clear_stale_locks
lock = clear_stale_locks(sys.argv[1])
print("held", flush=True)
time.sleep(60)
"""


def test_locks_of_a_killed_run_are_cleared_and_those_of_a_live_one_kept(tmp_path):
    (tmp_path / "locks").mkdir()
    stale = tmp_path / "locks" / "0.output.lock"
    other = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE)
    assert other.stdout is not None
    assert other.stdout.readline() == b"held\n"
    stale.write_text("x")
    assert clear_stale_locks(tmp_path) is None
    assert stale.exists()
    other.kill()
    other.communicate()
    lock = clear_stale_locks(tmp_path)
    assert lock is not None
    assert not stale.exists()
    lock.release()
