"""The README's generated parts: the claims table and the pictures of a finished run."""

from __future__ import annotations

import json
import re

from figures import of_room, scripts
from models.storage.markdown import markdown_table
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.provenance.store import write_text
from stagewise.root import ROOT

TABLES, THEORY_TABLES = of_room("toy"), of_room("theory")
LANGUAGE_TABLES, ACROSS_TABLES = of_room("language"), of_room("across")
README = ROOT / "README.md"
TABLE = ROOT / "docs" / "claims.md"
PICTURES = ("overview", "influence_by_estimator", "two_phases", "predicted_times", "optimizers")
LANGUAGE_PICTURES = ("induction_and_delimiters", "upweighting", "forecast")  # of the first model
RULES = {
    "losses": "toy_learning",
    "modes": "toy_learning",
    "transitions": "toy_learning",
    "embedding": "toy_learning",
    "trajectories": "toy_events",
    "events": "toy_events",
    "window_curves": "toy_window_curves",
    "limit_errors": "toy_window_curves",
    "sweep": "toy_sweep",
}
THEORY_RULES = {
    "phases": "theory_phases",
    "phases_sampled": "theory_phases",
    "closed_form_error": "theory_errors",
    "closed_form_curves": "theory_errors",
    "times": "theory_times",
    "times_summary": "theory_times",
    "optimizers": "theory_optimizers",
    "optimizer_curves": "theory_optimizers",
    "optimizer_stages": "theory_optimizers",
}
LANGUAGE_RULES = {
    "trajectories": "language_events",
    "events": "language_events",
    "transitions": "language_development",
    "learning": "language_train",
    "baselines": "language_landmarks",
    "landmarks": "language_landmarks",
    "token_influence": "language_influence",
    "races": "language_races",
    "race_differences": "language_races",
    "localisation_summary": "language_localisation_summary",
    "forecast_means": "language_forecast",
}
ACROSS_RULES = {"sizes": "language_sizes", "cost": "recorded", "cost_suite": "recorded"}
MAKES = {
    "toy_train": "checkpoints of one seed",
    "toy_bif": "sampled influence and diagnostics of one seed",
    "toy_exact": "every exact estimator of one seed",
    "toy_windows": "window ablation of one seed",
    "toy_limits": "strong localisation of one seed",
    "toy_sweep": "sampler settings compared",
    "toy_learning": "losses, modes, transitions, hidden layer",
    "toy_influence": "`toy/influence.parquet`",
    "toy_events": "`events.parquet`, mean curves",
    "toy_window_curves": "window ablation beside influence",
    "theory_hierarchy": "the toy on another hierarchy, training to events",
    "theory_optimizer": "the toy under an optimizer, training to events",
    "theory_phases": "two phases, by quadrature and sampled",
    "theory_errors": "the closed form's error by cause",
    "theory_times": "predicted against measured times",
    "theory_optimizers": "claims C1 to C5 under every optimizer",
    "theory_document": "`theory/theory.html`: derivations proved, figures, tables",
    "language_train": "checkpoints and learning curve of one run",
    "language_influence": "class influence and token influence of one run",
    "language_landmarks": "landmarks of one run",
    "language_upweighting": "staged up-weighting of one class in one run",
    "language_effects": "effects of up-weighting each class, one run",
    "language_localisation": "localisations compared",
    "language_collect": "one table of all runs",
    "language_development": "stage boundaries",
    "language_events": "flips, peaks, mean curves",
    "language_forecast": "influence against the effects",
    "language_races": "means over runs of up-weighting",
    "language_localisation_summary": "localisations against their limit",
    "language_milestones": "the stage boundary nearest to every event",
    "language_sizes": "all language models side by side",
    "collect_events": "`events.parquet`",
    "decide_claims": "`claims.json`, `claims.md`",
    "draw": "one figure",
    "draw_recorded": "every figure of a recorded model",
}


def short_table(claims: dict[str, dict[str, str]]) -> str:
    """Claim, what was measured (or why nothing was) and the verdict, as the README shows them."""
    rows = [
        (name, c["claim"], c["origin"], c["measured"] or c["reason"], f"**{c['verdict']}**")
        for name, c in claims.items()
    ]
    return markdown_table(("", "claim", "from", "measured", "verdict"), rows) + "\n"


def figures_table(config: Config, paths: Paths) -> str:
    """Every figure, what it shows, the rules whose tables it draws, and their seconds."""
    rows = []
    model = next(iter(config.language.models), None)
    shown = [(name, name, TABLES[name], RULES) for name in TABLES]
    shown += [(name, name, THEORY_TABLES[name], THEORY_RULES) for name in THEORY_TABLES]
    if model is not None:
        shown += [(n, f"{n}_{model}", LANGUAGE_TABLES[n], LANGUAGE_RULES) for n in LANGUAGE_TABLES]
    shown += [(n, n, ACROSS_TABLES[n], ACROSS_RULES) for n in ACROSS_TABLES]
    for script, name, tables, makers in shown:
        shows = scripts()[script].shows
        rules = ", ".join(dict.fromkeys(f"`{makers[table]}`" for table in tables))
        rows.append((f"`{name}`", shows, rules, f"{_seconds(paths, 'draw', name):.0f} s"))
    return markdown_table(("figure", "shows", "from rules", "drawn in"), rows) + "\n"


def rules_table(paths: Paths) -> str:
    """Every rule with its number of jobs and the mean seconds of one."""
    rows = []
    for rule, makes in MAKES.items():
        times = _times(paths, rule)
        rows.append((f"`{rule}`", makes, len(times), f"{sum(times) / len(times):.0f}"))
    return markdown_table(("rule", "makes", "jobs", "seconds each"), rows) + "\n"


def _times(paths: Paths, rule: str) -> list[float]:
    """Seconds of every job of a rule, from Snakemake's benchmark files."""
    files = sorted(paths.root.glob(f"benchmarks/{rule}.tsv"))
    files += sorted(paths.root.glob(f"benchmarks/{rule}/*.tsv"))
    if not files:
        raise ValueError(f"no benchmark of rule {rule} below {paths.root}: run the pipeline first")
    return [float(file.read_text().splitlines()[-1].split("\t")[0]) for file in files]


def _seconds(paths: Paths, rule: str, job: str) -> float:
    """Seconds of one job of a rule."""
    text = (paths.root / "benchmarks" / rule / f"{job}.tsv").read_text()
    return float(text.splitlines()[-1].split("\t")[0])


def with_block(text: str, name: str, block: str) -> str:
    """`text` with what stands between the marks `<!-- name:begin -->` and `<!-- name:end -->`
    replaced.

    Raises:
        ValueError: the marks are missing.
    """
    pattern = re.compile(f"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"no marks <!-- {name}:begin --> and <!-- {name}:end -->")
    return pattern.sub(lambda match: match[1] + block + match[2], text)


def renew(config: Config, paths: Paths) -> None:
    """Copy the claims table into docs/ and the README, and the pictures into docs/."""
    claims = json.loads(paths.claims.read_text(encoding="utf-8"))
    write_text(paths.claims_page.read_text(encoding="utf-8"), TABLE)
    blocks = {
        "claims": short_table(claims),
        "figures": figures_table(config, paths),
        "rules": rules_table(paths),
    }
    text = README.read_text(encoding="utf-8")
    for name, block in blocks.items():
        text = with_block(text, name, block)
    write_text(text, README)
    model = next(iter(config.language.models), None)
    pictures = [*PICTURES]
    if model is not None:
        pictures += ["sizes", *(f"{name}_{model}" for name in LANGUAGE_PICTURES)]
    for name in pictures:
        picture = paths.figures / f"{name}.png"
        (ROOT / "docs" / picture.name).write_bytes(picture.read_bytes())
