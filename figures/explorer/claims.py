"""Claims: what was predicted, what was measured, and why the verdict; with its picture."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Mapping

import pandas as pd

from figures.explorer.parts import Key, View, address

Record = Mapping[str, str]

FIELDS = ("paper", "predicted", "measured", "interval", "reason")
MODEL = re.compile(r" \((\w+)\)$")  # at the end of a claim about a language model
INTRO = """What the paper claims (C) and what we add (X): predicted before, measured after, decided
by rules that are part of the prediction. Open a row for its numbers, its reason and its picture."""
# What shows a claim here: view, and what to choose there.
SHOWN: dict[str, tuple[str, dict[str, str]]] = {
    "C1": ("toy", {"variant": "toy", "source": "dog", "target": "sparrow", "estimator": "bif"}),
    "C2": ("toy", {"variant": "toy", "estimator": "bif", "second": "loo_1"}),
    "C3": ("toy", {"variant": "toy", "estimator": "bif"}),
    "C4": ("toy", {"variant": "toy", "estimator": "bif"}),
    "X1": ("toy", {"variant": "toy", "estimator": "unrolled", "second": "loo_1"}),
    "X2": ("toy", {"variant": "toy", "estimator": "unrolled"}),
    "X3": ("toy", {"variant": "adam"}),
    "X8": ("what-if", {}),
    "X9": ("what-if", {"theory": "closed_form"}),
    "C7": ("language", {"from_class": "induction", "onto_class": "induction"}),
    "C8": ("language", {"from_class": "left_delimiter", "onto_class": "right_delimiter"}),
    "C10": ("language", {}),
}


def view(
    claims: Mapping[str, Record], pictures: Mapping[str, bytes], tables: Mapping[str, pd.DataFrame]
) -> View:
    """The page of claims.

    Args:
        claims: as in claims.json.
        pictures: PNG or WebP by name of the figure.
        tables: of the explorer, that links into it lead somewhere.

    Returns:
        the view.
    """
    if not claims:
        body = '<p class="missing">No claim is decided here; <code>make reproduce</code> does.</p>'
        return View("claims", "Claims", INTRO, body=body)
    verdicts = [*dict.fromkeys(record["verdict"] for record in claims.values())]
    origins = [*dict.fromkeys(record["origin"] for record in claims.values())]
    words = {"paper": "the paper's", "extension": "ours"}
    told = {
        "verdict": [("all", "all"), *((v, v) for v in verdicts)],
        "origin": [("all", "all"), *((o, words.get(o, o)) for o in origins)],
        "claim": [("", "none"), *((slug(name), name) for name in claims)],
    }
    keys = (
        Key("verdict", "Verdict", {"": told["verdict"]}, "all"),
        Key("origin", "Origin", {"": told["origin"]}, "all"),
        Key("claim", "Claim", {"": told["claim"]}, "", "", "none"),
    )
    rooms = {key.partition(".")[0] for key in tables}
    rows = [row(name, record, pictures, rooms) for name, record in claims.items()]
    used = {record["figure"] for record in claims.values()}
    images = {name: data_address(data) for name, data in pictures.items() if name in used}
    body = hiding(verdicts, origins) + "".join(rows)
    return View("claims", "Claims", INTRO, keys, body=body, pictures=images)


def slug(name: str) -> str:
    """A claim's name in the address."""
    return name.replace(" ", "-")


def hiding(verdicts: list[str], origins: list[str]) -> str:
    """Style rules that hide the rows which do not fit what is chosen."""
    rules = "".join(
        f'body[data-{key}="{value}"] .claim:not([data-{key}="{value}"]) {{ display: none; }}\n'
        for key, values in (("verdict", verdicts), ("origin", origins))
        for value in values
    )
    return f"<style>\n{rules}</style>"


def row(name: str, record: Record, pictures: Mapping[str, bytes], rooms: set[str]) -> str:
    """A claim; what is inside opens with a click or the enter key."""
    told = {field: html.escape(str(value)) for field, value in record.items()}
    verdict = f'<span class="verdict {slug(told["verdict"])}">{told["verdict"]}</span>'
    fields = "".join(
        f"<dt>{field}</dt><dd>{told[field]}</dd>" for field in FIELDS if told.get(field)
    )
    return (
        f'<details class="claim" id="claim-{slug(name)}" data-claim="{slug(name)}" '
        f'data-verdict="{told["verdict"]}" data-origin="{told["origin"]}">'
        f"<summary><span>{html.escape(name)}</span><span>{told['claim']}</span>{verdict}</summary>"
        f"<dl>{fields}</dl>{link(name, record, rooms)}{picture(record, pictures)}</details>"
    )


def link(name: str, record: Record, rooms: set[str]) -> str:
    """The way to a view that shows it."""
    tab, state = SHOWN.get(name.partition(" ")[0], ("", {}))
    room = {"toy": "toy", "what-if": "theory", "language": "language"}.get(tab)
    if room not in rooms:
        return ""
    model = MODEL.search(record["claim"])
    if tab == "language" and model:
        state = {"model": model[1], **state}
    return f'<p><a href="{html.escape(address(tab, state))}">See it in the explorer</a></p>'


def picture(record: Record, pictures: Mapping[str, bytes]) -> str:
    """The claim's figure; the page's script fills it in when the row opens, since several claims
    may show the same."""
    name = html.escape(record["figure"])
    if record["figure"] not in pictures:
        return f"<p>The figure <code>{name}</code> is not drawn here.</p>"
    says = f"figure {record['figure'].replace('_', ' ')}: {record['claim']}. {record['measured']}"
    return f'<img alt="{html.escape(says)}" data-figure="{name}">'


def data_address(image: bytes) -> str:
    """A picture as an address."""
    kind = "png" if image.startswith(b"\x89PNG") else "webp"
    return f"data:image/{kind};base64,{base64.b64encode(image).decode()}"
