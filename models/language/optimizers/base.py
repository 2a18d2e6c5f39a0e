"""What an optimizer of language models is, and how one is found: a file of this package.

An optimizer's name is its file's name; the file ends with `PARTS`, a function that says which of
torch's optimizers treats which parameters. Its state is saved and restored by parameter, so that a
killed training goes on to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

import torch
from torch import Tensor, nn

from models.language.optimizers import names

Named = Mapping[str, nn.Parameter]
Parts = Callable[[Named, float], list[torch.optim.Optimizer]]
PACKAGE = "models.language.optimizers"


class LanguageOptimizer:
    """One or several of torch's optimizers, each with its share of a model's parameters, as one.

    Args:
        name: of the optimizer, as in the configuration.
        parameters: of the model, by name.
        weight_decay: decoupled, 1 / learning rate per step.

    Raises:
        ValueError: there is no such optimizer; says which there are.
    """

    def __init__(self, name: str, parameters: Named, weight_decay: float) -> None:
        self.parameters = dict(parameters)
        self.device = next(iter(self.parameters.values())).device
        self.parts = parts_of(name)(self.parameters, weight_decay)

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for part in self.parts:
            part.zero_grad()

    def update(self, learning_rate: float) -> None:
        """One step along the gradients that the parameters hold.

        Args:
            learning_rate: of all parts.
        """
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = learning_rate
            part.step()

    def state(self) -> dict[str, Tensor]:
        """What it remembers; empty before the first step.

        Returns:
            "<what>.<parameter>" -> tensor; what is called as torch calls it, such as exp_avg.
        """
        names_of: dict[Tensor, str] = {p: name for name, p in self.parameters.items()}
        return {
            f"{what}.{names_of[p]}": value.contiguous()
            for part in self.parts
            for p, found in part.state.items()
            for what, value in found.items()
        }

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on as where a state was taken.

        Args:
            state: as of `state` there.

        Raises:
            KeyError: it is of other parameters than these; names them.
        """
        found: dict[str, dict[str, Tensor]] = {}
        for key, value in state.items():
            what, _, name = key.partition(".")
            found.setdefault(name, {})[what] = value.to(self.device, copy=True)
        if found and (other := found.keys() ^ self.parameters.keys()):
            raise KeyError(
                f"state of an optimizer, of other parameters: {', '.join(sorted(other))}"
            )
        for part in self.parts:
            part.state.clear()
        for part in self.parts if found else ():
            own = {p for group in part.param_groups for p in group["params"]}
            part.state.update({p: found[name] for name, p in self.parameters.items() if p in own})


def parts_of(name: str) -> Parts:
    """An optimizer by its name.

    Args:
        name: as in the configuration, that of its file.

    Returns:
        parameters by name and weight decay -> torch's optimizers.

    Raises:
        ValueError: there is none such; says which there are.
    """
    if name not in names():
        raise ValueError(f"optimizer {name!r}: choose one of {', '.join(names())}")
    return import_module(f"{PACKAGE}.{name}").PARTS
