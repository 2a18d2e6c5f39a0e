"""Stages: read natural text and cut it into tokens; show its token classes."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from analysis.tables.markdown import markdown_table
from models.corpora.corpus import EVALUATION
from models.corpora.documents import (
    CorpusError,
    Document,
    check_manifest,
    dataset_documents,
    folder_documents,
    manifest,
    package_documents,
)
from models.corpora.labelling import Labeller, class_table, overlaps, texts_of
from models.corpora.natural import ORIGIN, Text, load_text, save_text, token_ids, tokenise, windows
from models.storage.files import read_origin
from stagewise.config import Config
from stagewise.config.corpus import DEPENDENCIES, CorpusConfig
from stagewise.paths import MANIFEST, Paths
from stagewise.provenance.store import provenance, read_table, write_table, write_text
from stagewise.tasks.language.common import text_difference, text_state

SHOWN_CONTEXT, SHOWN = 256, 200  # held-out pieces that the table of classes counts


def run(config: Config, paths: Paths, name: str) -> None:
    """Write the tokenised corpus.

    Raises:
        CorpusError: the text cannot be had, or is not what the project's manifest says.
    """
    settings = config.language.corpora[name]
    documents = list(documents_of(settings))
    if settings.packages and settings.check_manifest:
        check_manifest(manifest(documents), read_table(MANIFEST), settings.packages)
    text = tokenise(
        documents,
        tokenizer=settings.tokenizer or settings.vocabulary,
        held_out=settings.held_out,
        seed=settings.seed,
        most=settings.max_documents,
    )
    made = provenance({"language": {"corpora": {name: settings.model_dump()}}}, settings.seed)
    told = {"tokens": text.digest, "state": text_state(settings)}
    save_text(text, paths.corpus(name), made | told)


def show_classes(config: Config, paths: Paths, name: str) -> None:
    """Write the table of token classes of a corpus that is there, counted in its held-out text.

    Raises:
        CorpusError: the held-out text has fewer than three tokens.
    """
    text = load_text(paths.corpus(name))
    labeller = labeller_of(config.language.corpora[name], text)
    length = min(SHOWN_CONTEXT + 2, len(text.held_out))
    if length < 3:
        raise CorpusError(f"{name} has {length} held-out tokens: at least 3, to show its classes")
    pieces = windows(text.held_out, length, length)
    order = torch.randperm(len(pieces), generator=torch.Generator().manual_seed(EVALUATION))
    write_text(classes_page(name, labeller, pieces[order[:SHOWN]], text), paths.classes_page(name))


def is_made(config: Config, paths: Paths, name: str) -> bool:
    """Is the corpus there, made by these settings from the text as it is now?"""
    folder = paths.corpus(name)
    state = text_state(config.language.corpora[name])
    same = folder.is_dir() and text_difference(config, paths, name) is None
    return same and read_origin(folder / ORIGIN).get("state") == state


def documents_of(settings: CorpusConfig) -> Iterable[Document]:
    """The documents a corpus names, in the order of its source."""
    if settings.packages:
        return package_documents(settings.packages)
    if settings.folder:
        return folder_documents(settings.folder, settings.pattern)
    assert settings.dataset is not None
    return dataset_documents(settings.dataset, settings.split, settings.column, settings.revision)


def labeller_of(settings: CorpusConfig, text: Text) -> Labeller:
    """The labeller of a corpus."""
    pieces = texts_of(text.tokenizer, text.vocabulary)
    return Labeller(settings.classes, pieces, text.frequencies)


def classes_page(name: str, labeller: Labeller, tokens: torch.Tensor, text: Text) -> str:
    """The token classes with counts, examples and overlaps, as Markdown."""
    counted = f"{tokens[:, 1:-1].numel():,} held-out tokens of {len(tokens)} passages"
    licences = text.documents["licence"].value_counts()
    told = [f"- {said} ({n} documents)" for said, n in sorted(licences.items()) if said]
    return (
        f"# Token classes of {name}\n\n{len(text.training):,} training tokens, "
        f"{len(text.held_out):,} held out, {text.vocabulary:,} in the vocabulary; "
        f"{len(text.documents):,} documents. Counted in {counted}. Examples are the most frequent "
        "texts; of pairs, the token before comes first.\n\n"
        + _class_tables(tokens, labeller.membership(tokens), labeller)
        + ("\n## Licences\n\n" + "\n".join(told) + "\n" if told else "")
    )


def _class_tables(tokens: torch.Tensor, member: torch.Tensor, labeller: Labeller) -> str:
    """Counts and examples of every class, and how they overlap, as Markdown."""
    table = class_table(tokens, member, labeller).round({"share": 4})
    table["examples"] = [f"`` {cell} ``" for cell in table["examples"]]
    both = overlaps(member, labeller.names).reset_index(names="")
    return (
        markdown_table([*table.columns], table.to_numpy())
        + "\n\n## Overlaps: tokens in both classes\n\n"
        + markdown_table([*both.columns], both.to_numpy())
        + "\n"
    )


def passage(settings: CorpusConfig, text: Text, words: str) -> tuple[str, list[str]]:
    """The token classes of one passage, with counts, examples and overlaps, as Markdown; and the
    classes that it has no token of.

    Raises:
        CorpusError: the passage has fewer than three tokens.
    """
    (ids,) = token_ids(text.tokenizer, [words])
    if len(ids) < 3:
        raise CorpusError(f"a passage of {len(ids)} tokens: at least 3")
    labeller, tokens = labeller_of(settings, text), torch.tensor([ids])
    member = labeller.membership(tokens)
    absent = [n for n, k in zip(labeller.names, member.sum((0, 1)).tolist(), strict=True) if not k]
    return _class_tables(tokens, member, labeller), absent


def write_manifest() -> str:
    """Write the project's manifest anew from what is installed, and return its path."""
    packages = list(DEPENDENCIES)
    write_table(
        manifest(package_documents(packages)), MANIFEST, provenance({"packages": packages}, 0)
    )
    return str(MANIFEST)
