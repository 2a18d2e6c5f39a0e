"""One script per figure; each draws saved tables and computes nothing."""

from __future__ import annotations

from collections.abc import Iterable

# What each figure reads, by table name.
TABLES: dict[str, tuple[str, ...]] = {
    "stages_of_learning": ("losses", "modes", "transitions"),
    "influence_by_estimator": ("trajectories", "events", "transitions"),
    "influence_all_pairs": ("trajectories", "transitions"),
    "hidden_paths": ("embedding", "events", "transitions"),
    "window_ablation": ("window_curves",),
    "instantaneous_limit": ("limit_errors",),
    "sampler_sweep": ("sweep",),
    "removal_ladder": ("trajectories", "events"),
    "overview": ("trajectories", "events", "transitions"),
}

# The figures of the theory's checks.
THEORY_TABLES: dict[str, tuple[str, ...]] = {
    "two_phases": ("phases", "phases_sampled"),
    "closed_form_error": ("closed_form_error", "closed_form_curves"),
    "predicted_times": ("times", "times_summary"),
    "optimizers": ("optimizers", "optimizer_curves", "optimizer_stages"),
}
IN_DOCUMENT = ("stages_of_learning", *THEORY_TABLES)  # figures within the theory's document

# The figures of every language model.
LANGUAGE_TABLES: dict[str, tuple[str, ...]] = {
    "loss_by_class": ("learning", "baselines", "transitions", "landmarks"),
    "class_influence": ("trajectories", "events", "transitions"),
    "induction_and_delimiters": ("trajectories", "events", "transitions"),
    "token_influence": ("token_influence", "transitions"),
    "upweighting": ("races", "race_differences", "transitions"),
    "forecast": ("forecast_means",),
    "influence_by_seed": ("trajectories", "transitions"),
    "localisation_limit": ("localisation_summary",),
}

# Figures of all language models together, and of what measuring them costs.
ACROSS_TABLES: dict[str, tuple[str, ...]] = {
    "sizes": ("sizes",),
    "cost": ("cost", "cost_suite"),
}


def figures_of(tables: Iterable[str]) -> list[str]:
    """The figures that a language model with these tables has."""
    present = set(tables)
    return [name for name, needed in LANGUAGE_TABLES.items() if present.issuperset(needed)]
