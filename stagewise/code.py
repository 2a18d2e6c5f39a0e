"""Which source files a module depends on, so that editing one reruns what uses it."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("models", "analysis", "figures", "stagewise")
# Their effect on a stage reaches the pipeline by name: as parameters of its rule, and as the
# stage's own module. Listing them would rerun everything for a word in a help text.
NOT_FOLLOWED = (
    "stagewise.config", "stagewise.toy_config", "stagewise.language_config",
    "stagewise.theory_config", "stagewise.corpus_config",
    "stagewise.sections", "stagewise.yaml_files", "stagewise.cli", "stagewise",
)  # fmt: skip


def source_files(*modules: str) -> list[str]:
    """Paths, relative to the repository, of the modules and all project modules they import.

    Example:
        >>> source_files("models.files")
        ['models/files.py']

    Raises:
        ValueError: a name is no module of this project.
    """
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name == "stagewise.config":  # who reads it reads the tree, by code that counts
            waiting.append("models.hierarchy")
        if name == "stagewise.language_config":
            waiting += ["models.grammar", "models.token_class"]
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
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return [name for name in names if _file(name)]
