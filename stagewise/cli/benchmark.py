"""Speed, as plain commands: `stagewise benchmark ...`."""

from __future__ import annotations

from typing import Annotated

import typer

from stagewise.cli.options import Device, Threads, device_named

Rounds = Annotated[int, typer.Option(min=1, help="Turns of ours and the peer.")]

benchmark = typer.Typer(no_args_is_help=True, help="Speed against a peer, in one process run.")


@benchmark.command("toy")
def benchmark_toy(
    threads: Threads = 2,
    draws: Annotated[int, typer.Option(min=10, help="Draws per chain and round, ours.")] = 500,
    peer_draws: Annotated[int, typer.Option(min=10, help="Draws, peer, per round.")] = 2000,
    rounds: Rounds = 5,
) -> None:
    """SGLD on the default toy: this sampler against devinterp, in turns. The last line is JSON."""
    from stagewise.benchmarks.toy import toy_benchmark

    typer.echo(toy_benchmark(threads=threads, draws=draws, peer_draws=peer_draws, rounds=rounds))


@benchmark.command("language")
def benchmark_language(
    threads: Threads = 2,
    draws: Annotated[int, typer.Option(min=40, help="Draws per chain and round, both.")] = 100,
    device: Device = "cpu",
    rounds: Rounds = 5,
) -> None:
    """Sampling and class influence of the default language model: ours against devinterp, in
    turns. The last line is JSON."""
    from stagewise.benchmarks.language import language_benchmark

    typer.echo(
        language_benchmark(threads=threads, draws=draws, device=device_named(device), rounds=rounds)
    )


@benchmark.command("module")
def benchmark_module(
    threads: Threads = 1,
    scale: Annotated[float, typer.Option(min=0.01, help="Times as many draws.")] = 1.0,
    rounds: Rounds = 5,
) -> None:
    """Sampling of any module: 16 chains at once, one after another, and devinterp, in turns. The
    last line is JSON."""
    from stagewise.benchmarks.module import module_benchmark

    typer.echo(module_benchmark(threads=threads, scale=scale, rounds=rounds))


@benchmark.command("cost")
def benchmark_cost(
    threads: Threads = 1,
    device: Device = "auto",
    record: Annotated[bool, typer.Option(help="Keep the table in the repository.")] = False,
) -> None:
    """What a draw costs, from small models to Pythia-14m, and by extrapolation up to 12b. The last
    line is JSON."""
    from stagewise.benchmarks.cost import run

    typer.echo(run(device_named(device), threads, record=record))
