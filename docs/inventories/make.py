"""The lists in this folder: where Python, numpy, torch and others document what this project names.

    python docs/inventories/make.py python=DIR/objects.inv scipy=... pandas=... sympy=...

Lists of whole projects come with Debian's packages python3.11-doc, python-scipy-doc,
python-pandas-doc and python-sympy-doc; of them the objects are kept that this project's code names.
For numpy, matplotlib, xarray and torch there is no such list: what signatures name of them is
written down here, with its public address. conf.py says to which site addresses belong.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from sphobjinv import DataObjStr, Inventory, compress, writebytes

HERE = Path(__file__).parent
PACKAGES = ("models", "analysis", "figures", "stagewise")
WRITTEN_DOWN = {  # project -> role and name: address below its site
    "numpy": {
        "class numpy.ndarray": "reference/generated/numpy.ndarray.html#numpy.ndarray",
        "class numpy.random.Generator": "reference/random/generator.html#numpy.random.Generator",
        "function numpy.nonzero": "reference/generated/numpy.nonzero.html#numpy.nonzero",
    },
    "matplotlib": {
        "class matplotlib.figure.Figure":
            "api/_as_gen/matplotlib.figure.Figure.html#matplotlib.figure.Figure",
        "class matplotlib.axes.Axes": "api/_as_gen/matplotlib.axes.Axes.html#matplotlib.axes.Axes",
    },
    "xarray": {
        "class xarray.DataArray": "generated/xarray.DataArray.html#xarray.DataArray",
        "class xarray.Dataset": "generated/xarray.Dataset.html#xarray.Dataset",
    },
    "torch": {
        "class torch.Tensor": "tensors.html#torch.Tensor",
        "class torch.device": "tensor_attributes.html#torch.device",
        "class torch.dtype": "tensor_attributes.html#torch.dtype",
        "class torch.autocast": "amp.html#torch.autocast",
        "class torch.nn.Module": "generated/torch.nn.Module.html#torch.nn.Module",
    },
}  # fmt: skip


def named() -> set[str]:
    """Dotted names of what the code imports, of what it takes from there, and of builtins."""
    found = {name for name in dir(builtins) if not name.startswith("_")}
    for package in PACKAGES:
        for file in (HERE.parent.parent / package).rglob("*.py"):
            found |= set(names_in(ast.parse(file.read_text(encoding="utf-8"))))
    return found | {home for name in found for home in defined_at(name)}


def defined_at(name: str) -> Iterator[str]:
    """Where a class is defined, which signatures name: sympy.Symbol is sympy.core.symbol.Symbol."""
    module, _, last = name.rpartition(".")
    if module.partition(".")[0] == "sympy":
        try:
            found = getattr(import_module(module), last, None)
        except ModuleNotFoundError:  # an attribute of something that is no module
            return
        if isinstance(found, type):
            yield f"{found.__module__}.{found.__qualname__}"


def names_in(tree: ast.Module) -> Iterator[str]:
    """Dotted names in a module, short names of imports resolved."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            known |= {(a.asname or a.name): a.name for a in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            known |= {(a.asname or a.name): f"{node.module}.{a.name}" for a in node.names}
    yield from known.values()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            base, _, rest = ast.unparse(node).partition(".")
            if base in known and rest.replace(".", "").isidentifier():
                yield f"{known[base]}.{rest}"


def thinned(whole: Inventory, names: set[str]) -> list[DataObjStr]:
    """The Python objects of a project that are among the names."""
    return [entry for entry in whole.objects if entry.domain == "py" and entry.name in names]


def write(project: str, version: str, objects: list[DataObjStr]) -> None:
    """Write a list as Sphinx reads it."""
    made = Inventory()
    made.project, made.version = project, version
    made.objects = objects
    target = HERE / f"{project}.inv"
    writebytes(target, compress(made.data_file()))
    print(f"{target.name}: {len(objects)} objects, {target.stat().st_size} bytes")


def main(given: list[str]) -> None:
    """Write the lists written down, and those of the projects given as name=file."""
    names = named()
    for project, objects in WRITTEN_DOWN.items():
        entries = [(key.split(" "), uri) for key, uri in objects.items()]
        write(project, "stable", [
            DataObjStr(name=name, domain="py", role=role, priority="1", uri=uri, dispname="-")
            for (role, name), uri in entries
        ])  # fmt: skip
    for item in given:
        project, _, file = item.partition("=")
        whole = Inventory(file)
        write(project, whole.version, thinned(whole, names))


if __name__ == "__main__":
    main(sys.argv[1:])
