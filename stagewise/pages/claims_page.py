"""The claims as a page for people: a short row each, then what was predicted, measured and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from models.storage.markdown import markdown_table

Record = Mapping[str, str]
Claims = Mapping[str, Record]

NOT_RUN = "not run"
LONGEST = 100  # letters of the number quoted in a row
INLINE = 120  # letters of a text that is not cut into a list
# Where another part than the first of what was measured decides: field, and place among its parts.
QUOTED = {
    "C2": ("measured", 1), "C3": ("measured", 2), "C11": ("measured", 1), "X1": ("interval", 0),
    "X2": ("measured", 1), "X3": ("measured", 1), "X6": ("measured", 2), "X9": ("measured", 1),
}  # fmt: skip
MODEL = re.compile(r" \((\w+)\)$")  # at the end of a claim about a language model
COMMAND = re.compile(r"snakemake --cores .*$")

INTRODUCTION = """\
# Claims

C: the paper's claims. X: ours. Every verdict follows from the result tables by a rule that was
written down before (`docs/explanation/rules-of-verdict.md`), with its power where the truth is
known; the thresholds are part of what is predicted. *Undecided*: an interval leaves both possible.
Intervals are 95 % over random starts unless they say otherwise. Negative influence: the source
helps the target. A claim about a language model names the model it was tried on."""


@dataclass(frozen=True)
class Group:
    """One claim with all models it was tried on.

    Attributes:
        id: without a model; text: likewise.
        origin: paper or extension.
        found: name of the model ("" for the toy and the theory) -> its record.
    """

    id: str
    text: str
    origin: str
    found: dict[str, Record]

    @property
    def run(self) -> dict[str, Record]:
        """The models on which it was decided."""
        return {m: record for m, record in self.found.items() if record["verdict"] != NOT_RUN}

    @property
    def missing(self) -> dict[str, str]:
        """The models on which it was not, and why."""
        return {m: r["reason"] for m, r in self.found.items() if r["verdict"] == NOT_RUN}


def grouped(claims: Claims) -> list[Group]:
    """Claims in order, the models of one together."""
    groups: dict[str, Group] = {}
    for name, record in claims.items():
        plain = name.partition(" ")[0]
        model = MODEL.search(record["claim"])
        text = MODEL.sub("", record["claim"])
        group = groups.setdefault(plain, Group(plain, text, record["origin"], {}))
        group.found[model[1] if model else ""] = record
    return list(groups.values())


def claims_page(claims: Claims, pictures: str | None, exists: Callable[[str], bool] = bool) -> str:
    """The claims as Markdown.

    Args:
        claims: id -> record, as in claims.json; ids are "C7", or "C7 natural" with a model.
        pictures: path of a figure's picture, with {figure} for its name; None: show none.
        exists: whether the figure of that name has one.
    """
    groups = grouped(claims)
    parts = [INTRODUCTION, summary(groups)]
    parts += filter(None, [not_run(groups)])
    for group in groups:
        parts += section(group, pictures, exists)
    return "\n\n".join(parts) + "\n"


def summary(groups: list[Group]) -> str:
    """A short row per claim and model that was run: id, claim, verdict, one number."""
    rows = []
    for group in groups:
        for rank, (model, record) in enumerate(group.run.items()):
            text = group.text if rank == 0 else f"the same, in {model}"
            number = quoted(group.id, record)
            rows.append((f"[{group.id}](#{group.id.lower()})", text, bold(record), number))
    return markdown_table(("", "claim", "verdict", "measured"), rows)


def not_run(groups: list[Group]) -> str:
    """What was not run: a line per model and command (or reason); "" where all was."""
    waiting: dict[tuple[str, str], list[str]] = {}
    for group in groups:
        for model, reason in group.missing.items():
            command = COMMAND.search(reason)
            how = f"`{command[0]}`" if command else reason
            waiting.setdefault((model, how), []).append(group.id)
    told = [
        f"- {', '.join(names)}{' in ' + model if model else ''}: {how}"
        for (model, how), names in waiting.items()
    ]
    return "Not run:\n\n" + "\n".join(told) if told else ""


def section(group: Group, pictures: str | None, exists: Callable[[str], bool]) -> Iterator[str]:
    """One claim: what was predicted, and for every model what was found, as paragraphs."""
    yield f'<a id="{group.id.lower()}"></a>\n\n## {group.id}. {group.text}'
    predicted = list(dict.fromkeys(record["predicted"] for record in group.run.values()))
    paper = next((record["paper"] for record in group.found.values() if record.get("paper")), "")
    if paper:
        yield f"*In the paper*: {paper}."
    if len(predicted) == 1:
        yield f"*Predicted*: {predicted[0]}."
    for model, record in group.run.items():
        yield f"*Verdict*{' in ' + model if model else ''}: {bold(record)}."
        if len(predicted) > 1:
            yield f"*Predicted*: {record['predicted']}."
        yield from (listed(name, record[name]) for name in ("measured", "interval") if record[name])
        yield f"*Reason*: {record['reason']}."
        if pictures is not None and exists(record["figure"]):
            yield f"![{group.text}]({pictures.format(figure=record['figure'])})"
    if group.missing:
        told = [
            (f"{model}: " if model else "") + COMMAND.sub(r"`\g<0>`", why)
            for model, why in group.missing.items()
        ]
        yield f"*Not run*: {'; '.join(told)}."


def bold(record: Record) -> str:
    """The verdict, set in bold."""
    return f"**{record['verdict']}**"


def quoted(name: str, record: Record) -> str:
    """The one number that a row shows: a part of what was measured, cut at a word if long."""
    field, place = QUOTED.get(name, ("measured", 0))
    parts = record[field].split("; ")
    part = parts[min(place, len(parts) - 1)]
    return part if len(part) <= LONGEST else part[:LONGEST].rsplit(" ", 1)[0] + " …"


def listed(name: str, text: str) -> str:
    """A text in one line, or as a list where it is long and has parts."""
    parts = pieces(text)
    if len(text) <= INLINE or len(parts) == 1:
        return f"*{name.capitalize()}*: {text}."
    return f"*{name.capitalize()}*:\n\n" + "\n".join(f"- {part}" for part in parts)


def pieces(text: str) -> list[str]:
    """The parts of a text; where each labelled part has one without a label, they stay together.

    Example:
        >>> pieces("a: 1; b: 2"), pieces("a: 1; 2 more; b: 3; 4 more; c: 5")
        (['a: 1', 'b: 2'], ['a: 1; 2 more', 'b: 3; 4 more', 'c: 5'])
    """
    parts = text.split("; ")
    in_pairs = len(parts) > 3 and all((": " in p) == (i % 2 == 0) for i, p in enumerate(parts))
    if not in_pairs:
        return parts
    return ["; ".join(parts[i : i + 2]) for i in range(0, len(parts), 2)]
