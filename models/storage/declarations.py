"""What a module declares, read without importing it: Snakemake starts without torch."""

from __future__ import annotations

import ast
import pkgutil
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any


class DeclarationError(ValueError):
    """A module does not declare what it should; the message names module and name."""


@dataclass(frozen=True)
class Declarations:
    """The literal constants of a module.

    Attributes:
        module: its dotted name.
        says: the first line of its docstring, without the full stop.
        values: upper-case names assigned a literal at module level.
        names: all upper-case names assigned there.
    """

    module: str
    says: str
    values: dict[str, Any]
    names: frozenset[str]

    def __getitem__(self, name: str) -> Any:
        if name not in self.values:
            raise DeclarationError(f"{self.module} declares no {name}")
        return self.values[name]

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a constant, or another where there is none.

        Args:
            name: of the constant, upper-case.
            default: what to give where the module has none.

        Returns:
            a plain value.
        """
        return self.values.get(name, default)


@cache
def declared(module: str) -> Declarations:
    """The declarations of a module, from its source; the module is not imported.

    Args:
        module: its dotted name.

    Returns:
        its literal constants and what it says of itself.

    Raises:
        DeclarationError: there is no such module.

    Example:
        >>> declared("figures.toy.sampler_sweep")["READS"]
        ('sweep_summary',)
    """
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise DeclarationError(f"there is no module {module}")
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    values: dict[str, Any] = {}
    names: set[str] = set()
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(node, ast.AnnAssign):
            target = node.target
        if isinstance(target, ast.Name) and target.id.isupper() and node.value is not None:  # type: ignore[attr-defined]
            names.add(target.id)
            try:
                values[target.id] = ast.literal_eval(node.value)  # type: ignore[attr-defined]
            except ValueError:
                continue  # not a literal: no declaration
    says = (ast.get_docstring(tree) or "").split("\n\n")[0].replace("\n", " ").rstrip(".")
    return Declarations(module, says, values, frozenset(names))


def modules_of(package: str) -> list[str]:
    """Dotted names of the modules of a package, sorted; packages within it are not looked into.

    Args:
        package: its dotted name.

    Returns:
        dotted names.

    Example:
        >>> modules_of("models")
        ['models.settings']
    """
    folder = import_module(package).__path__
    return sorted(f"{package}.{m.name}" for m in pkgutil.iter_modules(folder) if not m.ispkg)


def doors_of(package: str, base: str = "base") -> tuple[str, ...]:
    """Names of what a package has one file each of, such as architectures; nothing is imported but
    the package.

    Args:
        package: its dotted name.
        base: the file that says what one is, and is none.

    Returns:
        names of the other files, sorted.

    Example:
        >>> doors_of("models.language.optimizers")
        ('adamw', 'muon')
    """
    found = (module.rpartition(".")[2] for module in modules_of(package))
    return tuple(name for name in found if name != base)
