"""The manifest of a run names all that is there, and what made it."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from rocrate.rocrate import ROCrate

from analysis.tables.catalogue import CatalogueError, table_named
from figures import scripts
from stagewise.paths import Paths
from stagewise.provenance.archive import MANIFEST, shown, write_manifest
from stagewise.provenance.store import provenance, write_table

MADE = ("toy/losses", "toy/seed0/influence/bif", "theory/variants/adam/toy/modes",
        "language/controlled/events", "language/controlled/seed1/upweighting_induction",
        "language/sizes", "events")  # fmt: skip


@pytest.fixture
def paths(tmp_path) -> Paths:
    """A folder with tables, figures and claims."""
    found = Paths(tmp_path)
    for place in MADE:
        write_table(pd.DataFrame({"step": [1]}), tmp_path / f"{place}.parquet", provenance({}, 0))
    write_table(pd.DataFrame(), tmp_path / "toy/seed0/.kept/block.parquet", provenance({}, 0))
    found.figures.mkdir()
    for name in ("overview", "forecast_controlled"):
        for suffix in ("pdf", "svg", "png"):
            (found.figures / f"{name}.{suffix}").write_bytes(b"drawn")
    found.claims.write_text("{}")
    return found


def test_every_figure_and_table_is_named_with_what_it_shows(paths):
    write_manifest(paths)
    crate = ROCrate(paths.root)  # the library's own reader
    named = {entity.id: entity for entity in crate.data_entities}
    assert set(named) == {
        *(f"{place}.parquet" for place in MADE), "claims.json",
        *(f"figures/{name}.{suffix}" for name in ("overview", "forecast_controlled")
          for suffix in ("pdf", "svg", "png")),
    }  # fmt: skip
    assert named["toy/seed0/influence/bif.parquet"]["description"] == (
        table_named("toy", "influence").says
    )
    of_model = named["figures/forecast_controlled.svg"]
    assert of_model["description"] == (f"{scripts()['forecast'].shows}, of the model controlled.")
    assert of_model["contentSize"] == len(b"drawn")
    assert all(entity["name"] and entity["encodingFormat"] for entity in named.values())


def test_software_licence_and_authors_are_named(paths):
    other = provenance({}, 0) | {"packages": {"numpy": "9.9"}, "code": "stagewise old"}
    write_table(pd.DataFrame({"step": [1]}), paths.whole("modes"), other)
    graph = json.loads(write_manifest(paths).read_text())["@graph"]
    entities = {entity["@id"]: entity for entity in graph}
    root = entities["./"]
    assert entities[root["license"]["@id"]]["name"] == "MIT"
    assert [entities[each["@id"]]["@type"] for each in root["creator"]] == ["Organization"]
    assert "https://arxiv.org/abs/2510.12071" in {each["@id"] for each in root["citation"]}
    used = [entities[each["@id"]] for each in root["mentions"]]
    versions = {(each["name"], each["softwareVersion"]) for each in used}
    made = provenance({}, 0)
    expected = {("numpy", "9.9"), ("stagewise", "stagewise old"), ("stagewise", made["code"])}
    assert versions == expected | set(made["packages"].items())


def test_the_same_results_have_the_same_manifest(paths):
    first = write_manifest(paths).read_bytes()
    assert write_manifest(paths).read_bytes() == first


def test_what_cannot_be_archived_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no results in .* to be archived: make reproduce"):
        write_manifest(Paths(tmp_path))
    write_table(pd.DataFrame(), tmp_path / "toy" / "windos.parquet", provenance({}, 0))
    with pytest.raises(CatalogueError, match="'windos' is declared for toy"):
        write_manifest(Paths(tmp_path))
    assert not (tmp_path / MANIFEST).exists()


def test_the_name_of_a_file_tells_its_figure():
    assert shown("overview").startswith(scripts()["overview"].shows)
    assert shown("influence_by_seed_natural_small").endswith("of the model natural_small.")
    assert shown("older") == "A figure that no script of this version draws."
