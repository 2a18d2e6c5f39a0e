"""What held, for the README: a count, and eight findings of one line with the deciding numbers.

A sentence says what was looked at; its numbers and its verdict come from the record, so that it
cannot contradict the claims page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from analysis.claims.core import Verdict
from stagewise.pages.claims_page import NOT_RUN, Claims, Group, Record, grouped

PAGE = "docs/claims.md"


@dataclass(frozen=True)
class Sentence:
    """A finding of one line.

    Attributes:
        id: of the claim; text: with the names of groups in braces.
        patterns: field of the record -> regular expression whose named groups are the numbers.
    """

    id: str
    text: str
    patterns: Mapping[str, str]

    def told(self, record: Record) -> str:
        """The sentence with the numbers of a record.

        Raises:
            ValueError: the record does not read as the sentence expects; names the claim.
        """
        numbers: dict[str, str] = {}
        for field, pattern in self.patterns.items():
            match = re.search(pattern, record[field])
            if match is None:
                raise ValueError(
                    f"claim {self.id}: {field} is {record[field]!r}, where the README's sentence "
                    f"looks for {pattern!r}; change it in {__name__}"
                )
            numbers |= match.groupdict()
        return self.text.format(**numbers)


SENTENCES = (
    Sentence(
        "C1",
        "{source} helps with {target} at first and then harms: influence changes sign at step "
        "{bif} {range} by sampling, at {unrolled} by the exact derivative.",
        {
            "predicted": r"^(?P<source>\w+)→(?P<target>\w+)",
            "measured": r"bif: flip at (?P<bif>\S+); unrolled: flip at (?P<unrolled>[^;]+)",
            "interval": r"bif (?P<range>\[[^]]*\])",
        },
    ),
    Sentence(
        "C2",
        "sampled influence and leave-one-out have the same sequence of stretches in {events} of "
        "pairs, and correlate {stretched} after one stretch of time, {plain} point by point "
        "({good} would be agreement).",
        {
            "predicted": r"are above (?P<good>[^;]+)",
            "measured": r"bif ~ loo_1: same events in order (?P<events>\S+).*?"
            r"stretched (?P<stretched>\S+).*?point by point (?P<plain>[^;]+)",
        },
    ),
    Sentence(
        "C3",
        "coarse distinctions are learnt before fine ones in {order} of cases, and {inside} "
        "influence peaks lie where the pair's own distinction is being learnt.",
        {"measured": r"top-down in (?P<order>\S+) of cases;.*; (?P<inside>.*) peaks inside"},
    ),
    Sentence(
        "C7",
        "influence among induction tokens bends while induction forms in {bends} runs, strengthens "
        "in {after}, and falls by the end in {falls}.",
        {
            "measured": r"forms: (?P<bends>\d+ of \d+).*?strengthens: (?P<after>\d+ of \d+)"
            r".*?falls by the end: (?P<falls>\d+ of \d+)"
        },
    ),
    Sentence(
        "C9",
        "more weight on induction tokens while induction forms, instead of before, moves the step "
        "at which the loss passes its threshold by {steps} {range} (predicted: below zero).",
        {
            "measured": r"^induction, inside by overlap minus windows before: (?P<steps>[^;]+)",
            "interval": r"^induction, inside by overlap minus windows before (?P<range>\[[^]]*\])",
        },
    ),
    Sentence(
        "C10",
        "flips and peaks lie {near} checkpoints from where the losses show a stage boundary, by "
        "chance {chance} ({p}).",
        {
            "measured": r"mean distance (?P<near>\S+) checkpoints, by chance (?P<chance>[^;]+)"
            r";.*?(?P<p>p = [^;]+)"
        },
    ),
    Sentence(
        "X7",
        "influence now tells what more weight on a class does over the next step, with rank "
        "correlation {one} (influence at the end: {end}); ten steps ahead it is {ten} ({ten_end}).",
        {
            "measured": r"\b1 step\(s\): (?P<one>\S+) .*? against (?P<end>[^;]+);"
            r".*\b10 step\(s\): (?P<ten>\S+) .*? against (?P<ten_end>[^;]+)"
        },
    ),
    Sentence(
        "X8",
        "theory without a free parameter foresees {hit} sampled flips and peaks of the toy, median "
        "{off} steps off; of the large peaks it foresees, {found} are found.",
        {
            "measured": r"toy, bif: (?P<hit>\d+% of \d+) events predicted, median (?P<off>\S+) "
            r"steps off[^;]*; (?P<found>\d+% of \d+) large"
        },
    ),
)


def findings(claims: Claims) -> str:
    """The README's block: how many claims held, and the findings, a line each."""
    groups = {group.id: group for group in grouped(claims)}
    of_paper = [group for group in groups.values() if group.origin == "paper"]
    ours = [group for group in groups.values() if group.origin != "paper"]
    lines = [line(sentence, groups[sentence.id]) for sentence in SENTENCES]
    told = (
        f"Of the paper's {len(of_paper)} claims: {count(of_paper)}. "
        f"Of our {len(ours)} beside them: {count(ours)}."
    )
    return "\n".join([told, "", *lines]) + "\n"


def count(groups: list[Group]) -> str:
    """How many claims have which verdict, each on the first model it was tried on."""
    verdicts = Counter(first(group)["verdict"] for group in groups)
    told = [f"{verdicts[verdict]} {verdict}" for verdict in get_args(Verdict) if verdicts[verdict]]
    return ", ".join(told)


def first(group: Group) -> Record:
    """The record of the first model."""
    return next(iter(group.found.values()))


def line(sentence: Sentence, group: Group) -> str:
    """One finding: claim, verdict, sentence."""
    record = first(group)
    if record["verdict"] == NOT_RUN:
        told = f"{group.text} ({record['reason']})."
    else:
        told = sentence.told(record)
    return f"- [{group.id}]({PAGE}#{group.id.lower()}), *{record['verdict']}*: {told}"
