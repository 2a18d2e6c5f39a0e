"""Stage: means and intervals over runs of the interventions, and the localisations compared."""

from __future__ import annotations

from analysis.interventions.summaries import (
    localisation_summary,
    milestones,
    race_differences,
    races,
)
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.provenance.store import read_table, write_table
from stagewise.tasks.language.common import collected_origin

# What is summarised -> the tables it is made of.
SUMMARIES = {
    "races": ("upweighting",), "localisation": ("localisation",),
    "milestones": ("events", "transitions"),
}  # fmt: skip


def run(config: Config, paths: Paths, model: str, which: str) -> None:
    """Write `races` and `race_differences`, or `localisation_summary`, or `milestones`; see
    `analysis.interventions.summaries`."""
    place, seeds = paths.language(model), config.language_seeds(model)
    sources = [place.whole(name) for name in SUMMARIES[which]]
    read = [read_table(path) for path in sources]
    if which == "races":
        every = races(*read)
        tables = {"races": every, "race_differences": race_differences(every)}
    elif which == "localisation":
        tables = {"localisation_summary": localisation_summary(*read)}
    else:
        events, times = read
        tables = {"milestones": milestones(events, times, model)}
    made = collected_origin(config, model, seeds, sources)
    for name, table in tables.items():
        write_table(table, place.whole(name), made)
