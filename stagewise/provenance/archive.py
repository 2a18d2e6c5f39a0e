"""The manifest of a finished run for an archive: an RO-Crate, made by the library of that name.

It names every figure and table with what it shows, the versions of the software that made them,
licence and authors; https://www.researchobject.org/ro-crate/ says what else reads it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rocrate.model import ContextEntity, Person, SoftwareApplication
from rocrate.rocrate import ROCrate

from figures import scripts
from stagewise.config.yaml_files import read_yaml
from stagewise.paths import Paths
from stagewise.provenance.store import read_provenance, write_json
from stagewise.root import ROOT

MANIFEST = "ro-crate-metadata.json"
CITATION = ROOT / "CITATION.cff"
FORMATS = {
    ".parquet": "application/vnd.apache.parquet", ".pdf": "application/pdf",
    ".svg": "image/svg+xml", ".png": "image/png", ".json": "application/json",
    ".md": "text/markdown", ".html": "text/html", ".zip": "application/zip",
}  # fmt: skip
PAGES = {
    "claims.json": "Every claim: what was predicted and measured, interval, verdict and reason.",
    "claims.md": "The claims as a page, with figures.",
    "claims.html": "The claims as a page for browsers.",
    "claims.provenance.json": "Configuration, seeds and versions that the claims rest on.",
    "explorer.html": "The interactive explorer of the result tables.",
    "report.zip": "Snakemake's report: figures and tables with captions, and run times.",
    "theory/theory.html": "The theory: every derivation, with its proof, figures and tables.",
    "theory/theory.md": "The theory as Markdown.",
    "theory/formulas.json": "Every formula of the theory, in LaTeX, and how it was proved.",
}


def write_manifest(paths: Paths) -> Path:
    """Write the manifest into the folder of results.

    Raises:
        FileNotFoundError: there is neither a figure nor a table.
        CatalogueError: a table is not declared.
    """
    described = dict(files(paths))
    if not any(path.suffix in (".parquet", ".png") for path in described):
        raise FileNotFoundError(f"no results in {paths.root} to be archived: make reproduce")
    crate = ROCrate()
    _cite(crate, read_yaml(CITATION))
    newest = max(path.stat().st_mtime for path in described)
    day = datetime.datetime.fromtimestamp(newest, tz=datetime.UTC).date()
    crate.root_dataset["datePublished"] = day.isoformat()  # of the results, not of this call
    for path, says in described.items():
        place = path.relative_to(paths.root).as_posix()
        told = {"name": path.name, "description": says, "encodingFormat": FORMATS[path.suffix]}
        crate.add_file(dest_path=place, properties=told | {"contentSize": path.stat().st_size})
    crate.root_dataset["mentions"] = [
        crate.add(SoftwareApplication(crate, f"#{name}-{version}", properties={
            "name": name, "softwareVersion": version,
        }))
        for name, version in software(path for path in described if path.suffix == ".parquet")
    ]  # fmt: skip
    manifest = paths.root / MANIFEST
    write_json(crate.metadata.generate(), manifest)
    return manifest


def files(paths: Paths) -> Iterator[tuple[Path, str]]:
    """Figures, tables and pages that are there, with what each shows."""
    for name, says in PAGES.items():
        if (paths.root / name).is_file():
            yield paths.root / name, says
    for path in sorted(paths.figures.glob("*.*")):
        if path.suffix in (".pdf", ".svg", ".png"):
            yield path, shown(path.stem)
    for path in sorted(paths.root.rglob("*.parquet")):
        place = path.relative_to(paths.root)
        if not any(part.startswith(".") for part in place.parts):  # work that is not finished
            yield path, paths.table_of(path).says


def shown(stem: str) -> str:
    """What a figure's file shows; of a language model, which."""
    for name, script in scripts().items():
        if stem == name:
            return f"{script.shows}."
        if script.room == "language" and stem.startswith(f"{name}_"):
            return f"{script.shows}, of the model {stem.removeprefix(f'{name}_')}."
    return "A figure that no script of this version draws."


def software(tables: Iterable[Path]) -> list[tuple[str, str]]:
    """Name and version of this project and of the packages that made the tables; several versions
    where they differ."""
    found: set[tuple[str, str]] = set()
    for path in tables:
        made = read_provenance(path)
        found |= {("stagewise", made["code"]), *made["packages"].items()}
        found |= {("stagewise", code) for code in made.get("code_of_sources", ())}
    return sorted(found)


def _cite(crate: ROCrate, citation: dict[str, Any]) -> None:
    """Title, licence, authors and the works it rests on, as CITATION.cff has them."""
    crate.name = f"Results of {citation['title']}"
    crate.description = "Figures, tables and claims of one run, with what made them."
    licence = f"https://spdx.org/licenses/{citation['license']}"
    told = {"@type": "CreativeWork", "name": citation["license"]}
    crate.license = crate.add(ContextEntity(crate, licence, properties=told))
    crate.creator = [_author(crate, author) for author in citation["authors"]]
    crate.root_dataset["citation"] = [
        crate.add(ContextEntity(crate, work["url"], properties={
            "@type": "ScholarlyArticle", "name": work["title"], "datePublished": str(work["year"]),
        }))
        for work in citation["references"]
        if "url" in work
    ]  # fmt: skip


def _author(crate: ROCrate, author: dict[str, str]) -> ContextEntity:
    """A person, or a group that has a name only."""
    if "name" in author:
        told = {"@type": "Organization", "name": author["name"]}
        identifier = "#" + author["name"].replace(" ", "-")
        return crate.add(ContextEntity(crate, identifier, properties=told))
    name = " ".join(author[key] for key in ("given-names", "family-names") if key in author)
    identifier = author.get("orcid", "#" + name.replace(" ", "-"))
    return crate.add(Person(crate, identifier, properties={"name": name}))
