"""Checkpoints that others trained: from the Hub, its cache, or a folder of copies."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import torch
from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils.sha import git_hash, sha_fileobj
from safetensors.torch import save_file

from models.language.checkpoints import WEIGHTS
from models.storage.errors import CheckpointError

try:  # the client below huggingface_hub, whose errors it passes on
    import httpx2 as httpx
except ImportError:
    import httpx  # type: ignore[no-redef]

SMALL = (
    "config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json", "vocab.json", "merges.txt",
)  # fmt: skip
SAFE = ("model.safetensors", "model-*-of-*.safetensors", "model.safetensors.index.json")
PICKLED = ("pytorch_model.bin", "pytorch_model-*-of-*.bin")
NO_NETWORK = (OfflineModeIsEnabled, httpx.TransportError, LocalEntryNotFoundError)
NEAREST = 3  # revisions that an error names


@dataclass(frozen=True)
class Revision:
    """Files of one revision of a model.

    Attributes:
        files: by name.
        commit: they are from; of a folder of copies "local".
    """

    files: dict[str, Path]
    commit: str


def find_revision(
    repository: str, step: int, *, local: str | None = None, endpoint: str | None = None
) -> Revision:
    """The files of revision step<N> of a model, downloaded where they are not at hand.

    Every file is checked against the hash the Hub names it by, also when it comes from the cache.

    Args:
        repository: on the Hub, as owner/name.
        step: training step.
        local: a folder with copies step<N>; nothing else is asked then.
        endpoint: address of the Hub; default: HF_ENDPOINT or the usual.

    Returns:
        The files that `lay_out` needs, and their commit.

    Raises:
        CheckpointError: the repository or the revision does not exist, a file arrived incomplete
            or damaged, or there is neither a network nor a copy; names it, and how to go on.
    """
    name = f"step{step}"
    if local is not None:
        folder = Path(local).expanduser() / name
        if not folder.is_dir():
            raise CheckpointError(
                f"{folder} does not exist: local = {local!r} has no copy of {name}"
            )
        return Revision(_needed(folder, str(folder)), "local")
    try:
        folder = _fetched(repository, step, endpoint)
    except NO_NETWORK as error:
        folder = _cached(repository, name, error)
    files = _needed(folder, f"the cached {repository} {name}")
    for file, path in files.items():
        _verify(path, file, f"{repository} {name}")
    return Revision(files, folder.name)


def lay_out(revision: Revision, folder: Path) -> None:
    """Put the files of a revision into a folder that `load_model` reads.

    Linked where possible, copied elsewhere. Weights that are only there as a pickle are read
    with `weights_only` (no code is run) and written as safetensors.

    Args:
        revision: what `find_revision` found.
        folder: exists, and is empty.

    Raises:
        CheckpointError: a pickle holds anything but weights; names it.
    """
    pickles = [revision.files[name] for name in _matching(revision.files, PICKLED)]
    for name, path in revision.files.items():
        if path in pickles:
            continue
        try:
            os.link(path.resolve(), folder / name)
        except OSError:
            shutil.copyfile(path, folder / name)
    weights: dict[str, torch.Tensor] = {}
    for path in pickles:
        try:
            found = torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:  # pickle raises whatever it likes
            raise CheckpointError(f"{path.name} cannot be read as weights: {error}") from error
        weights |= {name: t.contiguous().clone() for name, t in found.items()}
    if weights:
        save_file(weights, folder / WEIGHTS, {"format": "pt"})


def _needed(folder: Path, where: str) -> dict[str, Path]:
    """The files in a folder to load a model and its tokenizer from, by name."""
    names = _names([p.name for p in folder.iterdir() if p.is_file()], where)
    return {name: folder / name for name in names}


def _names(present: Sequence[str], where: str) -> list[str]:
    """Those of the names present that are needed; safetensors before pickles."""
    weights = _matching(present, _kind(present))
    if "config.json" not in present or not weights:
        missing = "config.json" if weights else "weights"
        raise CheckpointError(f"{where} has no {missing}: it holds {', '.join(sorted(present))}")
    return sorted(weights) + [name for name in SMALL if name in present]


def _kind(present: Iterable[str]) -> tuple[str, ...]:
    """Names of weights to take from what is there."""
    return next((kind for kind in (SAFE, PICKLED) if _matching(present, kind)), SAFE)


def _matching(names: Iterable[str], patterns: Iterable[str]) -> list[str]:
    return [name for name in names if any(fnmatchcase(name, p) for p in patterns)]


def _fetched(repository: str, step: int, endpoint: str | None) -> Path:
    """The folder of one commit in the cache, with what is needed of it."""
    api, name = HfApi(endpoint=endpoint), f"step{step}"
    try:
        info = api.model_info(repository, revision=name)
        wanted = _names([s.rfilename for s in info.siblings or []], f"{repository} {name}")
        folder = Path(
            snapshot_download(repository, revision=name, allow_patterns=wanted, endpoint=endpoint)
        )
    except NO_NETWORK:
        raise
    except RevisionNotFoundError as error:
        raise CheckpointError(
            f"{repository} has no revision {name}{_nearest(api, repository, step)}"
        ) from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise CheckpointError(
            f"there is no model {repository!r} on the Hub (or it is not public)"
        ) from error
    except HfHubHTTPError as error:
        raise CheckpointError(f"the Hub refused {repository} {name}: {error}") from error
    except OSError as error:  # what the library raises on a wrong size, naming the file
        what = str(error).partition("\n")[0]
        raise CheckpointError(
            f"{repository} {name} did not arrive whole: {what} Run again: nothing of that file was "
            "kept"
        ) from error
    if folder.name != info.sha:  # what is needed was told of another commit
        raise CheckpointError(
            f"{repository} {name} changed while it was fetched, from {info.sha} to {folder.name}: "
            "run again"
        )
    return folder


def _verify(path: Path, file: str, where: str) -> None:
    """Compare a cached file with the hash it is named by: of its content (large files), or of a
    git blob. A damaged one is removed.

    By hand: the library's own check asks the Hub for the hashes, so that a cache without a
    network would go unchecked, and reads whatever else lies there of the revision.
    """
    blob = path.resolve()
    expected = blob.name
    with blob.open("rb") as content:
        if re.fullmatch(r"[0-9a-f]{64}", expected):
            found = sha_fileobj(content).hex()
        elif re.fullmatch(r"[0-9a-f]{40}", expected):
            found = git_hash(content.read())
        else:
            return
    if found != expected:
        path.unlink()
        blob.unlink(missing_ok=True)
        raise CheckpointError(
            f"{file} of {where} is damaged: its hash is {found}, not {expected}. The copy was "
            "removed; run again"
        )


def _cached(repository: str, revision: str, error: Exception) -> Path:
    """The folder of a revision in the cache, whole as far as the cache knows."""

    def find(*patterns: str) -> Path:
        return Path(
            snapshot_download(
                repository, revision=revision, local_files_only=True, allow_patterns=[*patterns]
            )
        )

    try:
        present = [p.name for p in find("config.json").iterdir()]
        return find(*SMALL, *_kind(present))
    except OSError as missing:
        raise CheckpointError(
            f"{repository} {revision} is neither in the cache nor to be had from the Hub "
            f"({type(error).__name__}): connect once, or name a folder of copies as `local`"
        ) from missing


def _nearest(api: HfApi, repository: str, step: int) -> str:
    """The revisions nearest to a step, as the end of a sentence."""
    try:
        branches = [b.name for b in api.list_repo_refs(repository).branches]
    except (HfHubHTTPError, httpx.TransportError):
        return ""
    steps = [int(b.removeprefix("step")) for b in branches if re.fullmatch(r"step\d+", b)]
    near = sorted(sorted(steps, key=lambda s: abs(s - step))[:NEAREST])
    return f"; the nearest are {', '.join(f'step{s}' for s in near)}" if near else ": it has none"
