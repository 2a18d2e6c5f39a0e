"""Read natural text and cut it into tokens; show its token classes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from stagewise.config import Config
from stagewise.config.corpus import DEPENDENCIES, CorpusConfig
from stagewise.paths import MANIFEST
from stagewise.provenance.store import provenance, read_table, write_table, write_text
from stagewise.tasks.base import Job, task
from stagewise.tasks.language.texts import ORIGIN, text_state, tokens_of

if TYPE_CHECKING:
    from models.corpora.documents import Document

SHOWN_CONTEXT, SHOWN = 256, 200  # held-out pieces that the table of classes counts


def each_corpus(config: Config) -> list[dict[str, Any]]:
    """One job per corpus that a model learns."""
    learnt = {model.corpus for model in config.language.models.values()}
    return [{"corpus": name} for name in config.language.corpora if name in learnt]


@task(
    wildcards=("corpus",),
    jobs=each_corpus,
    reads=lambda job: [MANIFEST] if job.config.language.corpora[job.corpus].check_manifest else [],
    writes=lambda job: [job.paths.corpus(job.corpus) / ORIGIN],
    settings=lambda job: [
        tokens_of(job.config.language.corpora[job.corpus].model_dump()),
        text_state(job.config.language.corpora[job.corpus]),
    ],
)
def language_corpus(job: Job) -> None:
    """Write the tokenised corpus.

    Raises:
        CorpusError: the text cannot be had, or is not what the project's manifest says.
    """
    from models.corpora.documents import check_manifest, manifest
    from models.corpora.natural import save_text, tokenise

    name, settings = job.corpus, job.config.language.corpora[job.corpus]
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
    save_text(text, job.paths.corpus(name), made | told)


@task(
    wildcards=("corpus",),
    jobs=each_corpus,
    reads=lambda job: [job.paths.corpus(job.corpus) / ORIGIN],
    writes=lambda job: [job.paths.classes_page(job.corpus)],
    settings=lambda job: job.config.language.corpora[job.corpus].model_dump()["classes"],
)
def language_classes(job: Job) -> None:
    """Write the table of token classes of a corpus, counted in its held-out text.

    Raises:
        CorpusError: the held-out text has fewer than three tokens.
    """
    import torch

    from models.corpora.classes_page import classes_page
    from models.corpora.corpus import EVALUATION
    from models.corpora.documents import CorpusError
    from models.corpora.labelling import labeller_of
    from models.corpora.natural import load_text, windows

    name, text = job.corpus, load_text(job.paths.corpus(job.corpus))
    labeller = labeller_of(job.config.language.corpora[name].classes, text)
    length = min(SHOWN_CONTEXT + 2, len(text.held_out))
    if length < 3:
        raise CorpusError(f"{name} has {length} held-out tokens: at least 3, to show its classes")
    pieces = windows(text.held_out, length, length)
    order = torch.randperm(len(pieces), generator=torch.Generator().manual_seed(EVALUATION))
    page = classes_page(name, labeller, pieces[order[:SHOWN]], text)
    write_text(page, job.paths.classes_page(name))


def documents_of(settings: CorpusConfig) -> Iterable[Document]:
    """The documents a corpus names, in the order of its source."""
    from models.corpora.documents import dataset_documents, folder_documents, package_documents

    if settings.packages:
        return package_documents(settings.packages)
    if settings.folder:
        return folder_documents(settings.folder, settings.pattern)
    assert settings.dataset is not None
    return dataset_documents(settings.dataset, settings.split, settings.column, settings.revision)


def write_manifest() -> str:
    """Write the project's manifest anew from what is installed, and return its path."""
    from models.corpora.documents import manifest, package_documents

    packages = list(DEPENDENCIES)
    made = provenance({"packages": packages}, 0)
    write_table(manifest(package_documents(packages)), MANIFEST, made)
    return str(MANIFEST)
