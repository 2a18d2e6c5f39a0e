"""The claims as a page for people: a short row each, then what was predicted, measured and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from models.storage.markdown import markdown_table

Claims = Mapping[str, Mapping[str, str]]
NOT_RUN = "not run"
LONGEST = 90  # letters of the number quoted in a row


def claims_page(claims: Claims, picture: str, exists: Callable[[str], bool] = bool) -> str:
    """The claims as Markdown; the models of one claim stand together.

    Args:
        claims: id -> record, as in claims.json.
        picture: path of a figure's picture, with {figure} for its name.
        exists: whether a figure has one to show.
    """
    groups: dict[str, dict[str, Mapping[str, str]]] = {}
    for name, record in claims.items():
        groups.setdefault(name.partition(" ")[0], {})[name] = record
    rows = [row(name, record) for name, record in claims.items() if record["verdict"] != NOT_RUN]
    parts = [
        "# Claims",
        "C: the paper's claims. X: ours. Every verdict follows from the tables by a rule fixed "
        "beforehand; predictions, intervals and reasons stand below the table.",
        markdown_table(("", "claim", "verdict", "what decides it"), rows),
    ]
    parts += [section(name, records, picture, exists) for name, records in groups.items()]
    return "\n\n".join(parts) + "\n"


def row(name: str, record: Mapping[str, str]) -> tuple[str, str, str, str]:
    """A claim in one row: the first thing measured stands for all."""
    return name, record["claim"], f"**{record['verdict']}**", first_of(record["measured"])


def first_of(text: str) -> str:
    """The first part of what was measured, cut at a word."""
    part = text.split("; ")[0]
    if len(part) <= LONGEST:
        return part
    return part[:LONGEST].rsplit(" ", 1)[0] + " …"


def section(
    name: str,
    records: Mapping[str, Mapping[str, str]],
    picture: str,
    exists: Callable[[str], bool],
) -> str:
    """One claim: what was predicted, and for every model what was found."""
    first = next(iter(records.values()))
    title = re.sub(r" \(\w+\)$", "", first["claim"]) if len(records) > 1 else first["claim"]
    run = {k: r for k, r in records.items() if r["verdict"] != NOT_RUN}
    parts = [f"## {name}. {title}"]
    if run:
        parts.append(f"*Predicted*: {next(iter(run.values()))['predicted']}.")
    for each, record in run.items():
        told = [f"**{record['verdict']}**" + (f" ({each})" if len(records) > 1 else "")]
        told.append(listed("Measured", record["measured"]))
        told.append(listed("Interval", record["interval"]))
        told.append(f"*Reason*: {record['reason']}.")
        if exists(record["figure"]):
            path = picture.format(figure=record["figure"])
            told.append(f"![{record['figure']}]({path})")
        parts.append("\n\n".join(told))
    parts += [
        f"*Not run* ({each}): {record['reason']}."
        for each, record in records.items()
        if record["verdict"] == NOT_RUN
    ]
    return "\n\n".join(parts)


def listed(title: str, text: str) -> str:
    """A text in one line, or as a list where it has many parts."""
    pieces = text.split("; ")
    if len(pieces) < 4:
        return f"*{title}*: {text}."
    return f"*{title}*:\n\n" + "\n".join(f"- {piece}" for piece in pieces)
