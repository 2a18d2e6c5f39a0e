"""The pictures that the explorer's claims open: figures, small enough for one page."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from pathlib import Path

WIDTH, QUALITY = 800, 80  # pixels, and on WebP's scale to 100


def pictures_in(
    folders: Iterable[Path], figures: Iterable[str]
) -> tuple[dict[str, bytes], list[str]]:
    """Pictures of figures by name as WebP, each from the first folder that has it, and the names
    of those that none has."""
    found, absent, places = {}, [], list(folders)
    for figure in figures:
        names = [f"{figure}.{suffix}" for suffix in ("png", "webp")]
        files = (folder / name for folder in places for name in names)
        file = next((path for path in files if path.is_file()), None)
        if file is None:
            absent.append(figure)
        else:
            found[figure] = scaled(file)
    return found, absent


def figures_named(claims: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The figures of the claims that were run."""
    run = (claim["figure"] for claim in claims.values() if claim["verdict"] != "not run")
    return list(dict.fromkeys(run))


def scaled(file: Path) -> bytes:
    """A picture as WebP, no wider than `WIDTH`; one that is kept so as it is."""
    from PIL import Image

    if file.suffix == ".webp":
        return file.read_bytes()
    content = io.BytesIO()
    with Image.open(file) as opened:
        image = opened.convert("RGB")
    if image.width > WIDTH:
        image = image.resize((WIDTH, round(image.height * WIDTH / image.width)))
    image.save(content, "WEBP", quality=QUALITY, method=6)
    return content.getvalue()
