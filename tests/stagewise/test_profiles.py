"""The profiles: what they ask of Snakemake can be planned."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
import yaml

from stagewise.root import ROOT

RULES = "\n".join(path.read_text() for path in sorted(ROOT.glob("workflow/rules/**/*.smk")))


def planned(folder, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "-n",
               "--directory", str(folder), *arguments]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.pipeline
def test_pythia_on_slurm_is_one_job_per_model_and_checkpoint(tmp_path):
    done = planned(
        tmp_path, "language", "--profile", str(ROOT / "workflow/profiles/slurm"),
        "--configfile", str(ROOT / "workflow/config/pythia.yaml"),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    said = done.stdout + done.stderr
    jobs = {name: int(n) for name, n in re.findall(r"^(\w+) +(\d+)$", said, re.MULTILINE)}
    assert jobs["language_influence_step"] == jobs["language_fetch"] == 5 * 40
    assert jobs["language_train"] == jobs["language_influence"] == 5
    assert "language_effects" not in jobs  # needs training


def test_rules_that_use_a_gpu_say_so():
    # Read as text: Snakemake's plan shows a rule's message in place of its resources.
    rules = dict(re.findall(r"^rule (\w+):\n(.*?)(?=^rule |\Z)", RULES, re.MULTILINE | re.DOTALL))
    profile = yaml.safe_load((ROOT / "workflow/profiles/slurm/config.yaml").read_text())
    with_device = {name for name, body in rules.items() if "gpu=gpus" in body}
    assert with_device == {
        "language_train", "language_influence", "language_influence_step", "language_landmarks",
        "language_upweighting", "language_effects", "language_localisation", "language_schedules",
    }  # fmt: skip
    partitions = {
        name: asked["slurm_partition"] for name, asked in profile["set-resources"].items()
    }
    assert partitions == dict.fromkeys(with_device, "'my_gpu_partition'")


@pytest.mark.parametrize("profile", ["default", "slurm"])
def test_profiles_are_plain_settings(profile):
    content = yaml.safe_load((ROOT / f"workflow/profiles/{profile}/config.yaml").read_text())
    assert json.dumps(content)
    assert all(f"rule {name}:" in RULES for name in content.get("set-resources", {}))
