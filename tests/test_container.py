"""The Dockerfile, without Docker: what it copies is there, what it calls exists."""

from __future__ import annotations

import json
import re
import subprocess
from fnmatch import fnmatch

import pytest

from stagewise.root import ROOT

TARGETS = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, str]]:
    """Instruction and argument of every step, lines joined."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#")).replace("\\\n", " ")
    return [tuple(line.split(maxsplit=1)) for line in text.splitlines() if line.strip()]  # type: ignore[misc]


def arguments(steps: list[tuple[str, str]], name: str) -> list[str]:
    return [argument for step, argument in steps if step == name]


def test_the_base_is_pinned_and_its_python_is_supported(steps):
    (base,) = arguments(steps, "FROM")
    image, _, tag = base.partition(":")
    assert image == "python"
    assert re.fullmatch(r"3\.\d+-slim-[a-z]+", tag)
    assert tuple(map(int, tag.split("-")[0].split("."))) >= (3, 11)


def test_what_is_copied_is_there_and_not_ignored(steps):
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    for argument in arguments(steps, "COPY"):
        *sources, _ = [word for word in argument.split() if not word.startswith("--")]
        for source in sources:
            assert (ROOT / source).exists(), source
            assert source not in ignored


def test_nothing_that_is_tracked_is_left_out():
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line.strip("/") for line in lines if line and not line.startswith("#")]
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git repository")
    for file in listed.stdout.splitlines():
        for pattern in patterns:
            parts = file.split("/")
            any_depth = pattern.startswith("**/")
            names = parts if any_depth else parts[:1]
            assert not any(fnmatch(name, pattern.removeprefix("**/")) for name in names), file
            assert not file.startswith(f"{pattern}/"), file


def test_what_it_runs_exists(steps):
    called = re.findall(r"\bmake ([a-z]+)", " ".join(arguments(steps, "RUN")))
    (command,) = (json.loads(argument) for argument in arguments(steps, "CMD"))
    assert called == ["environment"]
    assert command == ["make", "reproduce"]
    assert {*called, command[1], "test"} <= set(TARGETS)
    installed = " ".join(arguments(steps, "RUN"))
    assert all(re.search(rf"\b{package}\b", installed) for package in ("git", "make", "chromium"))


def test_packages_are_a_layer_before_the_code_and_nobody_is_root(steps):
    texts = [" ".join(step) for step in steps]
    first = {key: next(i for i, text in enumerate(texts) if key in text) for key in (
        "USER reader", "COPY --chown=reader requirements.lock", "--requirement requirements.lock",
        "COPY --chown=reader . .", "make environment",
    )}  # fmt: skip
    assert [*first.values()] == sorted(first.values())
    assert not any("USER root" in text for text in texts)
