"""The check of a built site finds what is broken and what would be fetched."""

from __future__ import annotations

from stagewise.site.built import lines, look_at

GOOD = """<html><head><link rel="stylesheet" href="s.css"><link rel="canonical" href="https://x.y">
</head><body><h1 id="top">a</h1><a href="#top">up</a><a href="b/c.html#here">c</a>
<a href="https://elsewhere.org/">out</a><img src="p.png"><img src="data:image/png;base64,AA==">
</body>
"""


def site(folder, page=GOOD, style="body { background: url(p.png) }"):
    """A site of two pages."""
    (folder / "b").mkdir()
    (folder / "a.html").write_text(page)
    (folder / "b" / "c.html").write_text('<p id="here">c</p><a href="../a.html">a</a>')
    (folder / "p.png").write_bytes(b"")
    (folder / "s.css").write_text(style)
    return look_at(folder)


def test_a_site_that_is_whole(tmp_path):
    report = site(tmp_path)
    assert not report.broken
    assert not report.fetched
    assert list(lines(report)) == [
        "2 pages, 5 internal links, 0 broken, 0 files loaded from a network"
    ]


def test_links_to_nothing_are_told_with_their_page(tmp_path):
    page = GOOD.replace("#here", "#gone") + '<a href="d.html">d</a><img src="q.png">'
    assert site(tmp_path, page).broken == [
        ("a.html", "b/c.html#gone"), ("a.html", "d.html"), ("a.html", "q.png"),
    ]  # fmt: skip


def test_what_a_browser_would_fetch_is_told(tmp_path):
    page = GOOD + '<script src="https://cdn.x/m.js"></script><script src="//cdn.x/n.js"></script>'
    report = site(tmp_path, page, "@import 'https://fonts.x/f.css'; a { src: url(\"//f.x/g\") }")
    assert report.fetched == [
        ("a.html", "https://cdn.x/m.js"), ("a.html", "//cdn.x/n.js"),
        ("s.css", "https://fonts.x/f.css"), ("s.css", "//f.x/g"),
    ]  # fmt: skip
