# Tables of all runs of a language model: collected, summarised, searched for events.


rule language_collect:
    input:
        reads("language_collect"),
        code=code("language_collect"),
    output:
        writes("language_collect"),
    log:
        PATHS.root / "logs/language_collect/{model}_{table}.log",
    benchmark:
        PATHS.root / "benchmarks/language_collect/{model}_{table}.tsv"
    wildcard_constraints:
        table=any_of("language_collect", "table"),
    conda:
        "../../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "collect {wildcards.table} of all runs of {wildcards.model}"
    shell:
        "stagewise language collect {wildcards.model} {wildcards.table} > {log:q} 2>&1"


rule language_development:
    input:
        reads("language_development"),
        code=code("language_development"),
    output:
        writes("language_development"),
    log:
        PATHS.root / "logs/language_development/{model}.log",
    benchmark:
        PATHS.root / "benchmarks/language_development/{model}.tsv"
    conda:
        "../../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("language_development"),
    message:
        "stage boundaries, {wildcards.model}"
    shell:
        "stagewise language development {wildcards.model} > {log:q} 2>&1"


rule language_events:
    input:
        reads("language_events"),
        code=code("language_events"),
    output:
        writes("language_events"),
    log:
        PATHS.root / "logs/language_events/{model}.log",
    benchmark:
        PATHS.root / "benchmarks/language_events/{model}.tsv"
    conda:
        "../../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("language_events"),
    message:
        "find flips and peaks of class influence, {wildcards.model}"
    shell:
        "stagewise language events {wildcards.model} > {log:q} 2>&1"


rule language_forecast:
    input:
        reads("language_forecast"),
        code=code("language_forecast"),
    output:
        writes("language_forecast"),
    log:
        PATHS.root / "logs/language_forecast/{model}.log",
    benchmark:
        PATHS.root / "benchmarks/language_forecast/{model}.tsv"
    conda:
        "../../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("language_forecast"),
    message:
        "hold influence against the effects of the next steps, {wildcards.model}"
    shell:
        "stagewise language forecast {wildcards.model} > {log:q} 2>&1"


rule language_threshold_times:
    input:
        reads("language_threshold_times"),
        code=code("language_threshold_times"),
    output:
        writes("language_threshold_times"),
    log:
        PATHS.root / "logs/language_threshold_times/{model}.log",
    benchmark:
        PATHS.root / "benchmarks/language_threshold_times/{model}.tsv"
    conda:
        "../../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("language_threshold_times"),
    message:
        "means over runs of up-weighting, {wildcards.model}"
    shell:
        "stagewise language summaries {wildcards.model} races > {log:q} 2>&1"


rule language_localisation_summary:
    input:
        reads("language_localisation_summary"),
        code=code("language_localisation_summary"),
    output:
        writes("language_localisation_summary"),
    log:
        PATHS.root / "logs/language_localisation_summary/{model}.log",
    benchmark:
        PATHS.root / "benchmarks/language_localisation_summary/{model}.tsv"
    conda:
        "../../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("language_localisation_summary"),
    message:
        "compare localisations with their limit, {wildcards.model}"
    shell:
        "stagewise language summaries {wildcards.model} localisation > {log:q} 2>&1"


rule language_milestones:
    input:
        reads("language_milestones"),
        code=code("language_milestones"),
    output:
        writes("language_milestones"),
    log:
        PATHS.root / "logs/language_milestones/{model}.log",
    benchmark:
        PATHS.root / "benchmarks/language_milestones/{model}.tsv"
    conda:
        "../../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("language_milestones"),
    message:
        "milestones of all runs, {wildcards.model}"
    shell:
        "stagewise language summaries {wildcards.model} milestones > {log:q} 2>&1"


rule language_sizes:
    input:
        reads("language_sizes"),
        code=code("language_sizes"),
    output:
        writes("language_sizes"),
    log:
        PATHS.root / "logs/language_sizes.log",
    benchmark:
        PATHS.root / "benchmarks/language_sizes.tsv"
    conda:
        "../../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("language_sizes"),
    message:
        "put the language models side by side"
    shell:
        "stagewise language sizes > {log:q} 2>&1"
