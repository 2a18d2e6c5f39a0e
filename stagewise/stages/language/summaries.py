"""Stage: means and intervals over runs of the interventions, and the localisations compared."""

from __future__ import annotations

import pandas as pd

from analysis.summaries import localisation_summary, milestones, race_differences, races
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.stages.language.common import origin
from stagewise.store import read_table, write_table

SUMMARIES = ("races", "localisation", "milestones")


def run(config: Config, paths: Paths, model: str, which: str) -> None:
    """Write `races` and `race_differences`, or `localisation_summary`, or `milestones`; see
    `analysis.summaries`."""
    place, seeds = paths.language(model), config.language_seeds(model)

    def read(name: str) -> pd.DataFrame:
        return read_table(place.whole(name))

    if which == "races":
        every = races(read("upweighting"))
        tables = {"races": every, "race_differences": race_differences(every)}
    elif which == "localisation":
        tables = {"localisation_summary": localisation_summary(read("localisation"))}
    else:
        tables = {"milestones": milestones(read_table(place.events), read("transitions"), model)}
    for name, table in tables.items():
        write_table(table, place.whole(name), origin(config, model, seeds))
