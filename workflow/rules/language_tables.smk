# Tables of all runs of a language model: collected, summarised, searched for events.

from stagewise.tasks.language.collect import TABLES as LANGUAGE_COLLECTED, parts_of


def collected_parts(wildcards):
    """What a whole table is made of."""
    return of_seeds(*parts_of(CONFIG, wildcards.model, wildcards.table))(wildcards)


rule language_collect:
    input:
        collected_parts,
        code=code("stagewise.tasks.language.collect"),
    output:
        LANGUAGE_WHOLE / "{table}.parquet",
    log:
        PATHS.root / "logs/language_collect/{model}_{table}.log",
    benchmark:
        PATHS.root / "benchmarks/language_collect/{model}_{table}.tsv"
    wildcard_constraints:
        table="|".join(LANGUAGE_COLLECTED),
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "collect {wildcards.table} of all runs of {wildcards.model}"
    shell:
        "{STAGEWISE} language collect {wildcards.model} {wildcards.table} {CONFIG_ARGS}"
        " > {log:q} 2>&1"


rule language_development:
    input:
        LANGUAGE_WHOLE / "learning.parquet",
        LANGUAGE_WHOLE / "baselines.parquet",
        LANGUAGE_WHOLE / "landmarks.parquet",
        code=code("stagewise.tasks.language.development"),
    output:
        LANGUAGE_WHOLE / "transitions.parquet",
    log:
        PATHS.root / "logs/language_development/{model}.log",
    benchmark:
        PATHS.root / "benchmarks/language_development/{model}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "stage boundaries, {wildcards.model}"
    shell:
        "{STAGEWISE} language development {wildcards.model} {CONFIG_ARGS} > {log:q} 2>&1"


rule language_events:
    input:
        LANGUAGE_WHOLE / "class_influence.parquet",
        code=code("stagewise.tasks.language.events"),
    output:
        LANGUAGE_WHOLE / "events.parquet",
        LANGUAGE_WHOLE / "trajectories.parquet",
    log:
        PATHS.root / "logs/language_events/{model}.log",
    benchmark:
        PATHS.root / "benchmarks/language_events/{model}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "find flips and peaks of class influence, {wildcards.model}"
    shell:
        "{STAGEWISE} language events {wildcards.model} {CONFIG_ARGS} > {log:q} 2>&1"


rule language_forecast:
    input:
        LANGUAGE_WHOLE / "effects.parquet",
        LANGUAGE_WHOLE / "class_influence.parquet",
        LANGUAGE_WHOLE / "transitions.parquet",
        code=code("stagewise.tasks.language.forecast"),
    output:
        LANGUAGE_WHOLE / "forecast.parquet",
        LANGUAGE_WHOLE / "forecast_means.parquet",
    log:
        PATHS.root / "logs/language_forecast/{model}.log",
    benchmark:
        PATHS.root / "benchmarks/language_forecast/{model}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "hold influence against the effects of the next steps, {wildcards.model}"
    shell:
        "{STAGEWISE} language forecast {wildcards.model} {CONFIG_ARGS} > {log:q} 2>&1"


rule language_races:
    input:
        LANGUAGE_WHOLE / "upweighting.parquet",
        code=code("stagewise.tasks.language.summaries"),
    output:
        LANGUAGE_WHOLE / "races.parquet",
        LANGUAGE_WHOLE / "race_differences.parquet",
    log:
        PATHS.root / "logs/language_races/{model}.log",
    benchmark:
        PATHS.root / "benchmarks/language_races/{model}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "means over runs of up-weighting, {wildcards.model}"
    shell:
        "{STAGEWISE} language summaries {wildcards.model} races {CONFIG_ARGS} > {log:q} 2>&1"


rule language_localisation_summary:
    input:
        LANGUAGE_WHOLE / "localisation.parquet",
        code=code("stagewise.tasks.language.summaries"),
    output:
        LANGUAGE_WHOLE / "localisation_summary.parquet",
    log:
        PATHS.root / "logs/language_localisation_summary/{model}.log",
    benchmark:
        PATHS.root / "benchmarks/language_localisation_summary/{model}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "compare localisations with their limit, {wildcards.model}"
    shell:
        "{STAGEWISE} language summaries {wildcards.model} localisation {CONFIG_ARGS} > {log:q} 2>&1"


rule language_milestones:
    input:
        LANGUAGE_WHOLE / "events.parquet",
        LANGUAGE_WHOLE / "transitions.parquet",
        code=code("stagewise.tasks.language.summaries"),
    output:
        LANGUAGE_WHOLE / "milestones.parquet",
    log:
        PATHS.root / "logs/language_milestones/{model}.log",
    benchmark:
        PATHS.root / "benchmarks/language_milestones/{model}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "milestones of all runs, {wildcards.model}"
    shell:
        "{STAGEWISE} language summaries {wildcards.model} milestones {CONFIG_ARGS} > {log:q} 2>&1"
