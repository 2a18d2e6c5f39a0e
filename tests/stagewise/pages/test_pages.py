"""README and docs/: links lead somewhere, paths exist, and what is printed there runs."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
import torch

import stagewise
from stagewise.config import load_config
from stagewise.pages.blocks import with_block
from stagewise.pages.readme import DOCS, README
from stagewise.root import ROOT

PAGES = [README, *(p for p in sorted(DOCS.rglob("*.md")) if "_build" not in p.parts)]
LINK = re.compile(r"!?\[[^]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLACES = "models|analysis|figures|stagewise|workflow|notebooks|recorded|tests|docs"
CODE_PATH = re.compile(rf"`((?:{PLACES})/[\w./-]*)`")
MODULE = re.compile(r"`((?:models|analysis|figures|stagewise)(?:\.\w+)+)`")


def named(page: Path) -> str:
    """A page's path in the repository, as the name of a test."""
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of a page in a language."""
    return [code for kind, code in BLOCK.findall(page.read_text(encoding="utf-8"))
            if kind == language]  # fmt: skip


@cache
def anchors(page: Path) -> set[str]:
    """What a link into a page may name: its headings, as GitHub spells them, and its marks."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", text), re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r'<a id="([^"]+)">', text))


def test_generated_block_is_replaced_and_nothing_else():
    text = "a\n<!-- t:begin -->\nold\n<!-- t:end -->\nb\n"
    assert with_block(text, "t", "new\n") == "a\n<!-- t:begin -->\nnew\n<!-- t:end -->\nb\n"
    with pytest.raises(ValueError, match="no marks"):
        with_block("a", "t", "new")


def test_readme_is_short():
    lines = README.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 170
    assert max(map(len, lines)) <= 300


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_and_pictures_lead_somewhere(page):
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    for link in LINK.findall(text):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.resolve()), link


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_paths_and_modules_named_exist(page):
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    for path in CODE_PATH.findall(text):
        assert (ROOT / path).exists(), path
    for module in MODULE.findall(text):
        path = ROOT / module.replace(".", "/")
        if module.removeprefix("stagewise.") in stagewise.__all__:
            continue
        assert path.is_dir() or path.with_suffix(".py").is_file(), module


def test_every_page_is_reached_from_the_readme():
    reached, waiting = set(), [README]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        for link in LINK.findall(BLOCK.sub("", page.read_text(encoding="utf-8"))):
            target = (page.parent / link.partition("#")[0]).resolve()
            if "://" not in link and target.suffix == ".md" and target not in reached:
                waiting.append(target)
    assert set(PAGES) <= reached


def test_every_picture_is_shown():
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    for picture in (DOCS / "pictures").iterdir():
        assert any(f"pictures/{picture.name})" in text for text in texts), picture.name


def test_configurations_shown_are_valid(tmp_path):
    shown = [code for page in PAGES for code in blocks(page, "yaml")]
    assert len(shown) >= 5
    for code in shown:
        file = tmp_path / "mine.yaml"
        file.write_text(code, encoding="utf-8")
        load_config([file])


def test_the_snippet_of_the_readme_runs_and_shows_the_sign_flip(capsys):
    (code,) = blocks(README, "python")
    exec(compile(code, "README.md", "exec"), {"__name__": "snippet"})
    printed = re.findall(r"step (\d+): (\S+) ± (\S+)", capsys.readouterr().out)
    (before, helps, error), (after, harms, _) = printed
    assert (before, after) == ("200", "420")
    assert float(helps) < -3 * float(error)
    assert float(harms) > 3 * float(error)


def test_the_page_on_your_own_model_runs(tmp_path, monkeypatch, capsys):
    (code,) = blocks(DOCS / "how-to" / "your-own-model.md", "python")
    assert len([line for line in code.splitlines() if line.strip()]) < 40
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "snippet"}
    exec(compile(code, "your-own-model.md", "exec"), names)
    assert "nothing speaks against these draws" in capsys.readouterr().out
    assert names["found"].influence.shape == (12, 10, 10)
    assert (tmp_path / "influence.png").stat().st_size > 30_000
    own = names["found"].influence.values[:, range(10), range(10)]
    assert bool((own < 0).all())  # every class helps itself, at all times


@pytest.fixture
def extensions(monkeypatch) -> dict[str, dict]:
    """The modules of the page on extending, by their first line; claims register apart."""
    monkeypatch.setattr("analysis.claims.core.RULES", {})
    codes = blocks(DOCS / "how-to" / "extend.md", "python")
    made: dict[str, dict] = {}
    for code in codes:
        space = made[code.splitlines()[0].removeprefix("# ")] = {"__name__": "sketch"}
        exec(compile(code, "extend.md", "exec"), space)
    return made


def test_an_estimator_as_the_page_writes_it_computes(extensions, tree, targets):
    from analysis.estimators.base import NetworkRun
    from analysis.sampling.settings import PosteriorConfig
    from models.toy.checkpoints import ToyRun
    from models.toy.linear_network import random_weights, sample_losses
    from models.toy.training import train

    start = random_weights(len(tree.items), len(tree.features), 16, 0.01, seed=0)
    steps = [0, 200]
    weights = train(start, targets, steps, learning_rate=0.05)
    run = ToyRun(torch.tensor(steps), weights, targets, 0.05, tree.items, tree.features, seed=0)
    estimator = extensions["analysis/estimators/gradient_product.py"]["ESTIMATOR"]
    network = NetworkRun(run, "gradient_descent", None, PosteriorConfig(), (1.0,))
    found = estimator.compute(network).sel(step=200, source="dog", target="cat")
    last = [w[1].requires_grad_() for w in weights]
    losses = sample_losses(type(weights)(*last), targets)
    dog, cat = (
        torch.autograd.grad(losses[tree.items.index(item)], last, retain_graph=True)
        for item in ("dog", "cat")
    )
    exact = -sum(float((a * b).sum()) for a, b in zip(dog, cat, strict=True))
    assert float(found) == pytest.approx(exact, rel=1e-10)


def test_an_architecture_as_the_page_writes_it_is_built_and_run(extensions):
    from models.language.settings import Network

    gpt2 = extensions["models/language/architectures/gpt2.py"]["ARCHITECTURE"]
    torch.manual_seed(0)
    model = gpt2.build(Network(width=8, layers=1, heads=2), vocabulary=7, context=5)
    tokens = torch.randint(7, (1, 3, 5))
    stacked = {name: p.detach()[None] for name, p in model.named_parameters()}
    torch.testing.assert_close(
        gpt2.logits(model, stacked, tokens)[0], model.eval()(tokens[0]).logits
    )


def test_a_figure_and_a_claim_as_the_page_writes_them_read_their_table(extensions, tree):
    import pandas as pd

    from analysis.claims.evidence import EvidenceTables
    from analysis.claims.toy_evidence import ToyEvidence

    losses = pd.DataFrame(
        [{"seed": 0, "step": step, "item": item, "loss": 2.0 if step == 0 else 0.05}
         for item in tree.items for step in (0, 100)]
    )  # fmt: skip
    drawn = extensions["figures/toy/losses.py"]["draw"]({"losses": losses})
    assert len(drawn.axes[0].lines) == len(tree.items)
    evidence = ToyEvidence(
        tables=EvidenceTables({"losses": losses}), seed=0, tree=tree, focus=("dog", "cat"),
        optimizer="gradient_descent", checkpoint_every=100,
    )  # fmt: skip
    decided = extensions["analysis/claims/learning.py"]["learnt"](evidence)
    assert decided.finding.verdict == "replicated"
    assert decided.finding.measured == "at most 2.5% is left"
