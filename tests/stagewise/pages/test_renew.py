"""`make readme`: from a finished run to the generated parts, and nothing of what people wrote."""

from __future__ import annotations

import json
import shutil

import pytest

from stagewise.cli.main import app
from stagewise.config import Config
from stagewise.pages import readme
from stagewise.paths import Paths


@pytest.fixture
def pages(monkeypatch, tmp_path):
    """A copy of README and docs/, its generated parts made stale."""
    docs = tmp_path / "docs"
    shutil.copytree(readme.DOCS, docs, ignore=shutil.ignore_patterns("_build"))
    front = shutil.copy(readme.README, tmp_path / "README.md")
    monkeypatch.setattr(readme, "README", front)
    monkeypatch.setattr(readme, "DOCS", docs)
    monkeypatch.setattr(readme, "PICTURES", docs / "pictures")
    monkeypatch.setattr(readme, "REFERENCE", docs / "reference")
    (docs / "claims.md").write_text("stale")
    return tmp_path


def test_generated_parts_are_renewed_and_the_rest_kept(pages, claims):
    results = Paths(pages / "results")
    results.figures.mkdir(parents=True)
    results.claims.write_text(json.dumps(claims), encoding="utf-8")
    (results.figures / "overview.png").write_bytes(b"drawn anew")
    (results.figures / "sampler_sweep.png").write_bytes(b"not shown in docs")
    before = {path: path.read_bytes() for path in (pages / "docs").rglob("*") if path.is_file()}
    front = readme.README.read_text(encoding="utf-8")
    readme.renew(Config(), results, app)

    pictures = pages / "docs" / "pictures"
    assert (pictures / "overview.png").read_bytes() == b"drawn anew"
    assert (pictures / "two_phases.png").read_bytes() == before[pictures / "two_phases.png"]
    assert not (pictures / "sampler_sweep.png").exists()
    assert (pages / "docs" / "claims.md").read_text(encoding="utf-8").startswith("# Claims\n")
    renewed = readme.README.read_text(encoding="utf-8")
    head, tail = front.split("<!-- findings:begin -->")[0], front.split("<!-- findings:end -->")[1]
    assert renewed.startswith(head)
    assert renewed.endswith(tail)
    assert "Of the paper's 6 claims" in renewed
    written = pages / "docs" / "how-to"
    assert all(path.read_bytes() == before[path] for path in written.iterdir())
