"""The built site checked: every link within it leads somewhere, and nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {  # what a browser loads by itself: element -> attribute
    "script": "src", "img": "src", "source": "src", "iframe": "src", "video": "src",
    "audio": "src", "embed": "src", "object": "data",
}  # fmt: skip
RELATED = ("stylesheet", "icon", "preload", "prefetch", "preconnect", "modulepreload", "manifest")
IN_STYLE = re.compile(r"(?:url\(|@import)\s*['\"]?((?:https?:)?//[^'\")\s]+)")


class Page(HTMLParser):
    """What a page links to, what it makes a browser load, and its anchors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in one element."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in FETCHED and given.get(FETCHED[tag]):
            self.fetched.append(given[FETCHED[tag]])
        if tag == "link" and set(given.get("rel", "").split()) & set(RELATED):
            self.fetched.append(given.get("href", ""))


@dataclass
class Report:
    """What was looked at, and what is wrong.

    Attributes:
        pages, links: numbers of those looked at, links within the site.
        broken: page -> link that leads nowhere; fetched: file -> address it loads from a network.
    """

    pages: int = 0
    links: int = 0
    broken: list[tuple[str, str]] = field(default_factory=list)
    fetched: list[tuple[str, str]] = field(default_factory=list)


def look_at(site: Path) -> Report:
    """Check every page, style sheet and script of a built site.

    Args:
        site: folder of the HTML pages.
    """
    report = Report()
    read = {file.resolve(): Page(file.read_text(encoding="utf-8")) for file in site.rglob("*.html")}
    for file, page in sorted(read.items()):
        name = file.relative_to(site.resolve()).as_posix()
        report.pages += 1
        report.fetched += [(name, address) for address in page.fetched if is_elsewhere(address)]
        for link in [*page.links, *page.fetched]:
            if is_elsewhere(link) or urlsplit(link).scheme:
                continue
            report.links += 1
            if not leads(link, file, read):
                report.broken.append((name, link))
    report.fetched += [
        (sheet.relative_to(site).as_posix(), address)
        for sheet in site.rglob("*.css")
        for address in IN_STYLE.findall(sheet.read_text(encoding="utf-8"))
    ]
    return report


def is_elsewhere(address: str) -> bool:
    """Whether an address is on a network."""
    return urlsplit(address).scheme in ("http", "https") or address.startswith("//")


def leads(link: str, file: Path, read: dict[Path, Page]) -> bool:
    """Whether a link from a page leads to a file, and to an anchor in it if it names one."""
    parts = urlsplit(link)
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if not target.is_file():
        return False
    anchor = unquote(parts.fragment)
    return not anchor or target not in read or anchor in read[target].anchors


def lines(report: Report) -> Iterator[str]:
    """The report, a line per finding and one that counts."""
    yield from (f"{page}: broken link {link}" for page, link in report.broken)
    yield from (f"{name}: loads {address} from a network" for name, address in report.fetched)
    yield (
        f"{report.pages} pages, {report.links} internal links, {len(report.broken)} broken, "
        f"{len(report.fetched)} files loaded from a network"
    )
