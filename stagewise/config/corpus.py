"""The configuration of natural text, and of language models trained elsewhere."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from models.corpora.token_classes import DEFAULT_CLASSES, TokenClass
from models.settings import Section, ascending

# What the project is built on directly: 170 MB of sources, of which `sources` takes six.
DEPENDENCIES = (
    "arviz", "huggingface_hub", "matplotlib", "networkx", "numpy", "pandas", "pydantic", "rich",
    "scikit-learn", "scipy", "snakemake", "sympy", "tokenizers", "torch", "transformers", "typer",
    "xarray",
)  # fmt: skip
SOURCES = ("packages", "folder", "dataset")


class CorpusConfig(Section):
    """Natural text: where it comes from, how it is cut into tokens, and their classes."""

    packages: list[str] = Field([], description="installed packages whose Python sources are read")
    check_manifest: bool = Field(
        True, description="packages: stop where files differ from the project's manifest"
    )
    folder: str | None = Field(None, description="instead: text files of a folder and those below")
    pattern: str = Field("*.txt", min_length=1, description="folder: names of the files read")
    dataset: str | None = Field(None, description="instead: a Hugging Face dataset, or a copy")
    split: str = Field("train", min_length=1, description="dataset: part of it")
    column: str = Field("text", min_length=1, description="dataset: column that holds the text")
    revision: str | None = Field(None, description="dataset: commit; null: the newest")
    max_documents: int | None = Field(None, ge=2, description="at most so many; null: all")
    held_out: float = Field(0.03, gt=0, lt=1, description="share of documents never trained on")
    seed: int = Field(0, ge=0, description="of the order of the documents")
    vocabulary: int = Field(
        512, ge=257, le=2**17, description="tokens of the byte-level BPE trained on the text [ours]"
    )
    tokenizer: str | None = Field(
        None, description="instead: a folder or repository with a tokenizer; a pretrained model's "
        "own must be named",
    )  # fmt: skip
    classes: dict[str, TokenClass] = Field(
        DEFAULT_CLASSES, min_length=1, description="token classes; one set to null is left out"
    )

    @field_validator("classes", mode="before")
    @classmethod
    def _over_defaults(cls, value: Any) -> Any:
        """Classes given are laid over the default ones."""
        if not isinstance(value, dict):
            return value
        return {k: v for k, v in (DEFAULT_CLASSES | value).items() if v is not None}

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in SOURCES if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(
                f"packages, folder, dataset: exactly one, not {' and '.join(given) or 'none'}"
            )
        return self

    @field_validator("classes")
    @classmethod
    def _names(cls, value: dict[str, TokenClass]) -> dict[str, TokenClass]:
        for name in value:
            if not name.replace("_", "").isalpha() or not name.islower():
                raise ValueError(f"class name {name!r}: lower-case letters and _")
        return value


class PretrainedConfig(Section):
    """A model trained elsewhere, with a revision "step<N>" for every checkpoint."""

    repository: str = Field(min_length=1, description="on the Hub, as EleutherAI/pythia-14m")
    steps: list[int] = Field(min_length=4, description="checkpoints used")
    tokens_per_step: int = Field(2_097_152, ge=1, description="of its training")
    local: str | None = Field(
        None, description="a folder with copies step<N>; null: the Hub, and its cache offline"
    )
    endpoint: str | None = Field(None, description="address of another Hub; null: the usual")

    @field_validator("steps")
    @classmethod
    def _ordered(cls, values: list[int]) -> list[int]:
        return ascending(values, at_least=0)
