"""The README's generated parts: the claims table and the pictures of a finished run."""

from __future__ import annotations

import json
import re
from pathlib import Path

from stagewise.code import ROOT
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.store import write_text

README = ROOT / "README.md"
TABLE = ROOT / "docs" / "claims.md"
PICTURES = ("overview", "influence_by_estimator")


def short_table(claims: dict[str, dict[str, str]]) -> str:
    """Claim, what was measured and the verdict, as the README shows them."""
    lines = ["| | claim | from | measured | verdict |", "|---|---|---|---|---|"]
    for name, c in claims.items():
        cells = (name, c["claim"], c["origin"], c["measured"], f"**{c['verdict']}**")
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def with_block(text: str, name: str, block: str) -> str:
    """`text` with what stands between the marks `<!-- name:begin -->` and `<!-- name:end -->`
    replaced.

    Raises:
        ValueError: the marks are missing.
    """
    pattern = re.compile(f"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"no marks <!-- {name}:begin --> and <!-- {name}:end -->")
    return pattern.sub(lambda match: match[1] + block + match[2], text)


def renew(config: Config, paths: Paths) -> None:
    """Copy the claims table into docs/ and the README, and the pictures into docs/."""
    claims = json.loads(paths.claims.read_text(encoding="utf-8"))
    write_text(paths.claims_page.read_text(encoding="utf-8"), TABLE)
    write_text(
        with_block(README.read_text(encoding="utf-8"), "claims", short_table(claims)), README
    )
    for name in PICTURES:
        source = paths.figures / f"{name}.png"
        (ROOT / "docs" / source.name).write_bytes(Path(source).read_bytes())
