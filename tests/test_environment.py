"""The pins: one list, two files, and what the project itself asks for."""

from __future__ import annotations

import re
import tomllib

import yaml

from stagewise.root import ROOT


def _pins() -> dict[str, str]:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [line.split("==") for line in lines if line and not line.startswith("#")]
    assert all(len(pin) == 2 for pin in pins), "every line is name==version"
    return {name.lower().replace("_", "-"): version for name, version in pins}


def test_conda_environment_has_the_same_pins_as_the_lock():
    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    listed = next(part["pip"] for part in content["dependencies"] if isinstance(part, dict))
    conda = {name.lower().replace("_", "-"): v for name, v in (p.split("==") for p in listed)}
    assert conda == _pins()


def test_lock_holds_every_dependency_and_the_right_torch():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    names = {re.split(r"[<>=\[]", line)[0].lower().replace("_", "-") for line in wanted}
    pins = _pins()
    assert names <= set(pins), names - set(pins)
    assert pins["torch"] == "2.13.0"
    assert not {"torchvision", "triton"} & set(pins)
