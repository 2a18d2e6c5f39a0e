"""A training run as attribution sees it: a module, and its weights at some steps."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any, Self

import torch
from torch import nn

from analysis.losses.module import SampleLoss
from analysis.sampling.settings import PosteriorConfig
from analysis.sampling.streams import MAX_STREAM
from models.storage.errors import CheckpointError
from stagewise.attribution.checks import ModelError, built, check_module
from stagewise.attribution.draws import PosteriorDraws, joined
from stagewise.attribution.losses import losses_of
from stagewise.attribution.pretrained import by_step, check_revisions, pretrained, weights_of
from stagewise.attribution.sampling import StackedWeights, check_draws, draw, in_groups
from stagewise.attribution.states import State, check_apart, checkpoint_files, fitted, read_state


class Run:
    """Checkpoints of one training run of any module. Make one by `from_state_dicts`,
    `from_checkpoints` or `from_pretrained`.

    Args:
        model: the module; put into evaluation mode.
        states: step of training -> what reads its weights.

    Raises:
        CheckpointError: there are no checkpoints, or a step is out of range.
        ModelError: the module does not keep still in evaluation.
    """

    def __init__(self, model: nn.Module, states: Mapping[int, Callable[[], State]]) -> None:
        wrong = [step for step in states if not 0 <= step < MAX_STREAM]
        if wrong or not states:
            raise CheckpointError(
                f"step {wrong[0]}: allowed 0 to {MAX_STREAM - 1}" if wrong else "no checkpoints"
            )
        self.model = copy.deepcopy(model).eval()  # a model of the reader's stays as it is
        check_module(self.model)
        self.states = dict(sorted(states.items()))

    @classmethod
    def from_state_dicts(
        cls, build_model: Callable[[], nn.Module], checkpoints: Mapping[int, State]
    ) -> Self:
        """A run whose weights are at hand.

        Args:
            build_model: makes the module; its weights do not count.
            checkpoints: step of training -> `module.state_dict()` there.

        Returns:
            the run.

        Raises:
            CheckpointError: weights do not fit the module, or are not finite.
            ModelError: the module does not keep still in evaluation.

        Example:
            >>> build = lambda: nn.Linear(2, 1)
            >>> Run.from_state_dicts(build, {0: build().state_dict()}).steps
            [0]
        """
        if not isinstance(checkpoints, Mapping):
            kind = type(checkpoints).__name__
            raise CheckpointError(f"checkpoints are a {kind}: give step -> state dict")
        check_apart(checkpoints)
        model = built(build_model)
        known = {int(step): fitted(model, state, int(step)) for step, state in checkpoints.items()}
        return cls(model, {step: partial(_given, state) for step, state in known.items()})

    @classmethod
    def from_checkpoints(
        cls,
        build_model: Callable[[], nn.Module],
        folder: str | Path,
        steps: Iterable[int] | None = None,
    ) -> Self:
        """A run whose weights lie in a folder, read when they are needed.

        Args:
            build_model: makes the module; its weights do not count.
            folder: as `Recorder` writes it; see `states.checkpoint_files`.
            steps: those to use; None: all.

        Returns:
            the run.

        Raises:
            CheckpointError: a checkpoint is missing, damaged, does not fit the module, or is a
                pickle of more than weights.
            ModelError: the module does not keep still in evaluation.

        Example:
            >>> import tempfile
            >>> from stagewise.attribution.recorder import Recorder
            >>> folder, model = tempfile.mkdtemp(), nn.Linear(2, 1)
            >>> Recorder(folder, steps=[0])(0, model)
            >>> Run.from_checkpoints(lambda: nn.Linear(2, 1), folder).steps
            [0]
        """
        files, model = checkpoint_files(folder), built(build_model)
        wanted = list(files) if steps is None else list(steps)
        if missing := [step for step in wanted if step not in files]:
            near = sorted(files, key=lambda step: abs(step - missing[0]))[:3]
            raise CheckpointError(
                f"{folder} has no step {missing[0]}; the nearest: {', '.join(map(str, near))}"
            )
        for step in wanted:  # all are looked at before anything is sampled
            fitted(model, read_state(files[step]), step)
        return cls(model, {step: partial(read_state, files[step]) for step in wanted})

    @classmethod
    def from_pretrained(cls, name: str, revisions: Mapping[int, str] | Sequence[str]) -> Self:
        """A run of a causal language model on the Hub, or in a folder with one per revision.

        Args:
            name: repository, or folder with a folder for each revision.
            revisions: names that end with the step, such as step1000; or step -> name.

        Returns:
            the run; its model gives scores of the next token, so that targets are tokens shifted by
            one.

        Raises:
            CheckpointError: a revision cannot be had, has no safetensors, or names no step.

        Example:
            >>> import tempfile
            >>> from models.language.model import build_model
            >>> from models.language.settings import Network
            >>> folder, network = tempfile.mkdtemp(), Network(width=8)
            >>> for step in (0, 512):
            ...     model = build_model(network, vocabulary=9, context=4, seed=step)
            ...     model.save_pretrained(f"{folder}/step{step}")
            >>> Run.from_pretrained(folder, ["step0", "step512"]).steps
            [0, 512]
        """
        named = revisions if isinstance(revisions, Mapping) else by_step(revisions)
        if not named:
            raise CheckpointError("no revisions")
        check_revisions(name, named.values())
        load = partial(pretrained, name)
        return cls(
            load(next(iter(named.values()))),
            {step: partial(weights_of, load, of) for step, of in named.items()},
        )

    @property
    def steps(self) -> list[int]:
        """Steps of the checkpoints, ascending."""
        return list(self.states)

    def weights(
        self, steps: Sequence[int], parameters: str | Sequence[str] | None
    ) -> StackedWeights:
        """Weights of some checkpoints, those that are sampled apart from the others.

        Args:
            steps: of the checkpoints.
            parameters: patterns of the names of those that are sampled, such as "layers.0.*";
                None: all that want a gradient.

        Returns:
            stacked weights.

        Raises:
            CheckpointError: a checkpoint does not fit the module.
            ModelError: no parameter's name fits a pattern.
        """
        patterns = [parameters] if isinstance(parameters, str) else parameters
        own = {name: p for name, p in self.model.named_parameters() if p.requires_grad}
        for pattern in patterns or ():
            if not any(fnmatchcase(name, pattern) for name in own):
                raise ModelError(
                    f"parameters = {pattern!r} fits none of the model's: {', '.join(own)}"
                )
        chosen = [n for n in own if patterns is None or any(fnmatchcase(n, p) for p in patterns)]
        if not chosen:
            raise ModelError("no parameter of the model wants a gradient: nothing to sample")
        states = [fitted(self.model, self.states[step](), step) for step in steps]
        stacks = {name: torch.stack([state[name] for state in states]) for name in states[0]}
        held = {name: stacks[name] for name in stacks if name not in chosen}
        return StackedWeights({name: stacks[name] for name in chosen}, held)

    def sample(
        self,
        data: Any,
        *,
        loss: str | SampleLoss = "cross_entropy",
        posterior: PosteriorConfig | None = None,
        parameters: str | Sequence[str] | None = None,
        observed: Any = None,
        columns: tuple[str, str] | None = None,
        steps: Sequence[int] | None = None,
        seed: int = 0,
        device: str = "cpu",
        threads: int = 1,
        progress: Callable[[int], None] | None = None,
    ) -> PosteriorDraws:
        """Draw losses from the local posterior around every checkpoint.

        Args:
            data: (inputs, targets), or a data set; chains move on it. See `data.as_tensors`.
            loss: "cross_entropy", "squared_error" (half the sum of squares), or (output, targets)
                -> one loss per sample, or per token (samples, tokens).
            posterior: and how it is sampled; None: the defaults of `Posterior`.
            parameters: patterns of the names of those that are sampled, the rest held fixed; None:
                all that want a gradient.
            observed: data whose losses are kept; None: the same.
            columns: of a data set with names: those of inputs and targets.
            steps: checkpoints to sample; None: all.
            seed: of all random streams.
            device: to compute on.
            threads: CPU threads.
            progress: called with the number of chain steps just done.

        Returns:
            the draws.

        Raises:
            DataError: data or losses are not as said above.
            ModelError: the module's losses are not those of weights and samples alone.
            CheckpointError: weights do not fit.
            DivergenceError: too many chains left their checkpoint.

        Example:
            >>> x, y = torch.eye(3), torch.tensor([[1.0], [1.0], [-1.0]])
            >>> build = lambda: nn.Linear(3, 1, bias=False)
            >>> run = Run.from_state_dicts(build, {0: {"weight": torch.zeros(1, 3)}})
            >>> how = PosteriorConfig(nbeta=1, gamma=10, step_size=0.01, chains=4, draws=50)
            >>> draws = run.sample((x, y), loss="squared_error", posterior=how, seed=0)
            >>> draws.influence().influence.shape
            (1, 3, 3)
        """
        posterior = posterior or PosteriorConfig()
        check_draws(posterior)
        chosen = self.chosen(steps)
        of, tokens = losses_of(
            self.model, self.weights, data, loss, posterior, parameters=parameters,
            observed=observed, columns=columns, steps=chosen, device=device,
        )  # fmt: skip
        apart = tokens is not None or of.kept is not of.data
        found = []
        for group in in_groups(chosen, self.model):
            found.append(
                draw(
                    of, self.weights(group, parameters), group, posterior,
                    observe=of.observe if apart else None, n_samples=len(of.data[1]),
                    seed=int(seed), device=device, threads=threads, progress=progress,
                )
            )  # fmt: skip
        return PosteriorDraws(
            joined(found), chosen, posterior, int(seed), tokens=tokens,
            loss=loss if isinstance(loss, str) else getattr(loss, "__name__", "a function"),
            own=of.kept is of.data,
        )  # fmt: skip

    def chosen(self, steps: Iterable[int] | None) -> list[int]:
        """Checkpoints asked for, ascending, each once.

        Args:
            steps: of the checkpoints; None: all.

        Returns:
            steps.

        Raises:
            CheckpointError: one is no checkpoint, or none is asked for.
        """
        wanted = sorted({int(step) for step in (self.steps if steps is None else steps)})
        if unknown := [step for step in wanted if step not in self.states]:
            raise CheckpointError(
                f"step {unknown[0]} is no checkpoint: {', '.join(map(str, self.steps))}"
            )
        if not wanted:
            raise CheckpointError("steps is empty: at least one checkpoint")
        return wanted


def _given(state: State) -> State:
    return state
