"""Which source files a module depends on, so that editing one reruns what uses it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from models.storage.declarations import modules_of
from stagewise.root import ROOT

PACKAGES = ("models", "analysis", "figures", "stagewise")
# Their effect on a task reaches the pipeline by name: as parameters of its rule, and as the task's
# own module. Listing them would rerun everything for a word in a help text.
NOT_FOLLOWED = {
    "stagewise", "stagewise.config", "stagewise.cli", *modules_of("stagewise.config"),
    *modules_of("stagewise.cli"),
}  # fmt: skip
# Of the configuration's sections, what they read that decides numbers: always followed.
READ_BY_CONFIG = {
    "stagewise.config": ("models.toy.hierarchy",),
    "stagewise.config.language": ("models.corpora.grammar", "models.corpora.token_classes"),
}


def source_files(*modules: str) -> list[str]:
    """Paths, relative to the repository, of the modules and all project modules they import.

    Example:
        >>> source_files("models.storage.files")
        ['models/storage/files.py']

    Raises:
        ValueError: a name is no module of this project.
    """
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        waiting += READ_BY_CONFIG.get(name, ())
        if name in found or name in NOT_FOLLOWED:
            continue
        path = _file(name)
        if path is None:
            raise ValueError(f"{name!r} is no module of {', '.join(PACKAGES)}")
        found[name] = path
        waiting.extend(_imports(path))
    return sorted(str(path.relative_to(ROOT)) for path in found.values())


def _file(name: str) -> Path | None:
    base = ROOT.joinpath(*name.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if name.split(".")[0] in PACKAGES and path.is_file():
            return path
    return None


def _imports(path: Path) -> list[str]:
    return [*_imports_of(path, path.stat().st_mtime_ns)]


@cache  # every rule asks; a file is read anew when it was written anew
def _imports_of(path: Path, written: int) -> tuple[str, ...]:
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return tuple(name for name in names if _file(name))
