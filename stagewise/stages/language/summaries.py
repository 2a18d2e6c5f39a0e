"""Stage: means and intervals over runs of the interventions, and the localisations compared."""

from __future__ import annotations

from analysis.summaries import localisation_summary, milestones, race_differences, races
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.stages.language.common import collected_origin
from stagewise.store import read_table, write_table

SUMMARIES = ("races", "localisation", "milestones")


def run(config: Config, paths: Paths, model: str, which: str) -> None:
    """Write `races` and `race_differences`, or `localisation_summary`, or `milestones`; see
    `analysis.summaries`."""
    place, seeds = paths.language(model), config.language_seeds(model)
    names = {"races": ["upweighting"], "localisation": ["localisation"]}
    sources = [place.whole(name) for name in names.get(which, ["transitions"])]
    first = read_table(sources[0])
    if which == "races":
        every = races(first)
        tables = {"races": every, "race_differences": race_differences(every)}
    elif which == "localisation":
        tables = {"localisation_summary": localisation_summary(first)}
    else:
        sources.append(place.events)
        tables = {"milestones": milestones(read_table(place.events), first, model)}
    made = collected_origin(config, model, seeds, sources)
    for name, table in tables.items():
        write_table(table, place.whole(name), made)
