# The configuration, the command line, and what every rule needs. Tasks (stagewise/tasks) say what
# they read, write and depend on; rules call them by plain commands.

import json
import os
import shlex
import sys
import time
from pathlib import Path

from figures import scripts
from stagewise.bundles.bundle import rules as stages
from stagewise.config import ConfigError, load_config, typed
from stagewise.locks import clear_stale_locks
from stagewise.pages.report import (
    claims_shown,
    document_shown,
    explorer_shown,
    figure_shown,
    table_shown,
)
from stagewise.paths import Paths
from stagewise.provenance.code import source_files
from stagewise.root import ROOT
from stagewise.tasks.base import TaskError, task_named
from stagewise.tasks.everything import part_files
from stagewise.tasks.merge.check import check_declarations

BEGUN = time.time()
EXTRA = typed(dict(workflow.config_settings.config))

try:
    # Files are read again here: Snakemake's own reading would extend the default hierarchy with
    # an override's instead of replacing it, and keep the last of two equal keys.
    CONFIG = load_config(workflow.overwrite_configfiles, extra=EXTRA)
    PATHS = Paths(CONFIG)
    check_declarations(CONFIG, PATHS)
except (ConfigError, TaskError) as error:
    sys.exit(f"configuration error:\n{error}")

FOUND = r"[a-z_]+"
# Captions of what is in the report; whole paths, for rules lie in folders of different depth.
TABLE, CLAIMS, DOCUMENT, RECORDED, EXPLORER = (
    str(ROOT / "workflow" / "report" / f"{name}.rst")
    for name in ("table", "claims", "document", "recorded", "explorer")
)
FIGURE = (ROOT / "workflow" / "report" / "figure.rst").read_text(encoding="utf-8")

# In every rule's shell: `stagewise`, with the same Python and configuration as here.
ARGUMENTS = [
    f"--configfile {shlex.quote(str(path))}" for path in workflow.overwrite_configfiles
]
ARGUMENTS += [
    f"--set {shlex.quote(f'{key}={json.dumps(value)}')}" for key, value in EXTRA.items()
]
CALL = f'{shlex.quote(sys.executable)} -m stagewise "$@" {" ".join(ARGUMENTS)}'
PREFIX = f"set -euo pipefail; stagewise() {{ {CALL}; }}; "
shell.prefix(PREFIX.replace("{", "{{").replace("}", "}}"))

if not workflow.dryrun and workflow.is_main_process:
    LOCK = clear_stale_locks(".snakemake")


def job(name, wildcards):
    """The job of a task or bundle that these wildcards name; numbers are numbers."""
    known = {
        k: int(v) if k in ("seed", "step") else v for k, v in dict(wildcards).items()
    }
    return stages()[name].job(CONFIG, PATHS, **known)


def reads(name):
    """Input: what a job of the task reads."""
    return lambda wildcards: job_reads(name, wildcards)


def reads_of_one_seed(name):
    """Input that one job makes for all seeds. Its time says nothing about this seed: in its place
    stand the settings and sources of its maker, which are among those of the task."""
    return lambda wildcards: [ancient(path) for path in job_reads(name, wildcards)]


def reads_but_for_times_of_figures(name):
    """Input with figures that one job draws together: whether one of them is another is told by
    its tables and its script, which are read too."""
    return lambda wildcards: [
        ancient(path) if path.suffix == ".svg" else path
        for path in job_reads(name, wildcards)
    ]


def writes(name):
    """Output: what a job of the task writes; tables of all runs are in the report."""
    written = stages()[name].writes(stages()[name].pattern(CONFIG, PATHS))
    return [table_in_report(path) for path in written]


def renews(name, **one):
    """Output of a bundle: Snakemake leaves in place what is there, and the bundle makes only what
    is missing or stale."""
    written = stages()[name].writes(job(name, one))
    return [update(drawn_in_report(path, **one)) for path in written]


def in_report(path, caption, shown):
    """The same path, in the report of `--report` where `shown` (of the wildcards) says."""
    return report(
        path,
        caption=caption,
        category=lambda wildcards: shown(wildcards).category,
        subcategory=lambda wildcards: shown(wildcards).subcategory,
        labels=lambda wildcards: shown(wildcards).labels,
    )


def table_in_report(path, **one):
    """The same path; a table of all runs, or a pattern of such, in the report. `one`: wildcards
    that its rule has not."""
    if path.suffix != ".parquet" or path.parent.name.startswith(("seed", "influence")):
        return path
    return in_report(
        path,
        TABLE,
        lambda wildcards: table_shown(PATHS, path, {**one, **dict(wildcards)}),
    )


def drawn_in_report(path, model=""):
    """The same path; a picture of a figure, or a table of all runs, in the report."""
    if path.suffix != ".png":
        return table_in_report(path, model=model)
    figure = path.stem.removesuffix(f"_{model}")
    return in_report(path, caption_of(figure), lambda _: figure_shown(figure, model))


def caption_of(figure):
    """File of a figure's caption. A caption that Snakemake fills in knows rules, and one rule draws
    many figures: so it is filled in here."""
    script, file = scripts()[figure], Path(".snakemake/captions", f"{figure}.rst")
    text = FIGURE.format(shows=script.shows, tables=", ".join(script.reads))
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return str(file.resolve())


def recorded_in_report(path, model):
    """The same path; the picture of a figure of a recorded model in the report."""
    name = path.stem.removesuffix(f"_{model}")
    shown = figure_shown(name, model, recorded=True)
    return in_report(path, RECORDED, lambda _: shown) if path.suffix == ".png" else path


def job_reads(name, wildcards):
    """Input of one job whose wildcards are known."""
    return [*stages()[name].reads(job(name, wildcards))]


def job_writes(name, wildcards):
    """Output of one job whose wildcards are known."""
    return [*stages()[name].writes(job(name, wildcards))]


def settings(name):
    """Parameter: the configuration that a job's result depends on; a change reruns it."""
    return lambda wildcards: stages()[name].depends_on(job(name, wildcards))


def code(name, *more, **one):
    """Input: the sources of a task or bundle and of all they import."""
    found = stages()[name]
    asked = job(name, one) if one else found.pattern(CONFIG, PATHS)
    return [
        os.path.relpath(ROOT / path)
        for path in source_files(*found.modules(asked), *more)
    ]


def part(name):
    """What a part of the pipeline asks for."""
    return part_files(CONFIG, PATHS, name)


def any_of(name, key):
    """A pattern of the values that a wildcard of a task has; one that nothing matches for none."""
    values = dict.fromkeys(str(one[key]) for one in stages()[name].jobs(CONFIG))
    return "|".join(values) or "(?!)"


def gpus(wildcards):
    """GPUs a job of this model asks its executor for. On one machine say how many there are
    (--resources gpu=1), so that no two jobs share one."""
    return int(CONFIG.language.models[wildcards.model].gpus)


def gpus_of_whole(wildcards):
    """The same, of the job that puts a run together: none where every checkpoint was a job."""
    return (
        0
        if CONFIG.language.models[wildcards.model].jobs_by_checkpoint
        else gpus(wildcards)
    )


def threads_of(wildcards):
    """CPU threads of a training or sampling job of this model."""
    return CONFIG.language.models[wildcards.model].threads


def estimates_of_pretrained():
    """What sampling the models that others trained will take here; nothing where there are none."""
    if not any(model.pretrained for model in CONFIG.language.models.values()):
        return []
    from stagewise.benchmarks.cost import estimates
    from stagewise.cli.options import device_named

    return estimates(CONFIG, device_named("auto"))


def tell_times():
    """Where the time of this run went; `make` asks for it itself, after the claims."""
    from stagewise.pages.times import keep_run, times_lines, under_make

    if keep_run(PATHS, BEGUN, workflow.cores) and not under_make():
        print(*times_lines(PATHS), sep="\n", file=sys.stderr)


def make_anew_what_is_forced():
    """Have bundles make all their files where Snakemake is told to make something again."""
    from stagewise.bundles.anew import make_anew

    asked = workflow.dag_settings
    if asked.forceall or asked.forcerun or asked.forcetargets:
        make_anew()


def merge_what_is_there():
    """After a part alone, the merged claims and events hold the parts that are there."""
    from stagewise.tasks.merge.present import merge_present

    merge_present(CONFIG, PATHS)


wildcard_constraints:
    seed=r"\d+",
    step=r"\d+",
    table=FOUND,
    figure=FOUND,
    corpus=r"[a-z0-9_]+",
    class_name=FOUND,
    model="|".join([*CONFIG.language.models, *CONFIG.language.recorded]) or "none",
