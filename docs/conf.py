"""Sphinx reads docs/_build/source, which `stagewise.site` writes: see `make docs`."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from stagewise import __version__  # noqa: E402

logging.getLogger("arviz").setLevel(logging.WARNING)

project, author, copyright = "stagewise", "the authors of stagewise", "MIT licence"
version = release = __version__
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.intersphinx",
    "sphinx.ext.viewcode",
    "stagewise.site.extension",
]
exclude_patterns = ["files/**", "recorded/**"]  # linked or read by notebooks, no pages
nitpicky = True
default_role = "code"

# Markdown and notebooks
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 4
nb_execution_mode = "cache"
nb_execution_cache_path = os.environ.get(
    "STAGEWISE_NOTEBOOK_CACHE", str(HERE / "_build" / ".jupyter_cache")
)
nb_execution_timeout = 120
nb_execution_raise_on_error = True
nb_merge_streams = True
nb_mime_priority_overrides = [("html", "text/latex", 45)]  # equations before their pictures

# Functions and classes
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80
napoleon_google_docstring, napoleon_numpy_docstring = True, False
napoleon_custom_sections = [("Attributes", "Args")]  # of one line, several names each
toc_object_entries_show_parents = "hide"

# What other projects publish no list of, and names of types that are not documented themselves.
nitpick_ignore_regex = [
    (
        r"py:.*",
        r"(altair|transformers|tokenizers|pydantic|typer|mistune|ruamel|filelock|docutils|sphinx)\..*",
    ),
    (r"py:.*", r"(importlib\.metadata|types|typing)\.\w+.*"),
    (r"py:.*", r"(torch\.)?OutOfMemoryError|SafetensorError|sympy\.core\.function\.AppliedUndef"),
    (r"py:class", r"(.+\.)?(Number|Value|Result|Events|Mapping\[str|Module)"),
    (r"py:class", r"(torch\.nn\.parameter\.)?Parameter|(torch\.optim\.optimizer\.)?Optimizer"),
]

# What other projects document is looked up in lists that are kept here (inventories/make.py).
PROJECTS = {
    "python": "https://docs.python.org/3/",
    "numpy": "https://numpy.org/doc/stable/",
    "scipy": "https://docs.scipy.org/doc/scipy/",
    "pandas": "https://pandas.pydata.org/docs/",
    "xarray": "https://docs.xarray.dev/en/stable/",
    "sympy": "https://docs.sympy.org/latest/",
    "matplotlib": "https://matplotlib.org/stable/",
    "torch": "https://docs.pytorch.org/docs/stable/",
}
intersphinx_mapping = {
    name: (address, str(HERE / "inventories" / f"{name}.inv"))
    for name, address in PROJECTS.items()
    if (HERE / "inventories" / f"{name}.inv").is_file()
}

# Nothing is fetched when a page is read: MathML for mathematics, no web fonts.
html_math_renderer = "mathml"
html_theme = "furo"
html_title = "stagewise"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_theme_options = {"navigation_with_keys": True}
