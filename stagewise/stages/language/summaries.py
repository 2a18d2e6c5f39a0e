"""Stage: means and intervals over runs of the interventions, and the localisations compared."""

from __future__ import annotations

from analysis.summaries import localisation_summary, milestones, race_differences, races
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.stages.language.common import origin
from stagewise.store import read_table, write_table


def run(config: Config, paths: Paths, model: str) -> None:
    """Write `races`, `race_differences`, `localisation_summary` and `milestones`; see
    `analysis.summaries`."""
    place, seeds = paths.language(model), config.language_seeds(model)
    every = races(read_table(place.whole("upweighting")))
    tables = {
        "races": every,
        "race_differences": race_differences(every),
        "localisation_summary": localisation_summary(read_table(place.whole("localisation"))),
        "milestones": milestones(
            read_table(place.events), read_table(place.whole("transitions")), model
        ),
    }
    for name, table in tables.items():
        write_table(table, place.whole(name), origin(config, model, seeds))
