"""The theory's checks as plain commands: `stagewise theory ...`."""

from __future__ import annotations

from typing import Annotated

import typer

from stagewise.cli.options import Files, Settings, Threads, limit_threads, load, progress_bar

theory = typer.Typer(no_args_is_help=True, help="The theory: derivations, predictions, checks.")


@theory.command("variant")
def variant_(
    name: Annotated[str, typer.Argument(help="Under theory.hierarchies or theory.optimizers.")],
    configfile: Files = None,
    set_: Settings = None,
    threads: Threads = 1,
) -> None:
    """A variant of the toy: train, measure influence, find events."""
    from stagewise.tasks.theory import variant

    limit_threads(threads)
    config, paths = load(configfile, set_)
    toy = variant.configured(config, name).toy
    checkpoints = len(range(0, toy.steps, toy.checkpoint_every)) + 1
    runs = len(variant.sampled_seeds(config, name))
    steps = runs * checkpoints * toy.posterior.chains * toy.posterior.sgld_steps
    with progress_bar(f"{name}: sampling", steps) as advance:
        variant.run(config, name, paths.variant(name), threads=threads, progress=advance)


@theory.command("phases")
def phases_(configfile: Files = None, set_: Settings = None) -> None:
    """Two phases of a posterior, by quadrature and by the sampler."""
    from stagewise.tasks.theory import phases

    limit_threads(1)
    config, paths = load(configfile, set_)
    phases.run(config, paths.theory("phases"), paths.theory("phases_sampled"))


@theory.command("errors")
def errors_(configfile: Files = None, set_: Settings = None) -> None:
    """The closed form's error split into its causes."""
    from stagewise.tasks.theory import closed_form_error

    limit_threads(1)
    config, paths = load(configfile, set_)
    outputs = (paths.theory(name) for name in ("closed_form_error", "closed_form_curves"))
    closed_form_error.run(config, *outputs)


@theory.command("times")
def times_(configfile: Files = None, set_: Settings = None) -> None:
    """Predicted against measured times of flips and peaks."""
    from stagewise.tasks.theory import times

    limit_threads(1)
    times.run(*load(configfile, set_))


@theory.command("optimizers")
def optimizers_(configfile: Files = None, set_: Settings = None) -> None:
    """The claims C1 to C5 under every optimizer."""
    from stagewise.tasks.theory import optimizers

    optimizers.run(*load(configfile, set_))


@theory.command("document")
def document_(configfile: Files = None, set_: Settings = None) -> None:
    """Prove every derivation and write them, with figures and tables, as one document."""
    from stagewise.tasks.theory import theory_document

    theory_document.run(*load(configfile, set_))
