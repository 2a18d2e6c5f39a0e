"""Stage: fetch one checkpoint of a model that others trained."""

from __future__ import annotations

import os

from models.corpora.natural import load_tokenizer
from models.language.checkpoints import load_model, load_origin, step_folder, write_origin
from models.language.hub import find_revision, lay_out
from models.storage.errors import CheckpointError
from models.storage.files import whole_folder
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.tasks.language.common import is_from, load_checked_text, origin


def run(config: Config, paths: Paths, model: str, step: int) -> str:
    """Write step<N> of the only seed: a Hugging Face directory, and its repository, revision and
    commit in the provenance. One that is there already stays. Returns the commit.

    Raises:
        CheckpointError: it cannot be had, is damaged, or its tokenizer is not the corpus's.
    """
    settings, seed = config.language.models[model].pretrained, config.seed
    if settings is None:
        raise CheckpointError(f"language.models.{model} is trained here: nothing to fetch")
    folder = step_folder(paths.language(model).seed(seed), step)
    if folder.is_dir() and not is_from(folder, config, paths, model, seed):
        require_tokenizer(config, paths, model, folder)
        return str(load_origin(folder)["commit"])
    found = find_revision(
        settings.repository, step, local=settings.local, endpoint=settings.endpoint
    )
    with whole_folder(folder) as temporary:
        lay_out(found, temporary)
        load_model(temporary)  # a file that cannot be read is found now, not hours later
        require_tokenizer(config, paths, model, temporary)
        made = origin(config, model, seed) | {
            "repository": settings.repository, "revision": f"step{step}", "commit": found.commit,
        }  # fmt: skip
        write_origin(temporary, made)
    return found.commit


def require_tokenizer(config: Config, paths: Paths, model: str, folder: os.PathLike[str]) -> None:
    """Raise CheckpointError if the corpus was cut into tokens by another tokenizer than the
    model's."""
    own = load_tokenizer(str(folder)).get_vocab()
    used = load_checked_text(config, paths, model).tokenizer.get_vocab()
    if own == used:
        return
    name, pretrained = (
        config.language.models[model].corpus,
        config.language.models[model].pretrained,
    )
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
