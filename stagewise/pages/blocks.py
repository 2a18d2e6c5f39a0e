"""Generated parts of hand-written pages, between marks."""

from __future__ import annotations

import re


def with_block(text: str, name: str, block: str) -> str:
    """`text` with what stands between the marks `<!-- name:begin -->` and `<!-- name:end -->`
    replaced.

    Example:
        >>> with_block("<!-- t:begin -->\\nold\\n<!-- t:end -->", "t", "new\\n")
        '<!-- t:begin -->\\nnew\\n<!-- t:end -->'

    Raises:
        ValueError: the marks are missing.
    """
    pattern = re.compile(f"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"no marks <!-- {name}:begin --> and <!-- {name}:end -->")
    return pattern.sub(lambda match: match[1] + block + match[2], text)
