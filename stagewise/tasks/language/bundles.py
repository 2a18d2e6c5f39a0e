"""What a language model does in one process after all of its runs."""

from __future__ import annotations

from stagewise.bundles.bundle import bundle

bundle(
    "language_tables", "model",
    language_collect={}, language_development={}, language_events={}, language_forecast={},
    language_threshold_times={}, language_localisation_summary={}, language_milestones={},
)  # fmt: skip
