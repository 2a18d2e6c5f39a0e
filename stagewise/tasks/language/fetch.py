"""Fetch one checkpoint of a model that others trained."""

from __future__ import annotations

import os
from typing import Any

from stagewise.config import Config
from stagewise.tasks.base import Job, task
from stagewise.tasks.language.run import LanguageRun
from stagewise.tasks.language.settings import of_model


def each_checkpoint(config: Config) -> list[dict[str, Any]]:
    """One job per checkpoint of the models that others trained."""
    return [
        {"model": model, "seed": config.seed, "step": step}
        for model, settings in config.language.models.items()
        if settings.pretrained
        for step in settings.checkpoints
    ]


@task(
    wildcards=("model", "seed", "step"),
    jobs=each_checkpoint,
    reads=lambda job: [
        job.paths.corpus(str(job.config.language.models[job.model].corpus)) / "corpus.json"
    ],
    writes=lambda job: [
        job.paths.language(job.model).seed(job.seed) / f"step{job.step}" / "provenance.json"
    ],
    settings=of_model,
)
def language_fetch(job: Job) -> None:
    """Write step<N> of the only seed: a Hugging Face directory, and its repository, revision and
    commit in the provenance. One that is there already stays.

    Raises:
        CheckpointError: it cannot be had, is damaged, or its tokenizer is not the corpus's.
    """
    from models.language.checkpoints import load_model, write_origin
    from models.language.hub import find_revision, lay_out
    from models.storage.errors import CheckpointError
    from models.storage.files import whole_folder

    run, step = LanguageRun.of(job), job.step
    settings = run.settings.pretrained
    if settings is None:
        raise CheckpointError(f"language.models.{run.model} is trained here: nothing to fetch")
    folder = run.checkpoint_folder(step)
    if folder.is_dir() and not run.difference(folder):
        require_tokenizer(run, folder)
        return
    found = find_revision(
        settings.repository, step, local=settings.local, endpoint=settings.endpoint
    )
    with whole_folder(folder) as temporary:
        lay_out(found, temporary)
        load_model(temporary)  # a file that cannot be read is found now, not hours later
        require_tokenizer(run, temporary)
        made = run.origin | {
            "repository": settings.repository, "revision": f"step{step}", "commit": found.commit,
        }  # fmt: skip
        write_origin(temporary, made)


def require_tokenizer(run: LanguageRun, folder: os.PathLike[str]) -> None:
    """Raise CheckpointError if the corpus was cut into tokens by another tokenizer than the
    model's."""
    from models.corpora.tokenizer import load_tokenizer
    from models.storage.errors import CheckpointError
    from stagewise.tasks.language.texts import load_checked_text

    name, pretrained = run.settings.corpus, run.settings.pretrained
    assert name is not None
    own = load_tokenizer(str(folder)).get_vocab()
    used = load_checked_text(run.config, run.paths, name).tokenizer.get_vocab()
    if own == used:
        return
    differs = next((t for t in sorted(used, key=used.__getitem__) if own.get(t) != used[t]), None)
    example = (
        f"{differs!r} is token {used[differs]} of the corpus and {own.get(differs, 'none')} of the "
        "model"
        if differs is not None
        else f"the model's has {len(own)} tokens, the corpus's {len(used)}"
    )
    raise CheckpointError(
        f"the tokenizer of corpus {name} is not that of {pretrained and pretrained.repository}: "
        f"{example}. Set language.corpora.{name}.tokenizer to the model's repository (or a folder "
        f"with its tokenizer) and run `stagewise language corpus {name}` again"
    )
