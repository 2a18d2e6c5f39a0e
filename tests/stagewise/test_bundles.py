"""Jobs that rules do together: each is made where it is missing or stale, and only there."""

from __future__ import annotations

import logging
from collections import Counter

import pytest
from typer.testing import CliRunner

from stagewise.bundles.bundle import bundles, rules
from stagewise.cli.main import app
from stagewise.config import Config, load_config
from stagewise.paths import Paths
from stagewise.provenance.store import read_table
from stagewise.registry import tasks
from stagewise.tasks.everything import run_jobs

TINY = (
    "toy.steps=40", "toy.checkpoint_every=20", "toy.seeds=2", "toy.window_lengths=[10]",
    "toy.window_every=20", "toy.removal_fractions=[1.0]", "toy.limits.gammas=[1000.0]",
    "toy.limits.every=1",
)  # fmt: skip
SEEDS = ("toy_train", "toy_exact", "toy_windows", "toy_limits")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Results in which all of these stages are made."""
    made = tmp_path_factory.mktemp("made")
    assert len(done(made)) == 2 * len(SEEDS) + 2
    return made


def done(folder, *settings: str, anew: bool = False) -> set[str]:
    """The jobs that the rules of single seeds now do."""
    config = load_config(settings=[*TINY, f"results={folder}", *settings])
    paths, found = Paths(config), []
    handler = logging.Handler()
    handler.emit = lambda record: found.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("stagewise.tasks.everything")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        for name in SEEDS:
            bundle = bundles()[name]
            run_jobs(bundle.planned(bundle.job(config, paths)), anew=anew)
    finally:
        logger.removeHandler(handler)
    return set(found)


def test_a_second_run_does_nothing_even_where_files_were_touched(folder):
    for path in folder.rglob("*.*"):
        path.touch()
    assert done(folder) == set()


def test_a_new_seed_computes_only_itself(folder):
    new = {f"{name}_2" for name in SEEDS}
    assert done(folder, "toy.seeds=3") == new | {"toy_collect_windows", "toy_collect_limits"}
    assert sorted(read_table(Paths(folder).whole("windows"))["seed"].unique()) == [0, 1, 2]
    assert done(folder) == {"toy_collect_windows", "toy_collect_limits"}  # without it again


def test_a_changed_setting_makes_anew_what_depends_on_it(folder):
    assert done(folder, "toy.posterior.draws=7") == set()
    assert done(folder, "toy.removal_fractions=[0.5]") == {"toy_exact_0", "toy_exact_1"}
    assert done(folder) == {"toy_exact_0", "toy_exact_1"}


def test_an_altered_or_lost_file_is_made_again(folder):
    paths = Paths(folder)
    whole, part = paths.whole("limits"), paths.part("limits", 1)
    before = part.read_bytes()
    part.write_bytes(whole.read_bytes())
    assert done(folder) == {"toy_limits_1"}
    assert part.read_bytes() == before
    whole.unlink()
    assert done(folder) == {"toy_collect_limits"}


def test_a_damaged_stamp_makes_its_job_again(folder):
    (folder / ".tasks" / "toy_windows_0.json").write_text("[")
    assert done(folder) == {"toy_windows_0"}


def test_all_is_made_anew_where_asked(folder):
    assert len(done(folder, anew=True)) == 2 * len(SEEDS) + 2


@pytest.mark.parametrize("seeds", [1, 3])
def test_every_job_is_that_of_one_rule(tmp_path, seeds):
    config, paths = load_config(settings=[f"toy.seeds={seeds}"]), Paths(tmp_path)
    made = Counter(
        str(path)
        for rule in rules().values()
        for wildcards in rule.jobs(config)
        for path in rule.writes(rule.job(config, paths, **wildcards))
    )
    wanted = Counter(
        str(path)
        for task in tasks().values()
        for wildcards in task.jobs(config)
        for path in task.writes(task.job(config, paths, **wildcards))
    )
    assert made == wanted
    assert max(made.values()) == 1


def test_a_bundle_reads_nothing_that_it_writes(tmp_path):
    config, paths = Config(), Paths(tmp_path)
    for bundle in bundles().values():
        for wildcards in bundle.jobs(config):
            job = bundle.job(config, paths, **wildcards)
            assert not set(bundle.reads(job)) & set(bundle.writes(job)), bundle.name


def test_the_command_names_what_there_is(tmp_path):
    def said(*words: str) -> str:
        words = ("stage", *words, "--set", f"results={tmp_path}")
        return str(CliRunner().invoke(app, words).exception)

    assert "stage 'toy_bif': choose one of " in said("toy_bif")
    assert "--model natural: choose one of controlled" in said(
        "language_tables", "--model", "natural"
    )
