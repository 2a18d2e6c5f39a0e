"""The rules of the workflow as a table: what each does, its jobs, and the seconds of one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from models.storage.markdown import markdown_table
from stagewise.bundles.bundle import rules
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.root import ROOT

INCLUDE = re.compile(r'^include: "([^"]+)"', re.MULTILINE)
RULE = re.compile(r"^ *rule(?: (\w+))?:$", re.MULTILINE)
NAME = re.compile(r'^ +name:\n +f?"(\w+?)_?(?:\{|")', re.MULTILINE)
MESSAGE = re.compile(r'^ +message:\n +f?"(.+)"$', re.MULTILINE)
BENCHMARK = re.compile(r'"(benchmarks/.+\.tsv)"')
WILDCARD = re.compile(r"\{(?:wildcards\.)?(?:one\[')?(\w+)(?:'\])?\}")  # {x}, {wildcards.x}, ...


@dataclass(frozen=True)
class Rule:
    """A rule as its file has it.

    Attributes:
        name: that of its task or bundle; message: what a job does, with wildcards in braces.
        benchmark: file of a job's seconds, below the results, with wildcards in braces.
    """

    name: str
    message: str
    benchmark: str

    def seconds(self, config: Config, paths: Paths) -> list[float]:
        """Seconds of every job that was run."""
        files = (
            paths.root / self.benchmark.format(**wildcards)
            for wildcards in rules()[self.name].jobs(config)
        )
        return [seconds_in(file) for file in files if file.is_file()]


def workflow_rules(root: Path = ROOT) -> list[Rule]:
    """Every rule with a message, in the order in which the Snakefile includes them."""
    snakefile = (root / "Snakefile").read_text(encoding="utf-8")
    return [
        rule
        for file in INCLUDE.findall(snakefile)
        for rule in rules_in((root / file).read_text(encoding="utf-8"))
    ]


def rules_in(text: str) -> Iterator[Rule]:
    """The rules of a file that have a message.

    Raises:
        ValueError: a rule with a message lacks a name or a benchmark.
    """
    starts = [*RULE.finditer(text)]
    bounds = [*(start.start() for start in starts), len(text)]
    for start, end in zip(starts, bounds[1:], strict=True):
        body = text[start.end() : end]
        message = MESSAGE.search(body)
        if message is None:
            continue
        name, benchmark = start[1] or _first(NAME, body), _first(BENCHMARK, body)
        if not name or not benchmark:
            raise ValueError(f"the rule that says {message[1]!r} has no name or no benchmark")
        yield Rule(name, plain(message[1]), plain(benchmark))


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def plain(text: str) -> str:
    """A text of a rule with its wildcards as {name}.

    Example:
        >>> plain("train {wildcards.model}, seed {wildcards.seed}"), plain("draw {one['model']}")
        ('train {model}, seed {seed}', 'draw {model}')
    """
    return WILDCARD.sub(r"{\1}", text)


def rules_table(config: Config, paths: Paths) -> str:
    """Every rule: what a job does, how many jobs this configuration has, mean seconds of one."""
    rows = []
    for rule in workflow_rules():
        times = rule.seconds(config, paths)
        jobs = len(rules()[rule.name].jobs(config))
        says = WILDCARD.sub(r"*\1*", rule.message)
        rows.append((f"`{rule.name}`", says, jobs or "–", mean(times)))
    return markdown_table(("rule", "a job of it", "jobs", "seconds each"), rows) + "\n"


def mean(times: list[float]) -> str:
    """Mean seconds as a table shows them; a dash where nothing was run."""
    return f"{sum(times) / len(times):.0f}" if times else "–"


def seconds_in(benchmark: Path) -> float:
    """Seconds in one of Snakemake's benchmark files."""
    return float(benchmark.read_text(encoding="utf-8").splitlines()[-1].split("\t")[0])
