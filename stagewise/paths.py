"""Where every result lives: the files are the interface between the stages."""

from __future__ import annotations

from pathlib import Path

from stagewise.config import Config
from stagewise.root import ROOT

# Exact estimators with the settings each depends on beside the checkpoints.
EXACT: dict[str, tuple[str, ...]] = {
    "bif_gaussian": ("posterior.nbeta", "posterior.gamma"),
    "closed_form": (),
    "first_order": (),
    "unrolled": (),
    "loo": ("etas",),
}
ESTIMATORS = ("bif", *EXACT)
# Tables over all seeds of a variant of the toy; where claims are tried, windows beside them.
VARIANT_TABLES = ("trajectories", "events", "losses", "modes", "transitions", "embedding")
MANIFEST = ROOT / "recorded" / "manifest.parquet"  # files of the packages of texts, by hash
FIRST_SEED = ("token_influence",)  # shown for the first run of a language model only


class Paths:
    """File names of one run, below the output root (a folder, or that of a configuration)."""

    def __init__(self, root: Config | Path) -> None:
        self.root = root if isinstance(root, Path) else Path(root.results)
        self.toy = self.root / "toy"
        self.influence = self.toy / "influence.parquet"
        self.events = self.root / "events.parquet"
        self.claims = self.root / "claims.json"
        self.claims_page = self.root / "claims.md"
        self.figures = self.root / "figures"

    def seed(self, seed: int) -> Path:
        """Folder of one toy run."""
        return self.toy / f"seed{seed}"

    def checkpoints(self, seed: int) -> Path:
        """Checkpoint file of one toy run."""
        return self.seed(seed) / "checkpoints.safetensors"

    def estimator(self, name: str, seed: int) -> Path:
        """Influence by one estimator in one toy run."""
        return self.seed(seed) / "influence" / f"{name}.parquet"

    def part(self, name: str, seed: int) -> Path:
        """One seed's share of a table that `whole` holds for all seeds."""
        return self.seed(seed) / f"{name}.parquet"

    def variant(self, name: str) -> Paths:
        """Results of a variant of the toy, laid out like those of a run of its own."""
        return Paths(self.root / "theory" / "variants" / name)

    def theory(self, name: str) -> Path:
        """A table of the theory's checks."""
        return self.root / "theory" / f"{name}.parquet"

    def language(self, model: str) -> LanguagePaths:
        """Results of one language model."""
        return LanguagePaths(self.root / "language" / model)

    @property
    def sizes(self) -> Path:
        """Class influence of all language models side by side."""
        return self.root / "language" / "sizes.parquet"

    def corpus(self, name: str) -> Path:
        """Folder of a tokenised natural text."""
        return self.root / "language" / "corpora" / name

    def classes_page(self, name: str) -> Path:
        """The table of token classes of a natural text, for people."""
        return self.root / "language" / "corpora" / f"{name}_classes.md"

    def whole(self, name: str) -> Path:
        """A table over all seeds of the toy."""
        return self.toy / f"{name}.parquet"


class LanguagePaths:
    """File names of one language model."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.class_influence = root / "class_influence.parquet"
        self.landmarks = root / "landmarks.parquet"
        self.events = root / "events.parquet"

    def seed(self, seed: int) -> Path:
        """Folder of one training run, with one folder per checkpoint."""
        return self.root / f"seed{seed}"

    def part(self, name: str, seed: int) -> Path:
        """One seed's share of a table that `whole` holds for all seeds."""
        return self.seed(seed) / f"{name}.parquet"

    def whole(self, name: str) -> Path:
        """A table over all seeds."""
        return self.root / f"{name}.parquet"

    def table(self, name: str, first_seed: int) -> Path:
        """A table by name: over all seeds, or of the first run where only that one is shown."""
        return self.part(name, first_seed) if name in FIRST_SEED else self.whole(name)
