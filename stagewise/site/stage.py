"""The source of the site: pages of docs/, notebooks, theory and modules, where Sphinx reads them.

Sphinx reads a folder of its own, docs/_build/source, so that pages can link through the repository
as they do on GitHub, and nothing generated lies among what people write.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from stagewise.root import ROOT
from stagewise.site.generated import derivations_page, module_pages, recorded_pages
from stagewise.site.links import LINK, place, relinked

DOCS, NOTEBOOKS, RECORDED = ROOT / "docs", ROOT / "notebooks", ROOT / "recorded"
INDEX = PurePosixPath("index.md")
FOLDERS = {  # section of docs/index.md -> folder whose pages it holds
    "Start": ".", "Tutorials": "tutorials", "How to": "how-to", "Explanation": "explanation",
    "Reference": "reference",
}  # fmt: skip
AT_BUILD = {  # pages made for the site alone -> their section
    "explanation/derivations.md": "Explanation", "api/index.md": "Reference",
}  # fmt: skip
TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)

Pages = dict[PurePosixPath, str]


class SiteError(ValueError):
    """The pages do not fit together; the message names page and link."""


def stage(out: Path, theory: bool = True) -> Pages:
    """Write the source of the site, what is there already and is no part of it taken away.

    Args:
        out: folder.
        theory: derive the theory and prove every step; else its page is there without them.

    Returns:
        the pages by place.

    Raises:
        SiteError: a page that is linked to does not exist, or the index has no such section.
        DerivationError: a step of the theory does not hold.
    """
    found, linked = pages(theory)
    for picture in DOCS.glob("pictures/*.png"):
        linked.add(PurePosixPath(picture.relative_to(ROOT).as_posix()))
    for helper in NOTEBOOKS.rglob("*.py"):  # what notebooks import lies beside them
        linked.add(PurePosixPath(helper.relative_to(ROOT).as_posix()))
    wanted: dict[PurePosixPath, bytes] = {path: text.encode() for path, text in found.items()}
    for table in RECORDED.rglob("*.parquet"):  # and what they read, where they look for it
        wanted[PurePosixPath(table.relative_to(ROOT).as_posix())] = table.read_bytes()
    for path in linked:
        there = place(path)
        if there is not None and there not in wanted:
            if not (ROOT / path).is_file():
                raise SiteError(f"a page links to {path}, which is no page and no file")
            wanted[there] = (ROOT / path).read_bytes()
    for old in [p for p in out.rglob("*") if p.is_file()]:
        if PurePosixPath(old.relative_to(out).as_posix()) not in wanted:
            old.unlink()
    for there, content in wanted.items():
        file = out / there
        if not file.is_file() or file.read_bytes() != content:  # Sphinx reads again what is newer
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    return found


def pages(theory: bool = True) -> tuple[Pages, set[PurePosixPath]]:
    """Every page by its place in the site, Markdown or a notebook's JSON, and the paths in the
    repository that pages link to."""
    found: Pages = {}
    linked: set[PurePosixPath] = set()
    for file in written():
        path = PurePosixPath(file.relative_to(ROOT).as_posix())
        there = place(path)
        assert there is not None
        found[there] = linking(file.read_text(encoding="utf-8"), path, linked)
    found[PurePosixPath("explanation/derivations.md")] = derivations_page(theory)
    found |= recorded_pages(RECORDED)
    found |= module_pages()
    found[INDEX] += "\n\n" + "\n\n".join(toctrees(found[INDEX], found)) + "\n"
    return found, linked


def written() -> Iterator[Path]:
    """The pages that people wrote or renewed: docs/ without what is built there, and notebooks."""
    for file in sorted(DOCS.rglob("*.md")):
        if "_build" not in file.parts:
            yield file
    yield from sorted(NOTEBOOKS.glob("*.ipynb"))


def linking(text: str, path: PurePosixPath, linked: set[PurePosixPath]) -> str:
    """A page with the links of the site; of a notebook, its Markdown cells."""
    if path.suffix != ".ipynb":
        return relinked(text, path, linked.add)
    content = json.loads(text)
    for cell in content["cells"]:
        if cell["cell_type"] == "markdown":
            told = "".join(cell["source"])
            cell["source"] = relinked(told, path, linked.add).splitlines(keepends=True)
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def toctrees(index: str, found: Mapping[PurePosixPath, str]) -> Iterator[str]:
    """The site's contents: a section's pages in the order in which the index names them, then those
    of its folder that it does not name.

    Args:
        index: the page, with the site's links.
        found: all pages.

    Raises:
        SiteError: a section is missing.
    """
    sections = dict(sections_of(index))
    missing = [section for section in FOLDERS if section not in sections]
    if missing:
        raise SiteError(f"docs/index.md has no section {', '.join(missing)}")
    named = [link for text in sections.values() for link in links_to_pages(text, found)]
    below = {path for page, text in found.items() for path in listed_in(page, text)}
    for section, folder in FOLDERS.items():
        own = [path for path in found if str(path.parent) == folder and path != INDEX]
        own += [PurePosixPath(path) for path, at in AT_BUILD.items() if at == section]
        listed = links_to_pages(sections[section], found)
        listed += [path for path in sorted(own) if path not in named]
        yield toctree([path for path in listed if path not in below], section)


def listed_in(page: PurePosixPath, text: str) -> Iterator[PurePosixPath]:
    """The pages that a page itself lists as below it."""
    for block in TOCTREE.findall(text):
        for line in block.splitlines():
            if line and not line.startswith(":"):
                yield page.parent / f"{line}.md"


def sections_of(index: str) -> Iterator[tuple[str, str]]:
    """The sections of a page: heading and text."""
    for part in index.split("\n## ")[1:]:
        head, _, text = part.partition("\n")
        yield head.strip(), text


def links_to_pages(text: str, found: Mapping[PurePosixPath, str]) -> list[PurePosixPath]:
    """The pages that a part of the index links to, once each and without what follows a #."""
    links = (PurePosixPath(os.path.normpath(m[3].partition("#")[0])) for m in LINK.finditer(text))
    return [path for path in dict.fromkeys(links) if path in found and path != INDEX]


def toctree(listed: Iterable[PurePosixPath], caption: str) -> str:
    """Sphinx's directive that makes pages a part of the contents."""
    names = "\n".join(str(path.with_suffix("")) for path in dict.fromkeys(listed))
    return f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{names}\n```"
