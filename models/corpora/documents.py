"""Natural text as documents: the sources of installed packages, a folder, or a dataset.

Every reader yields the same documents in the same order wherever the same text is at hand, so
that a hash of each is enough to say what a model was trained on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pandas as pd

# Tests repeat one another; the other files are written when a package is built, machine by machine.
SKIPPED_FOLDERS = {"tests", "test", "testing", "_tests"}
BUILT = {"__config__.py", "_distributor_init.py", "version.py", "_version.py"}
ORIGIN = "corpus.json"  # provenance in the folder of a tokenised text
NAMED = 5  # documents that an error names


class CorpusError(ValueError):
    """Text is missing, or not the text it should be."""


@dataclass(frozen=True)
class Document:
    """One text.

    Attributes:
        name: unique in its corpus.
        text: the whole of it.
        licence: it comes under; "": not known.
    """

    name: str
    text: str
    licence: str = ""


def package_documents(packages: Sequence[str]) -> Iterator[Document]:
    """Python sources of installed packages, without their tests, sorted by name.

    Args:
        packages: names of installed distributions, in any order.

    Yields:
        documents named by their paths, sorted by package and path.

    Raises:
        CorpusError: a package is not installed, says nothing of its files, or lacks one of them.
    """
    for package in sorted(packages):
        try:
            found = distribution(package)
        except PackageNotFoundError as error:
            raise CorpusError(
                f"package {package!r} of the corpus is not installed: install it (pip install "
                f"{package}), or leave it out of the corpus's packages"
            ) from error
        if not found.files:
            raise CorpusError(f"package {package!r} has no list of its files: install it with pip")
        licence = f"{package} {found.version}: {licence_of(found)}"
        files = [f for f in found.files if f.suffix == ".py" and ".." not in f.parts]
        for file in sorted(files, key=str):
            if SKIPPED_FOLDERS & set(file.parts) or file.name in BUILT:
                continue
            yield Document(str(file), _read(Path(str(found.locate_file(file)))), licence)


def folder_documents(folder: str | Path, pattern: str) -> Iterator[Document]:
    """Text files of a folder and those below it, sorted by name.

    Args:
        folder: where to look, recursively; ~ is the home.
        pattern: of file names, as in "*.txt".

    Yields:
        documents named by their paths below the folder; what is no UTF-8 is read as Latin-1.

    Raises:
        CorpusError: there is no such folder, or no file matches.
    """
    root = Path(folder).expanduser()
    if not root.is_dir():
        raise CorpusError(f"the corpus's folder {str(folder)!r} does not exist")
    files = sorted(path for path in root.rglob(pattern) if path.is_file())
    if not files:
        raise CorpusError(f"the corpus's folder {str(folder)!r} has no file that matches {pattern}")
    for file in files:
        yield Document(file.relative_to(root).as_posix(), _read(file))


def dataset_documents(
    name: str, split: str, column: str, revision: str | None = None
) -> Iterator[Document]:
    """One column of a Hugging Face dataset, from the Hub or a local copy, in its order.

    Args:
        name: of the dataset on the Hub, or a folder that `load_dataset` takes.
        split: of the dataset, as in "train".
        column: that holds the text.
        revision: branch, tag or commit; None: the newest.

    Yields:
        documents named by their row.

    Raises:
        CorpusError: the package datasets is missing, the dataset cannot be had, or it has no such
            column.
    """
    try:
        from datasets import load_dataset
    except ImportError as error:
        raise CorpusError("a dataset needs the package datasets: pip install datasets") from error
    try:
        rows = load_dataset(name, split=split, revision=revision)
    except Exception as error:  # the library has no common class for what can go wrong
        raise CorpusError(
            f"dataset {name!r}, split {split!r}, cannot be had: {error}. Without a network, name a "
            "local copy instead, or a folder of text files"
        ) from error
    if column not in rows.column_names:
        allowed = ", ".join(rows.column_names)
        raise CorpusError(f"dataset {name!r} has no column {column!r}: choose one of {allowed}")
    for index, text in enumerate(rows[column]):
        yield Document(f"{index:09d}", text)


def licence_of(package: Distribution) -> str:
    """The licence a package declares, in one line.

    Args:
        package: an installed distribution.

    Returns:
        its licence expression, else its classifiers, else the first line of its licence text, else
        "not declared".
    """
    said = package.metadata

    def field(name: str) -> list[str]:
        return said.get_all(name) or []

    kinds = [c.split(" :: ")[-1] for c in field("Classifier") if "License" in c]
    full = [line for text in field("License") for line in text.strip().splitlines()]
    declared = field("License-Expression") or [", ".join(kinds)]
    return declared[0] or (full or ["not declared"])[0]


def sha256(text: str) -> str:
    """Hash of a text as UTF-8.

    Args:
        text: any.

    Returns:
        64 hexadecimal digits.
    """
    return hashlib.sha256(text.encode()).hexdigest()


def manifest(documents: Iterable[Document]) -> pd.DataFrame:
    """What documents are, so that the same text can be recognised.

    Args:
        documents: in their order.

    Returns:
        one row per document: document (its name), bytes (UTF-8), sha256, licence.
    """
    rows = [(d.name, len(d.text.encode()), sha256(d.text), d.licence) for d in documents]
    return pd.DataFrame(rows, columns=["document", "bytes", "sha256", "licence"])


def check_manifest(found: pd.DataFrame, expected: pd.DataFrame, packages: Sequence[str]) -> None:
    """Compare what is installed with what the project's corpus was made of.

    Args:
        found: manifest of what is installed.
        expected: manifest of the project's corpus, packages before the version in its licences.
        packages: names of the distributions compared.

    Raises:
        CorpusError: a package is not in the manifest, or files are changed, missing or new; names
            them and says how to go on.
    """
    package = expected["licence"].str.split(" ").str[0]
    unknown = sorted(set(packages) - set(package))
    if unknown:
        known = ", ".join(sorted(set(package)))
        raise CorpusError(
            f"the project's manifest does not know {', '.join(unknown)}, only {known}: for other "
            "packages set check_manifest of the corpus to false"
        )
    wanted = expected[package.isin(list(packages))]
    both = found.merge(wanted, on="document", how="outer", suffixes=("", "_expected"))
    missing, added = both["sha256"].isna(), both["sha256_expected"].isna()
    changed = ~missing & ~added & (both["sha256"] != both["sha256_expected"])
    told = [
        f"{int(which.sum())} {what} ({_some(both.loc[which, 'document'])})"
        for what, which in (("changed", changed), ("missing", missing), ("new", added))
        if which.any()
    ]
    if not told:
        return
    versions = sorted({text.partition(":")[0].replace(" ", "==") for text in wanted["licence"]})
    here = sorted({text.partition(":")[0].replace(" ", "==") for text in found["licence"]})
    other = [v for v in versions if v not in here]
    advice = f"install {' '.join(other)}" if other else "install these packages again"
    raise CorpusError(
        f"installed files are not those of the project's corpus: {'; '.join(told)}. To train on "
        f"the same text, {advice}; to train on what is installed, set check_manifest of the "
        "corpus to false"
    )


def _some(names: pd.Series) -> str:
    first = ", ".join(names.head(NAMED))
    return first + (", ..." if len(names) > NAMED else "")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise CorpusError(f"{path.name} of the corpus is missing: install its package") from error
    except UnicodeDecodeError:
        return path.read_text(encoding="latin-1")
