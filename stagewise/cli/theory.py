"""The theory's checks as plain commands: `stagewise theory ...`."""

from __future__ import annotations

from typing import Annotated

import typer

from stagewise.cli.options import Given, command

theory = typer.Typer(no_args_is_help=True, help="The theory: derivations, predictions, checks.")


@command(theory, "variant", threads=1)
def variant(
    given: Given,
    name: Annotated[str, typer.Argument(help="Under theory.hierarchies or theory.optimizers.")],
) -> None:
    """A variant of the toy: train, measure influence, find events."""
    hierarchy = name in given.config.theory.hierarchies
    stage = "theory_hierarchy" if hierarchy else "theory_optimizer"
    given.perform(stage, f"{name}: sampling", variant=name)


@command(theory, "phases")
def phases(given: Given) -> None:
    """Two phases of a posterior, by quadrature and by the sampler."""
    given.perform("theory_phases")


@command(theory, "errors")
def errors(given: Given) -> None:
    """The closed form's error split into its causes."""
    given.perform("theory_errors")


@command(theory, "times")
def times(given: Given) -> None:
    """Predicted against measured times of flips and peaks."""
    given.perform("theory_times")


@command(theory, "optimizers")
def optimizers(given: Given) -> None:
    """The claims C1 to C5 under every optimizer."""
    given.perform("theory_optimizers")


@command(theory, "document")
def document(given: Given) -> None:
    """Prove every derivation and write them, with figures and tables, as one document."""
    given.perform("theory_document")
