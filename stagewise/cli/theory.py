"""The theory's checks as plain commands: `stagewise theory ...`."""

from __future__ import annotations

from typing import Annotated

import typer

from stagewise.cli.options import Given, command, task_command

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


task_command(
    theory,
    "phases",
    "theory_phases",
    "Two phases of a posterior, by quadrature and by the sampler.",
)
task_command(theory, "errors", "theory_errors", "The closed form's error split into its causes.")
task_command(
    theory, "times", "theory_times", "Predicted against measured times of flips and peaks."
)
task_command(
    theory, "branches", "theory_branches", "Branch points of hidden paths beside influence peaks."
)
task_command(
    theory,
    "what-if",
    "theory_what_if",
    "Predicted influence over a grid of hierarchies, starts and learning rates.",
)
task_command(
    theory, "optimizers", "theory_optimizers", "The claims C1 to C5 under every optimizer."
)
task_command(
    theory,
    "document",
    "theory_document",
    "Prove every derivation and write them, with figures and tables, as one document.",
)
