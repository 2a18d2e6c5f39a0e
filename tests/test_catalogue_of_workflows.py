"""What catalogues ask of the repository, as far as it can be checked without a network.

The Snakemake workflow catalogue (standardized usage) wants a settings file, instructions in
config/README.md, workflow/Snakefile (run by tests/stagewise/test_report.py), rules in .smk files, a
README that says what it is, lint and format without complaint (two lines of `make test`), and a
report. A citation file has a schema.
"""

from __future__ import annotations

import json
import tomllib

import jsonschema
import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema

from stagewise.config.yaml_files import read_yaml
from stagewise.root import ROOT

CITATION = ROOT / "CITATION.cff"


def test_settings_of_the_catalogue():
    settings = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text("utf-8"))
    assert set(settings) == {"usage"}
    usage = settings["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment", "report"}
    assert usage["report"] is True
    assert usage["mandatory-flags"]["flags"] == []
    assert usage["mandatory-flags"]["desc"]
    deployment = usage["software-stack-deployment"]
    assert set(deployment) == {"conda", "apptainer", "apptainer+conda"}
    assert deployment["conda"] is True


def test_every_rule_that_does_work_names_the_environment():
    for file in (ROOT / "workflow" / "rules").rglob("*.smk"):
        text = file.read_text(encoding="utf-8")
        assert text.count("    shell:\n") == text.count('environment.yml"\n'), file


def test_instructions_and_readme_are_there():
    readme = (ROOT / "README.md").read_text(encoding="utf-8").lower()
    assert "snakemake" in readme
    assert "workflow" in readme
    page = (ROOT / "config" / "README.md").read_text(encoding="utf-8")
    for file in (ROOT / "workflow" / "config").glob("*.yaml"):
        assert f"`{file.name}`" in page, f"{file.name} is not explained in config/README.md"
    assert [*(ROOT / "workflow" / "rules").glob("*.smk")]
    assert (ROOT / "workflow" / "Snakefile").is_file()


def schema() -> dict:
    found = get_builtin_schema("vendor.citation-file-format")
    assert found["$id"].endswith("1.2.0/schema.json")
    return found


def test_the_citation_is_valid_and_of_this_version():
    citation = read_yaml(CITATION)
    jsonschema.validate(json.loads(json.dumps(citation, default=str)), schema())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]


@pytest.mark.parametrize("damage", [{"authors": []}, {"license": "MTI"}, {"titel": "x"}])
def test_a_wrong_citation_is_refused(damage):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(read_yaml(CITATION) | damage, schema())
