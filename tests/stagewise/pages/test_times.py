"""Where the time of a run went."""

from __future__ import annotations

import os
import time

import pytest
from typer.testing import CliRunner

from stagewise.cli.main import app
from stagewise.pages.times import jobs_of, keep_run, last_run, times_lines
from stagewise.paths import Paths

NOW = time.time()


@pytest.fixture
def paths(tmp_path, monkeypatch) -> Paths:
    """Benchmarks of a run that took a hundred seconds, and of one before it."""
    jobs = {"long/a": (60, 10), "long/b": (80, 50), "short": (59, 90), "tiny": (1, 90),
            "earlier": (500, -20)}  # fmt: skip
    for name, (seconds, ended) in jobs.items():
        file = tmp_path / "benchmarks" / f"{name}.tsv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"s\th:m:s\n{seconds}.0\t0:00:01\n")
        os.utime(file, times=(NOW - 100 + ended,) * 2)
    monkeypatch.setattr("stagewise.pages.times.time.time", lambda: NOW)
    return Paths(tmp_path)


def test_the_longest_rules_come_first_and_small_ones_together(paths):
    assert keep_run(paths, NOW - 100, 4)
    head, *rows, whole = times_lines(paths)
    assert head.split() == ["rule", "jobs", "seconds", "share"]
    assert [row.split() for row in rows] == [
        ["long", "2", "140", "70%"], ["short", "1", "59", "30%"],
        ["1", "more", "rules", "1", "1", "0%"],
    ]  # fmt: skip
    assert whole == "4 jobs, 200 s of work in 1 min 40 s: 4 cores, busy 50% of it"


def test_a_run_without_jobs_is_not_kept(paths):
    assert keep_run(paths, NOW - 100, 2)
    kept = last_run(paths)
    assert not keep_run(paths, NOW - 5, 2)
    assert last_run(paths) == kept
    assert "earlier" not in jobs_of(paths, kept)


def test_on_a_cluster_cores_are_not_counted(paths):
    keep_run(paths, NOW - 100, None)
    assert [*times_lines(paths)][-1].endswith("of work in 1 min 40 s")


def test_times_are_asked_for_again_later(paths):
    def asked():
        return CliRunner().invoke(app, ["times", "--set", f"results={paths.root}"])

    assert isinstance(asked().exception, FileNotFoundError)
    keep_run(paths, NOW - 100, 2)
    assert "long" in asked().output
