"""Links of the pages in docs/, which lead through the repository, as links within the site."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from stagewise.root import ROOT

LINK = re.compile(r"(!?)\[((?:[^\]\[]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
# What others call; the pipeline's code is no library.
PACKAGES = ("models", "analysis", "figures", "stagewise.attribution")
FILES = "files"  # where files of the repository lie that are no pages

Target = tuple[PurePosixPath, str]  # a path in the repository, and what stands after its #


def module_name(path: PurePosixPath) -> str:
    """The dotted name of a module's file or of a package's folder.

    Example:
        >>> module_name(PurePosixPath("analysis/sampling/posterior.py"))
        'analysis.sampling.posterior'
        >>> module_name(PurePosixPath("analysis/theory"))
        'analysis.theory'
    """
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def place(path: PurePosixPath, root: Path = ROOT) -> PurePosixPath | None:
    """Where a file or folder of the repository lies within the site; None: it has no place there.

    Example:
        >>> str(place(PurePosixPath("analysis/losses/toy.py")))
        'api/analysis.losses.toy.md'
        >>> str(place(PurePosixPath("docs/how-to/extend.md")))
        'how-to/extend.md'
    """
    head, *rest = path.parts or ("",)
    is_folder = (root / path).is_dir()
    if str(path) == "README.md" or (head == "docs" and not rest):
        return PurePosixPath("index.md")
    if str(path) == "analysis/theory":
        return PurePosixPath("explanation/derivations.md")  # what its modules derive
    if head == "docs":
        return None if is_folder else PurePosixPath(*rest)
    if head == "notebooks":
        return PurePosixPath("index.md") if is_folder else PurePosixPath("tutorials", *rest)
    if (is_folder or path.suffix == ".py") and _is_public(module_name(path)):
        return PurePosixPath("api", f"{module_name(path)}.md")
    if head == "recorded" and is_folder:
        return PurePosixPath("reference/recorded.md")
    if head == "recorded" and path.suffix == ".md":
        return PurePosixPath("reference", "-".join(path.parts))
    # Markdown elsewhere, as a folder's README, is a file like others and no page of the site.
    shown = path.with_suffix(".md.txt") if path.suffix == ".md" else path
    return None if is_folder else PurePosixPath(FILES, *shown.parts)


def _is_public(module: str) -> bool:
    """Whether a module is one that others call, or in a package of such."""
    return any(f"{module}.".startswith(f"{package}.") for package in PACKAGES)


def relinked(
    text: str, page: PurePosixPath, used: Callable[[PurePosixPath], None], root: Path = ROOT
) -> str:
    """A page's text whose links lead where the site has what they name.

    A link to something that has no place there becomes its words.

    Args:
        text: Markdown.
        page: where it lies in the repository.
        used: called with every path linked to.
        root: of the repository.
    """
    here = place(page, root)
    assert here is not None, page

    def changed(match: re.Match[str]) -> str:
        picture, words, link = match.groups()
        if link.startswith("#") and f'<a id="{link[1:]}">' in text:
            return f"{picture}[{words}]({here.name}{link})"  # else names of code would compete
        if "://" in link or link.startswith(("#", "mailto:")):
            return match[0]
        path, hash_, anchor = link.partition("#")
        target = PurePosixPath(os.path.normpath(page.parent / path))
        there = place(target, root)
        if there is None:
            return words
        used(target)
        relative = os.path.relpath(there, here.parent)
        if there.parts[0] == "api" or str(there) == "index.md":
            hash_ = anchor = ""  # what stands in the source's lines or the README has no anchor
        return f"{picture}[{words}]({relative}{hash_}{anchor})"

    return outside_code(text, lambda part: LINK.sub(changed, part))


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """A Markdown text of which what is no code is changed; a code span within a link stays whole.

    Example:
        >>> outside_code("a [`a`](a) `a`", lambda part: part.replace("a", "b"))
        'b [`a`](b) `a`'
    """
    kept: list[str] = []

    def hidden(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"\0{len(kept) - 1}\0"

    changed = change(CODE.sub(hidden, text))
    return re.sub(r"\0(\d+)\0", lambda match: kept[int(match[1])], changed)
