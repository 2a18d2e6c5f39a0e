"""Influence through a change of phase, exactly and by the sampler (claim C11)."""

from __future__ import annotations

from stagewise.provenance.store import provenance, write_result
from stagewise.tasks.base import Job, chosen, once, task

WRITES = ("phases", "phases_sampled")


@task(
    jobs=once,
    reads=lambda job: [],
    writes=lambda job: [job.paths.theory(name) for name in WRITES],
    settings=lambda job: [chosen(job.config.theory, "phases"), job.config.seed],
)
def theory_phases(job: Job) -> None:
    """Write the exact curves and the sampled ones."""
    from analysis.estimators.sampled_phases import sampled_phases
    from analysis.theory.phase_curves import PhaseSettings, SampledPhase, phase_curves
    from analysis.theory.potential import TwoWells

    given, potential = job.config.theory.phases, TwoWells()
    settings = PhaseSettings(
        **given.model_dump(exclude={"weak", "strong"}),
        weak=SampledPhase(**given.weak.model_dump()),
        strong=SampledPhase(**given.strong.model_dump()),
    )
    found = (
        phase_curves(potential, settings),
        sampled_phases(potential, settings, job.config.seed),
    )
    made = provenance(job.config.model_dump(), job.config.seed)
    for name, table in zip(WRITES, found, strict=True):
        write_result("theory", name, table, job.paths.theory(name), made)
