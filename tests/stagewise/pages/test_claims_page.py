"""The claims page: one claim in one place, nothing of its record lost, rows a person can read."""

from __future__ import annotations

import pytest

from stagewise.pages.claims_page import claims_page, grouped, pieces
from stagewise.pages.readme import DOCS


def joined(page: str) -> str:
    """The page with its lists put together again, and code without its marks."""
    lines = page.replace("`", "").splitlines()
    text = " ".join(line.removeprefix("- ") + (";" if line[:2] == "- " else "") for line in lines)
    return " ".join(text.replace(";", "").split())


def rows(page: str) -> list[list[str]]:
    """Cells of the first table."""
    table = page.split("|---|---|---|---|\n")[1].split("\n\n")[0]
    return [line.strip("| ").split(" | ") for line in table.splitlines()]


def test_nothing_of_a_record_is_lost(claims):
    page = claims_page(claims, None)
    whole = joined(page)
    for name, record in claims.items():
        for field in ("predicted", "measured", "interval", "reason", "verdict"):
            if record[field] == "not run":  # said in words
                assert f"{name.split()[0]} in {name.split()[1]}" in page
            else:
                assert joined(record[field]) in whole, (name, field)


def test_models_of_one_claim_stand_together_and_its_prediction_once(claims):
    page = claims_page(claims, None)
    headings = [line.split(".")[0] for line in page.splitlines() if line.startswith("## ")]
    assert headings == ["## C1", "## C2", "## C3", "## C7", "## C9", "## C10", "## X1", "## X7",
                        "## X8"]  # fmt: skip
    section = page.split("\n## C7.")[1].split("\n## ")[0]
    assert section.count("*Predicted*") == 1
    assert section.index("*Verdict* in controlled") < section.index("*Verdict* in natural")
    assert "*Not run*: natural_small: induction is not learnt" in section
    assert "(controlled)" not in page


def test_what_was_not_run_is_a_line_with_its_command_and_no_row(claims):
    page = claims_page(claims, None)
    assert [cells[1] for cells in rows(page) if cells[0] == "[C7](#c7)"] == [
        "Induction–induction influence bends as induction forms, strengthens, then falls",
        "the same, in natural",
    ]
    run = "`snakemake --cores 2 language --configfile workflow/config/natural.yaml`"
    assert f"- C9 in natural: {run}\n" in page
    assert "not run" not in [cells[2] for cells in rows(page)]


def test_a_claim_run_nowhere_is_told_and_has_no_row(claims):
    missing = {"C1": claims["C1"] | dict.fromkeys(("predicted", "measured", "interval"), "")}
    missing["C1"] |= {"verdict": "not run", "reason": "the table events was not made"}
    page = claims_page(missing, "figures/{figure}.png")
    assert "- C1: the table events was not made\n" in page
    assert "*Not run*: the table events was not made." in page
    assert "![" not in page


def test_pictures_are_those_that_exist(claims):
    page = claims_page(claims, "p/{figure}.png", lambda figure: figure == "predicted_times")
    assert page.count("![") == 1
    assert "](p/predicted_times.png)" in page
    assert "![" not in claims_page(claims, None)


def test_the_row_quotes_the_part_that_decides(claims):
    quoted = {
        cells[0].split("]")[0][1:]: cells[3] for cells in reversed(rows(claims_page(claims, None)))
    }
    assert quoted["X1"] == "bif at most 35 steps from unrolled, loo_1 at least 74"
    assert quoted["C3"] == "94% of 32 peaks inside the rise"
    shorter = {"C3": claims["C3"] | {"measured": "one part only"}}  # in place of an IndexError
    assert rows(claims_page(shorter, None))[0][3] == "one part only"
    long = {"C1": claims["C1"] | {"measured": "word " * 60}}
    assert len(rows(claims_page(long, None))[0][3]) <= 102


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("one", ["one"]),
        ("a: 1; b: 2; c: 3; d: 4", ["a: 1", "b: 2", "c: 3", "d: 4"]),
        ("a: 1; x; b: 2; y", ["a: 1; x", "b: 2; y"]),
        ("a: 1; x; b: 2; y; c: 3", ["a: 1; x", "b: 2; y", "c: 3"]),
        ("x; a: 1; y; b: 2", ["x", "a: 1", "y", "b: 2"]),
        ("a: 1; 2", ["a: 1", "2"]),  # one pair is no pattern
    ],
)
def test_parts_without_a_label_stay_with_theirs(text, parts):
    assert pieces(text) == parts


def test_the_page_in_docs_is_readable():
    page = (DOCS / "claims.md").read_text(encoding="utf-8")
    assert len(rows(page)) >= 19
    assert max(len(line) for line in page.splitlines() if line.startswith("|")) <= 400
    assert max(len(line) for line in page.splitlines() if line.startswith("- ")) <= 400


def test_a_group_knows_its_models(claims):
    group = next(group for group in grouped(claims) if group.id == "C7")
    assert list(group.found) == ["controlled", "natural", "natural_small"]
    assert list(group.run) == ["controlled", "natural"]
    assert list(group.missing) == ["natural_small"]
