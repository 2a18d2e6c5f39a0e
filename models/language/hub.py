"""Checkpoints that others trained: from the Hub, its cache, or a folder of copies."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch
from huggingface_hub import HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
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
SAFE = re.compile(r"model(-\d+-of-\d+)?\.safetensors(\.index\.json)?")
PICKLED = re.compile(r"pytorch_model(-\d+-of-\d+)?\.bin")
NO_NETWORK = (OfflineModeIsEnabled, httpx.TransportError, LocalEntryNotFoundError)
NEAREST = 3  # revisions that an error names


@dataclass(frozen=True)
class Revision:
    """Files of one revision by name, and the commit they are from (of a folder: "local")."""

    files: dict[str, Path]
    commit: str


def find_revision(
    repository: str, step: int, *, local: str | None = None, endpoint: str | None = None
) -> Revision:
    """The files of revision step<N> of a model, downloaded where they are not at hand.

    Every file is checked against the hash the Hub names it by, also when it comes from the cache.

    Args:
        local: a folder with copies step<N>; nothing else is asked then.
        endpoint: address of the Hub; default: HF_ENDPOINT or the usual.

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
        files = {p.name: p for p in folder.iterdir() if p.is_file()}
        return Revision({n: files[n] for n in _needed(list(files), str(folder))}, "local")
    api = HfApi(endpoint=endpoint)
    try:
        info = api.model_info(repository, revision=name)
        commit = str(info.sha)
        wanted = _needed([s.rfilename for s in info.siblings or []], f"{repository} {name}")
        files = {f: _download(repository, f, name, endpoint) for f in wanted}
    except RevisionNotFoundError as error:
        raise CheckpointError(
            f"{repository} has no revision {name}{_nearest(api, repository, step)}"
        ) from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise CheckpointError(
            f"there is no model {repository!r} on the Hub (or it is not public)"
        ) from error
    except NO_NETWORK as error:
        folder = _cached(repository, name, error)
        commit = folder.name
        present = [p.name for p in folder.iterdir()]
        files = {f: folder / f for f in _needed(present, f"the cached {repository} {name}")}
    except HfHubHTTPError as error:
        raise CheckpointError(f"the Hub refused {repository} {name}: {error}") from error
    for file, path in files.items():
        if path.parent.name != commit:
            raise CheckpointError(
                f"{repository} {name} changed while it was fetched, from {commit} to "
                f"{path.parent.name}: run again"
            )
        _verify(path, file, f"{repository} {name}")
    return Revision(files, commit)


def lay_out(revision: Revision, folder: Path) -> None:
    """Put the files of a revision into a folder that `load_model` reads.

    Linked where possible, copied elsewhere. Weights that are only there as a pickle are read
    with `weights_only` (no code is run) and written as safetensors.
    """
    pickles = [path for name, path in revision.files.items() if PICKLED.fullmatch(name)]
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


def _needed(present: list[str], where: str) -> list[str]:
    """The files to load a model and its tokenizer from; safetensors before pickles."""
    weights = [n for n in present if SAFE.fullmatch(n)] or [
        n for n in present if PICKLED.fullmatch(n)
    ]
    if "config.json" not in present or not weights:
        missing = "config.json" if weights else "weights"
        raise CheckpointError(f"{where} has no {missing}: it holds {', '.join(sorted(present))}")
    return sorted(weights) + [name for name in SMALL if name in present]


def _download(repository: str, file: str, revision: str, endpoint: str | None) -> Path:
    try:
        return Path(hf_hub_download(repository, file, revision=revision, endpoint=endpoint))
    except NO_NETWORK:
        raise
    except OSError as error:  # what the library raises on a wrong size
        if isinstance(error, HfHubHTTPError):
            raise
        raise CheckpointError(
            f"{file} of {repository} {revision} did not arrive whole: {error}. Run again: nothing "
            "of it was kept"
        ) from error


def _verify(path: Path, file: str, where: str) -> None:
    """Compare a cached file with the hash it is named by: of its content (large files), or of a
    git blob. A damaged one is removed."""
    blob = path.resolve()
    expected, size = blob.name, blob.stat().st_size
    if re.fullmatch(r"[0-9a-f]{64}", expected):
        digest = hashlib.sha256()
    elif re.fullmatch(r"[0-9a-f]{40}", expected):
        digest = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    else:
        return
    with blob.open("rb") as content:
        while part := content.read(2**20):
            digest.update(part)
    if digest.hexdigest() != expected:
        path.unlink()
        blob.unlink(missing_ok=True)
        raise CheckpointError(
            f"{file} of {where} is damaged: its hash is {digest.hexdigest()}, not {expected}. The "
            "copy was removed; run again"
        )


def _cached(repository: str, revision: str, error: Exception) -> Path:
    try:
        return Path(snapshot_download(repository, revision=revision, local_files_only=True))
    except (LocalEntryNotFoundError, OSError) as missing:
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
