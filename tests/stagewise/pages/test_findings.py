"""The README's findings: numbers and verdicts of the records, and none that goes stale."""

from __future__ import annotations

import re

import pytest

from stagewise.pages.findings import SENTENCES, findings
from stagewise.pages.readme import DOCS, README

NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


def without(text: str) -> str:
    """A finding without the id it begins with."""
    return text.partition("*: ")[2]


def test_numbers_come_from_the_records(claims):
    block = findings(claims)
    assert "Of the paper's 6 claims: 3 replicated, 2 partly, 1 not replicated." in block
    assert "Of our 3 beside them: 1 replicated, 2 partly." in block
    changed = claims | {"C10": claims["C10"] | {"verdict": "partly"}}
    changed["C10"]["measured"] = "mean distance 0.77 checkpoints, by chance 0.80; p = 0.61"
    line = next(x for x in findings(changed).splitlines() if x.startswith("- [C10]"))
    assert "*partly*" in line
    assert {"0.77", "0.80", "0.61"} <= set(NUMBER.findall(without(line)))


def test_a_record_that_reads_otherwise_is_an_error_that_names_the_claim(claims):
    claims["C1"]["measured"] = "bif: no flip; unrolled: flip at 221"
    with pytest.raises(ValueError, match=r"claim C1: measured is 'bif: no flip.*findings"):
        findings(claims)


def test_a_finding_that_was_not_run_says_why(claims):
    claims["C1"] |= {"verdict": "not run", "measured": "", "reason": "no tables"}
    assert "*not run*: Influence is non-monotonic and flips sign (no tables)." in findings(claims)


def test_readme_quotes_what_the_claims_page_says():
    quoted = README.read_text(encoding="utf-8").split("<!-- findings:begin -->")[1]
    lines = [x for x in quoted.split("<!-- findings:end -->")[0].splitlines() if x[:3] == "- ["]
    page = (DOCS / "claims.md").read_text(encoding="utf-8")
    assert len(lines) == len(SENTENCES) == 8
    for line in lines:
        name = re.match(r"- \[(\w+)\]", line)[1]
        section = page.split(f"\n## {name}.")[1].split("\n## ")[0]
        verdict = re.search(r"\*Verdict\*[^:]*: \*\*([\w ]+)\*\*", section)[1]
        assert f"*{verdict}*" in line
        numbers = NUMBER.findall(without(line))
        assert numbers
        assert set(numbers) <= set(NUMBER.findall(section)), (name, line)
