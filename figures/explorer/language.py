"""Language: what models of text learn when, and how classes and tokens influence each other."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from figures.explorer.parts import Key, Packed, Panel, Query, View, Where
from figures.explorer.shaping import LARGEST, LEVEL, full_colour, in_words

READS = ("language.trajectories", "language.events", "language.transitions", "language.learning",
         "language.token_influence")  # fmt: skip

MEASURES = {
    "bif": "raw, sampled (nats²)",
    "bif_normalized": "normalised, sampled (−correlation)",
    "gradient": "raw, limit of strong localisation: gradients (nats²)",
}
MODELS = {"controlled": "controlled language (a grammar)", "natural": "natural text",
          "natural_small": "natural text, a smaller model"}  # fmt: skip
FEW = 3  # runs below which a mean has no interval worth showing
BLANKS = re.compile("·{5,}")
VISIBLE = str.maketrans({" ": "·", "\n": "⏎", "\t": "⇥"})
PAIR = {"source": "from_class", "target": "onto_class"}
INTRO = """Language models whose tokens fall into known classes. Move the slider over the
checkpoints, click a cell of the matrix for that pair of classes, click a token of the passage to
see which tokens help and which harm it."""


def view(tables: Mapping[str, pd.DataFrame], told: Mapping[str, str]) -> View:
    """The page of language models.

    Args:
        tables: by key of the catalogue, each with a first column `model`.
        told: words for the models, as "model <name>".

    Returns:
        the view; panels whose table is missing are sentences.
    """
    curves = tables.get("language.trajectories")
    if curves is None:
        return View("language", "Language", INTRO, panels=_panels({}, 0.0))
    runs = _runs(curves)
    packed = {
        "runs": Packed(runs, "model"),
        "limits": Packed(full_colour(runs[runs["run"] == "mean"], "model"), "model"),
    }
    if "language.events" in tables:
        packed["events"] = Packed(_events(tables["language.events"], runs), "model")
    if "language.transitions" in tables:
        packed["stages"] = Packed(_stages(tables["language.transitions"]), "model")
    if "language.learning" in tables:
        packed["learning"] = Packed(_learning(tables["language.learning"]), "model")
    tokens = tables.get("language.token_influence")
    if tokens is not None:
        packed["tokens"] = Packed(_tokens(tokens), "model")
        packed["token_influence"] = Packed(_token_pairs(tokens), "model",
                                           {"influence": 4, "std_error": -2})  # fmt: skip
    panels = _panels(packed, float(runs["step"].max()))
    return View(
        "language", "Language", INTRO, _keys(runs, packed, told), panels, packed, _tries(runs)
    )


def _runs(curves: pd.DataFrame) -> pd.DataFrame:
    """Curves by run: "mean", or "seed0"...; the interval is the mean's, where runs are enough."""
    named = curves["experiment"].str.extract(r"/(seed\d+)$")[0].fillna("mean")
    found = curves.assign(run=named).drop(columns="experiment")
    many = found[found["run"] != "mean"].groupby("model")["run"].nunique() >= FEW
    shown = (found["run"] == "mean") & found["model"].map(many)
    found.loc[~shown, ["low", "high"]] = np.nan
    return _both_ways(found)


def _both_ways(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a pair that stands one way round only, the other way round as well, beside them."""
    pairs = [*zip(rows["model"], rows["source"], rows["target"], strict=True)]
    there = set(pairs)
    alone = [(model, target, source) not in there for model, source, target in pairs]
    turned = rows[alone].rename(columns={"source": "target", "target": "source"})
    return pd.concat([rows, turned])[[*rows]].sort_index(kind="stable")


def _events(events: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Events of the mean where runs are enough, else of every run."""
    named = events["experiment"].str.extract(r"/(seed\d+)$")[0].fillna("mean")
    single = runs[runs["run"] != "mean"].groupby("model")["run"].nunique()
    many = events["model"].map(single).fillna(0) >= FEW
    kept = events.assign(run=named)[(named == "mean") == many]
    return _both_ways(in_words(kept))


def _stages(transitions: pd.DataFrame) -> pd.DataFrame:
    """Stages as the figures shade them: from 25 to 75 % learnt, means over runs."""
    from figures.style.language import bands, spoken

    found = [
        (model, rank, spoken(stage), start, middle, end, start)
        for model, rows in transitions.groupby("model", sort=False)
        for rank, (stage, start, middle, end) in enumerate(bands(rows))
        if np.isfinite(end)
    ]
    return pd.DataFrame(found, columns=["model", *LEVEL])


def _learning(learning: pd.DataFrame) -> pd.DataFrame:
    """Mean loss of every class in every run."""
    sums = learning.groupby(["model", "seed", "class", "step"], sort=False)[
        ["loss", "tokens"]
    ].sum()
    found = (sums["loss"] / sums["tokens"]).rename("loss").reset_index()
    return found[found["loss"].notna()]


def _tokens(table: pd.DataFrame) -> pd.DataFrame:
    """The tokens of the passage, with the influence that gets the full colour."""
    found = table.drop_duplicates(["model", "target"]).sort_values(["model", "target"])
    other = table[table["source"] != table["target"]]
    sizes = other["influence"].abs().groupby(other["model"]).quantile(LARGEST).replace(0, 1.0)
    text = [BLANKS.sub(_counted, word.translate(VISIBLE)) for word in found["text"]]
    named = found["class"].str.replace("_", " ").replace("", "no class")
    return pd.DataFrame({"model": found["model"], "position": found["target"], "text": text,
                         "class": named, "limit": found["model"].map(sizes)})  # fmt: skip


def _counted(blanks: re.Match[str]) -> str:
    """Many blanks in few letters."""
    return f"·×{len(blanks[0])}"


def _token_pairs(table: pd.DataFrame) -> pd.DataFrame:
    """Influence between tokens; it is the same both ways, and kept by the earlier one."""
    kept = table[table["source"] <= table["target"]]
    kept = kept.sort_values(["model", "source", "target", "step"], kind="stable")
    return kept[["model", "source", "target", "step", "influence", "std_error"]]


def _keys(
    runs: pd.DataFrame, packed: Mapping[str, Packed], told: Mapping[str, str]
) -> tuple[Key, ...]:
    """What can be chosen."""
    parts = dict(iter(runs.groupby("model", sort=False)))
    names = {m: [*dict.fromkeys(rows["source"])] for m, rows in parts.items()}
    words = [(m, told.get(f"model {m}", MODELS.get(m, m.replace("_", " ")))) for m in parts]
    steps = {
        m: [(int(s), str(s)) for s in np.sort(rows["step"].unique())] for m, rows in parts.items()
    }
    classes = {m: [(n, n.replace("_", " ")) for n in found] for m, found in names.items()}
    labels = {m: [(n, MEASURES.get(n, n.replace("_", " "))) for n in dict.fromkeys(rows["label"])]
              for m, rows in parts.items()}  # fmt: skip
    first = next(iter(steps.values()))
    keys = [
        Key("model", "Model", {"": words}),
        Key("checkpoint", "Checkpoint (step)", steps, first[len(first) // 2][0], "model", "play"),
        Key("from_class", "From class", classes, "induction", "model"),
        Key("onto_class", "Onto class", classes, "induction", "model"),
        Key("measure", "Influence", labels, "bif", "model"),
    ]
    if "tokens" in packed:
        tokens = packed["tokens"].rows
        places = {
            m: [(int(p), str(p)) for p in rows["position"]] for m, rows in tokens.groupby("model")
        }
        shown = tokens[tokens["class"] == "induction"]["position"]
        start = int(shown.iloc[-1]) if len(shown) else None
        keys.append(Key("token", "Token", places, start, "model", "none"))
    return tuple(keys)


def _panels(packed: Mapping[str, Packed], last: float) -> tuple[Panel, ...]:
    """The panels in order."""
    from figures.explorer import language_charts as charts

    at = {"label": "measure", **PAIR}
    bands = {"bands": Query("stages")} if "stages" in packed else {}
    marks = {"events": Query("events", at)} if "events" in packed else {}
    shown = {"mean": Query("runs", {**at, "run": {"is": "mean"}}), "runs": Query("runs", at)}
    now: Where = {"label": "measure", "step": "checkpoint", "run": {"is": "mean"}}
    tokens = {
        name: Query("token_influence", {column: "token", "step": "checkpoint"})
        for name, column in (("onto", "target"), ("from", "source"))
    }
    return (
        Panel(
            "language-matrix", "Influence between classes",
            "Mean over runs of the influence of every class (row) on every other (column) at the "
            "checkpoint; for classes it is the same both ways. Click a cell for its trajectory.",
            READS[:1], {"matrix": Query("runs", now), "limits": Query("limits")},
            chart=charts.cells(), params=("from_class", "onto_class"),
            picks={"from_class": "source", "onto_class": "target"}, scale=True, wide=5, height=330,
        ),
        Panel(
            "language-pair", "Trajectory of the pair",
            "Every run (thin) and their mean (bold, with its 95 % interval from three runs on). "
            "Circles: flips, triangles: peaks, of the mean, or of single runs where there are "
            "fewer than three. Stages are shaded, 25 to 75 % learnt.",
            READS[:3], {**shown, **marks, **bands},
            chart=charts.trajectory(last, bands=bool(bands), marks=bool(marks)),
            params=("checkpoint",), picks={"checkpoint": "step"}, wide=7, stack="pair", height=270,
        ),
        Panel(
            "language-value", "", "The number of the pair at this checkpoint.", READS[:1],
            {"value": Query("runs", {**now, **PAIR})}, "sentences",
            template="{from_class} on {onto_class} at step {step}: {mean}; {measure}",
            wide=7, stack="pair",
        ),
        Panel(
            "language-events", "", "Flips and peaks of the pair.", (READS[1], READS[0]),
            {"events": Query("events", at)}, "sentences", wide=7, stack="pair",
            template="{run}: {what} at step {step} [{ci_low}, {ci_high}]",
            none="no flip or peak that stands out from chance",
        ),
        Panel(
            "language-loss", "Loss by class",
            "Mean loss of every class in every run; the source's class in blue, the target's "
            "purple and dashed.",
            (READS[3], READS[0], READS[2]), {"learning": Query("learning"), **bands},
            chart=charts.losses(last, bands=bool(bands)),
            params=("checkpoint", "from_class", "onto_class"), picks={"checkpoint": "step"},
            wide=5, height=260,
        ),
        Panel(
            "language-passage", "A passage, token by token",
            "Coloured by normalised influence on the framed token, in one run, at the checkpoint. "
            "Click another token.",
            (READS[4], READS[0]), {**tokens, "tokens": Query("tokens")}, "passage",
            picks={"token": "position"}, template="{text} ({class}): {influence} ± {std_error}",
            scale=True, wide=7,
        ),
    )  # fmt: skip


def _tries(runs: pd.DataFrame) -> tuple[tuple[str, dict[str, object]], ...]:
    """Pairs worth a look, where the classes are there."""
    found: list[tuple[str, dict[str, object]]] = []
    model = str(runs["model"].iloc[0])
    here = set(runs[runs["model"] == model]["source"])
    for source, target, words in (
        ("induction", "induction", "induction on itself, normalised"),
        ("left_delimiter", "right_delimiter", "what opens on what closes"),
    ):
        if {source, target} <= here:
            found.append((words, {"model": model, "from_class": source, "onto_class": target,
                                  "measure": "bif_normalized"}))  # fmt: skip
    return tuple(found)
