"""The claims page as HTML, for Snakemake's report: a browser shows no Markdown."""

from __future__ import annotations

import mistune

from stagewise.pages.claims_page import Claims, claims_page

STYLE = """
:root { color-scheme: light dark; }
body { max-width: 60rem; margin: 1.5rem auto; padding: 0 1rem; line-height: 1.5;
       font-family: system-ui, sans-serif; color: #222; background: #fff; }
table { border-collapse: collapse; font-size: .9rem; } h2 { margin-top: 2.5rem; }
td, th { padding: .25rem .6rem; border-bottom: 1px solid #8886; text-align: left;
         vertical-align: top; }
code { overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #1b1b1f; }
                                      a { color: #8ab4f8; } }
"""


def claims_html(claims: Claims) -> str:
    """The claims as one HTML page that needs no other file, without the figures.

    Args:
        claims: id -> record, as in claims.json.
    """
    markdown = mistune.create_markdown(escape=False, plugins=["table"])
    body = markdown(claims_page(claims, None))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Claims</title>'
        f"<style>{STYLE}</style></head>\n<body>\n{body}</body></html>\n"
    )
