"""Stagewise data attribution: which training data mattered, and when.

    import stagewise

    run = stagewise.Run.from_checkpoints(build_model, "checkpoints")
    draws = run.sample((inputs, targets), loss="cross_entropy", posterior=stagewise.Posterior())
    found = draws.influence(groups=labels)
    events = stagewise.find_events(found)
    figure = stagewise.plot(found, events)

Names are loaded when they are used, so that importing this is quick.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.sampling.settings import PosteriorConfig as Posterior
    from stagewise.attribution.callback import TrainerCallback
    from stagewise.attribution.curves import find_events, plot
    from stagewise.attribution.recorder import Recorder
    from stagewise.attribution.run import Run
    from stagewise.attribution.suggest import suggest

__version__ = "0.1.0"
__all__ = ["Posterior", "Recorder", "Run", "TrainerCallback", "find_events", "plot", "suggest"]

ROOT = Path(__file__).parent.parent

_PLACES = {
    "Posterior": ("analysis.sampling.settings", "PosteriorConfig"),
    "Recorder": ("stagewise.attribution.recorder", "Recorder"),
    "Run": ("stagewise.attribution.run", "Run"),
    "TrainerCallback": ("stagewise.attribution.callback", "TrainerCallback"),
    "find_events": ("stagewise.attribution.curves", "find_events"),
    "plot": ("stagewise.attribution.curves", "plot"),
    "suggest": ("stagewise.attribution.suggest", "suggest"),
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"stagewise has no {name!r}; it has {', '.join(__all__)}")
    module, own = _PLACES[name]
    try:
        return getattr(import_module(module), own)
    except ModuleNotFoundError as error:
        _tell_of_shadows(error)
        raise


def _tell_of_shadows(error: ModuleNotFoundError) -> None:
    """Say so where a file of the reader's has the name of one of the project's packages."""
    for package in ("models", "analysis", "figures"):
        found = sys.modules.get(package)
        file = getattr(found, "__file__", None)
        if found is not None and not (file and Path(file).parent.parent == ROOT):
            raise ImportError(
                f"{file or package} hides the project's package {package!r}: rename it, or run "
                "from another folder"
            ) from error


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
