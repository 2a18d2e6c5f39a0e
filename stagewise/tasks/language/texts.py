"""Natural text as the tasks see it: which settings it was made by, and what it is now."""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.corpora.documents import ORIGIN, CorpusError
from models.storage.files import read_origin
from stagewise.config import Config
from stagewise.config.corpus import CorpusConfig
from stagewise.paths import Paths

if TYPE_CHECKING:  # tasks that only handle tables need no torch
    from models.corpora.natural import Text


def load_checked_text(config: Config, paths: Paths, name: str) -> Text:
    """A natural text, if it was made by these settings.

    Raises:
        CorpusError: it is not there, damaged, or made by other settings.
    """
    from models.corpora.natural import load_text

    folder = paths.corpus(name)
    if not folder.is_dir():
        raise CorpusError(f"{folder} is not there: run `stagewise language corpus {name}` first")
    text, difference = load_text(folder), text_difference(config, paths, name)
    if difference:
        raise CorpusError(
            f"{folder} was made with {difference}: run `stagewise language corpus {name}` again"
        )
    return text


def is_made(config: Config, paths: Paths, name: str) -> bool:
    """Is the corpus there, made by these settings from the text as it is now?"""
    folder = paths.corpus(name)
    state = text_state(config.language.corpora[name])
    same = folder.is_dir() and text_difference(config, paths, name) is None
    return same and read_origin(folder / ORIGIN).get("state") == state


def text_difference(config: Config, paths: Paths, name: str) -> str | None:
    """None if a corpus was made by these settings; else what differs."""
    made, wanted = read_origin(paths.corpus(name) / ORIGIN), config.language.corpora[name]
    before = made.get("config", {}).get("language", {}).get("corpora", {}).get(name, {})
    for key, value in tokens_of(wanted.model_dump()).items():
        if before.get(key) != value:
            return (
                f"language.corpora.{name}.{key} = {before.get(key)!r}, the configuration says "
                f"{value!r}"
            )
    return None


def tokens_of(corpus: dict[str, Any]) -> dict[str, Any]:
    """The settings of a corpus that its tokens depend on: all but its classes."""
    return {k: v for k, v in corpus.items() if k not in ("classes", "check_manifest")}


def text_state(corpus: CorpusConfig) -> str:
    """What the text of a corpus is now, as far as it can be told without reading it: versions of
    packages, or names, sizes and times of a folder's files."""
    if corpus.packages:
        return ", ".join(f"{name} {installed_version(name)}" for name in corpus.packages)
    if corpus.folder is None:
        return ""
    files = sorted(Path(corpus.folder).expanduser().rglob(corpus.pattern))
    digest = hashlib.sha256()
    for file in files:
        state = file.stat()
        digest.update(f"{file} {state.st_size} {state.st_mtime_ns}".encode())
    return digest.hexdigest()


def installed_version(package: str) -> str:
    """Version of an installed package, or that it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def text_digest(config: Config, paths: Paths, model: str) -> str | None:
    """Digest of the tokens and the tokenizer of a model's text; None for the controlled language,
    which its settings and the seed determine."""
    name = config.language.models[model].corpus
    return None if name is None else read_origin(paths.corpus(name) / ORIGIN).get("tokens")
