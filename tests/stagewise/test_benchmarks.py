"""The benchmarks' arithmetic: turns, ratios, the last line. No time is asserted."""

from __future__ import annotations

import json

import pytest

from stagewise.benchmarks.toy import toy_benchmark
from stagewise.benchmarks.turns import in_turns, ratios


def test_contestants_run_one_after_the_other_in_every_round():
    order: list[str] = []
    found = in_turns(3, lambda: order.append("a") or len(order), lambda: order.append("b") or 0)
    assert order == ["a", "b"] * 3
    assert found == [[1, 3, 5], [0, 0, 0]]
    with pytest.raises(ValueError, match="0 rounds: at least 1"):
        in_turns(0, lambda: None)


def test_a_disturbed_round_does_not_move_the_median():
    # In the third round everything is ten times slower for both, in the fourth for one.
    ours, peer = [8.0, 8.0, 0.8, 0.8, 8.0], [2.0, 2.0, 0.2, 2.0, 2.0]
    assert ratios("x", ours, peer) == {"x": 4.0, "x_low": 0.4, "x_high": 4.0}


def test_the_last_line_of_the_toy_is_json_with_every_figure():
    pytest.importorskip("devinterp")
    *lines, last = toy_benchmark(threads=1, draws=10, peer_draws=10, rounds=2).splitlines()
    found = json.loads(last)
    assert found.keys() == {
        "ours", "peer", "ratio", "ratio_low", "ratio_high", "rounds", "unit", "peer_name",
        "threads", "checkpoints", "chains", "draws",
    }  # fmt: skip
    assert found["ratio_low"] <= found["ratio"] <= found["ratio_high"]
    assert lines == [
        f"ratio: median {found['ratio']}, lowest {found['ratio_low']}, highest "
        f"{found['ratio_high']} of 2 rounds"
    ]
