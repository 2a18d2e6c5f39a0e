"""The reference pages follow from what is declared: rules, figures, tables, estimators."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analysis.estimators.base import registered
from analysis.tables.catalogue import catalogue
from figures import scripts
from stagewise.bundles.bundle import rules
from stagewise.config import Config
from stagewise.pages.readme import REFERENCE
from stagewise.pages.reference import (
    estimators_table,
    figures_table,
    makers,
    registered_estimators,
    tables_page,
)
from stagewise.pages.rules import rules_in, rules_table, workflow_rules
from stagewise.paths import Paths

RULES = """
rule first:
    output:
        "a",
    benchmark:
        PATHS.root / "benchmarks/first.tsv"
    message:
        "make it"


rule no_message:
    output:
        "b",


for one in JOBS:

    rule:
        name:
            f"each_{one['model']}"
        benchmark:
            PATHS.root
            / f"benchmarks/each/{one['model']}.tsv"
        message:
            f"make {one['model']}, again"
"""


@pytest.fixture
def run(tmp_path) -> Paths:
    """A finished run of which two jobs of a rule and one figure left their seconds."""
    for name, seconds in (("toy_bif/seed0", 2), ("toy_bif/seed3", 4)):
        file = tmp_path / "benchmarks" / f"{name}.tsv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"s\th:m:s\n{seconds}.0\t0:00:0{seconds}\n")
    stamp = tmp_path / ".tasks" / "draw_overview.json"
    stamp.parent.mkdir()
    stamp.write_text('{"seconds": 7.02}')
    return Paths(tmp_path)


def test_a_rule_is_described_by_its_message():
    first, each = rules_in(RULES)
    assert (first.name, first.message, first.benchmark) == (
        "first", "make it", "benchmarks/first.tsv",
    )  # fmt: skip
    assert (each.name, each.message) == ("each", "make {model}, again")
    assert each.benchmark == "benchmarks/each/{model}.tsv"
    with pytest.raises(ValueError, match="'lost' has no name or no benchmark"):
        list(rules_in('rule a:\n    message:\n        "lost"\n'))


def test_every_task_or_bundle_is_a_rule_with_a_message_and_the_other_way_round():
    assert {rule.name for rule in workflow_rules()} == set(rules())


def test_rules_show_jobs_and_mean_seconds(run):
    table = rules_table(Config(), run)
    assert "| `toy_bif` | sample the local posteriors of seed *seed* | 10 | 3 |" in table
    assert "| `toy_sweep` | compare sampler settings | 1 | – |" in table  # not run yet


def test_figures_show_tables_rules_and_seconds(run):
    table = figures_table(Config(), run)
    overview = next(line for line in table.splitlines() if "`overview`" in line)
    assert "[trajectories](tables.md#toy.trajectories)" in overview
    assert "`toy_curves` | 7.0 |" in overview
    names = re.findall(r"^\| `(\w+)` ", table, re.MULTILINE)
    assert {name.removesuffix("_controlled") for name in names} == set(scripts())
    assert "_controlled" not in figures_table(no_language(), run)


def no_language() -> Config:
    """The default configuration without language models."""
    config = Config()
    return config.model_copy(update={"language": config.language.model_copy(update={"models": {}})})


def test_the_rule_of_a_table_is_the_one_that_computes_it(tmp_path):
    made = makers(Config(), Paths(tmp_path))
    assert made["toy.windows"] == "toy_windows"  # not toy_collect, which only collects
    assert made["language.learning"] == "language_train"
    assert made["language.class_influence"] == "language_influence"
    assert made["across.sizes"] == "language_sizes"
    assert made["results.events"] == "merge_events"
    assert set(catalogue()) - set(made) == {"across.cost", "across.cost_suite"}  # recorded


def test_tables_show_every_column_and_no_html(tmp_path):
    page = tables_page(Config(), Paths(tmp_path))
    assert page.count("\n| `") == sum(len(table.kinds) for table in catalogue().values())
    assert not re.search(r"(?<!\\)<(?!a id=|/a>)", page)


def test_estimators_are_listed_as_registered():
    table = estimators_table([("new", "toy", "loss", "network", "Says it.")])
    assert "| `new` | toy | loss | network | Says it. |" in table
    assert [row[0] for row in registered_estimators()] == [name for _, name in registered()]


@pytest.mark.parametrize(
    ("page", "known"),
    [
        ("rules", lambda: {rule.name for rule in workflow_rules()}),
        ("figures", lambda: {*scripts(), *(f"{name}_controlled" for name in scripts())}),
        ("estimators", lambda: {name for _, name in registered()}),
    ],
)
def test_pages_name_nothing_that_is_gone(page, known):
    text = Path(REFERENCE / f"{page}.md").read_text(encoding="utf-8")
    names = set(re.findall(r"^\| `(\w+)` ", text, re.MULTILINE))
    assert names
    assert names <= known()
