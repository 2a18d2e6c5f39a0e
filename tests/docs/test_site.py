"""The site from its sources, without Sphinx: contents, links and anchors, generated pages, code."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path, PurePosixPath

import pandas as pd
import pytest
import typer.main
from matplotlib.figure import Figure
from sphobjinv import Inventory

from stagewise.cli.main import app
from stagewise.pages.blocks import with_block
from stagewise.pages.readme import DOCS, REFERENCE, declared
from stagewise.root import ROOT
from stagewise.site.links import CODE, LINK
from stagewise.site.stage import INDEX, SiteError, stage, toctrees
from tests.figures.conftest import tables_of

TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROSE = [ROOT / "README.md", *(p for p in DOCS.rglob("*.md") if "_build" not in p.parts)]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> tuple[dict[PurePosixPath, str], Path]:
    """The staged pages and the folder they were written to; other tests prove the theory."""
    folder = tmp_path_factory.mktemp("site")
    return stage(folder, theory=False), folder


def text_of(page: str, path: PurePosixPath) -> str:
    """A page without its code; of a notebook, what stands between the code."""
    if path.suffix == ".ipynb":
        cells = json.loads(page)["cells"]
        page = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    return CODE.sub("", page)


def anchors(page: str, path: PurePosixPath) -> set[str]:
    """What a link into a page may name: its headings as GitHub spells them, and its marks."""
    text = page if path.suffix != ".ipynb" else text_of(page, path)
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", text), re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r'<a id="([^"]+)">', text))


def test_every_page_is_in_the_contents_once(site):
    found, _ = site
    listed = []
    for path, page in found.items():
        for block in TOCTREE.findall(page):
            names = [line for line in block.splitlines() if line and not line.startswith(":")]
            listed += [os.path.normpath(path.parent / name) for name in names]
    assert len(listed) == len(set(listed))
    assert set(listed) == {str(path.with_suffix("")) for path in found if path != INDEX}
    assert len(listed) > 100


def test_every_link_leads_to_a_page_or_file_and_its_anchor(site):
    found, folder = site
    looked_at = 0
    for path, page in found.items():
        for match in LINK.finditer(text_of(page, path)):
            link = match[3]
            if "://" in link:
                continue
            name, _, anchor = link.partition("#")
            target = PurePosixPath(os.path.normpath(path.parent / name)) if name else path
            assert (folder / target).is_file(), f"{path}: {link}"
            if anchor:
                assert anchor in anchors(found[target], target), f"{path}: {link}"
            looked_at += 1
    assert looked_at > 300


def test_a_page_that_is_in_the_folder_joins_its_section(site):
    found, _ = site
    more = found | {PurePosixPath("how-to/new-page.md"): "# New"}
    trees = list(toctrees(found[INDEX], more))
    assert ":caption: How to\n" in trees[2]
    assert "\nhow-to/new-page\n" in trees[2]
    with pytest.raises(SiteError, match="no section Reference"):
        list(toctrees(found[INDEX].replace("## Reference", "## Other"), found))


def test_notebooks_are_tutorials_with_their_code_unchanged(site):
    found, _ = site
    for file in (ROOT / "notebooks").glob("*.ipynb"):
        staged = json.loads(found[PurePosixPath("tutorials", file.name)])
        before = json.loads(file.read_text(encoding="utf-8"))
        codes = [[c["source"] for c in content["cells"] if c["cell_type"] == "code"]
                 for content in (before, staged)]  # fmt: skip
        assert codes[0] == codes[1]


def test_what_notebooks_import_and_read_is_where_they_look_for_it(site):
    _, folder = site
    for file in (ROOT / "notebooks").rglob("*.py"):
        assert (folder / "tutorials" / file.relative_to(ROOT / "notebooks")).is_file()
    table = folder / "tutorials" / ".." / "recorded" / "controlled" / "events.parquet"
    assert len(pd.read_parquet(table))


def test_influence_and_gamma_are_one_link_from_the_first_page(site):
    found, _ = site
    page = found[PurePosixPath("explanation/signs-and-definitions.md")]
    for anchor, says in (("influence", "−Cov(ℓᵢ, ℓⱼ)"), ("gamma", "1/parameter²")):
        assert f"(explanation/signs-and-definitions.md#{anchor})" in found[INDEX]
        assert says in page


def test_a_link_to_a_file_that_is_gone_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setattr(
        "stagewise.site.stage.pages", lambda theory: ({}, {PurePosixPath("analysis/gone.txt")})
    )
    with pytest.raises(SiteError, match=r"analysis/gone\.txt"):
        stage(tmp_path)


@pytest.mark.parametrize("name", ["configuration", "commands"])
def test_reference_pages_say_what_the_code_says(name):
    text = (REFERENCE / f"{name}.md").read_text(encoding="utf-8")
    assert with_block(text, name, declared(app)[name]) == text, "run .venv/bin/stagewise schema"


def test_lists_of_other_projects_are_small_and_know_what_signatures_name():
    files = sorted((DOCS / "inventories").glob("*.inv"))
    assert sum(file.stat().st_size for file in files) < 300_000
    known = {entry.name for file in files for entry in Inventory(str(file)).objects}
    assert {
        "numpy.ndarray", "torch.Tensor", "pandas.DataFrame", "xarray.DataArray", "pathlib.Path",
        "sympy.core.symbol.Symbol", "matplotlib.figure.Figure", "scipy.sparse.csr_matrix",
        "collections.abc.Callable", "ValueError",
    } <= known  # fmt: skip


def commands() -> dict[str, set[str]]:
    """Every command by its words, with its options."""
    found: dict[str, set[str]] = {}

    def walk(command, path):
        found[path] = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
        for name, one in getattr(command, "commands", {}).items():
            walk(one, f"{path} {name}".strip())

    walk(typer.main.get_command(app), "")
    return found


def test_commands_shown_exist_with_their_options_and_files():
    known, looked_at = commands(), 0
    for page in PROSE:
        for _, block in BLOCK.findall(page.read_text(encoding="utf-8")):
            for line in block.splitlines():
                words = line.partition(" # ")[0].split()
                if not words or not words[0].startswith(".venv/bin/"):
                    continue
                looked_at += 1
                for name in (w for w in words if w.startswith("workflow/")):
                    assert (ROOT / name).exists(), (page, line)
                if words[0] != ".venv/bin/stagewise":
                    continue
                paths = [" ".join(words[1:end]) for end in range(1, len(words) + 1)]
                path = [one for one in paths if one in known][-1]  # "" is the program itself
                assert path or words[1].startswith("--"), f"{page.name}: no command {words[1]}"
                options = known[path]
                given = {word for word in words if word.startswith("--")}
                assert given <= options | {"--help"}, (page, line)
    assert looked_at > 15


def code(page: str) -> str:
    """The Python of a how-to page."""
    text = (DOCS / "how-to" / page).read_text(encoding="utf-8")
    return "\n".join(block for kind, block in BLOCK.findall(text) if kind == "python")


def test_a_figure_is_drawn_as_the_page_writes_it(tmp_path):
    from figures import scripts

    for name, table in tables_of(scripts()["sampler_sweep"]).items():
        pd.DataFrame(table).to_parquet(tmp_path / f"{name}.parquet")
    space: dict = {"__name__": "page"}
    exec(compile(code("draw-one-figure.md"), "draw-one-figure.md", "exec"), space)
    assert isinstance(space["drawn"]("sampler_sweep", tmp_path), Figure)
