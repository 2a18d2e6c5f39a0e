# The configuration, the command line, and what every rule needs.

import json
import os
import shlex
import sys

from figures import figures_of, of_room, scripts
from stagewise.provenance.code import source_files
from stagewise.root import ROOT
from stagewise.config.loading import ConfigError, load_config, typed
from stagewise.locks import clear_stale_locks
from stagewise.paths import ESTIMATORS, EXACT, VARIANT_TABLES, Paths
from stagewise.tasks.toy.common import NETWORK_KEYS

FIGURE_TABLES, THEORY_FIGURE_TABLES = of_room("toy"), of_room("theory")
LANGUAGE_FIGURE_TABLES, ACROSS_TABLES = of_room("language"), of_room("across")
IN_DOCUMENT = ("stages_of_learning", *THEORY_FIGURE_TABLES)

EXTRA = typed(dict(workflow.config_settings.config))

try:
    # Files are read again here: Snakemake's own reading would extend the default hierarchy with
    # an override's instead of replacing it, and keep the last of two equal keys.
    CONFIG = load_config(workflow.overwrite_configfiles, extra=EXTRA)
except ConfigError as error:
    sys.exit(f"configuration error:\n{error}")

PATHS = Paths(CONFIG)
SEEDS = CONFIG.toy_seeds

# Every stage is a plain command; these arguments give it the same configuration.
STAGEWISE = f"{shlex.quote(sys.executable)} -m stagewise"
CONFIG_ARGS = " ".join(
    [f"--configfile {shlex.quote(str(path))}" for path in workflow.overwrite_configfiles]
    + [f"--set {shlex.quote(f'{key}={json.dumps(value)}')}" for key, value in EXTRA.items()]
)

if not workflow.dryrun and workflow.is_main_process:
    LOCK = clear_stale_locks(".snakemake")


def code(*modules):
    """Input files: the sources of the modules a rule runs, and of all they import."""
    return [os.path.relpath(ROOT / path) for path in source_files(*modules)]


def settings(*names):
    """The parts of the toy's configuration a rule depends on; a change reruns it."""
    found = {}
    for name in names:
        value = CONFIG.toy.model_dump()
        for part in name.split("."):
            value = value[part]
        found[name] = value
    return json.dumps(found)  # order counts: it is the order of the items


# All of the posterior's settings but those that change no number.
POSTERIOR = [
    f"posterior.{name}" for name in CONFIG.toy.posterior.model_dump() if name != "memory_gib"
]


wildcard_constraints:
    seed=r"\d+",
    estimator=r"[a-z_]+",
    table=r"[a-z_]+",
    figure=r"[a-z_]+",
