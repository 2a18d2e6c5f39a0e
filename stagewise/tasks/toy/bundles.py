"""What the toy does in one process for all seeds: each of these jobs takes less than its start."""

from __future__ import annotations

from stagewise.bundles.bundle import bundle

bundle("toy_train", toy_train={})
bundle("toy_exact", toy_exact={})
bundle("toy_windows", toy_windows={}, toy_collect={"table": ["windows"]})
bundle("toy_limits", toy_limits={}, toy_collect={"table": ["limits"]})
bundle("toy_horizons", toy_horizons={}, toy_collect={"table": ["horizons"]}, toy_horizon_means={})
bundle(
    "toy_curves",
    toy_influence={}, toy_collect={"table": ["diagnostics"]}, toy_learning={}, toy_events={},
    toy_peaks={},
)  # fmt: skip
