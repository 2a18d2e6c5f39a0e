# Claims and events, decided in their rooms and merged: a part asked for alone decides its own.


rule claims_toy:
    input:
        reads("claims_toy"),
        code=code("claims_toy"),
    output:
        writes("claims_toy"),
    log:
        PATHS.root / "logs/claims_toy.log",
    benchmark:
        PATHS.root / "benchmarks/claims_toy.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("claims_toy"),
    message:
        "decide the claims about the toy"
    shell:
        "stagewise claims toy > {log:q} 2>&1"


rule claims_theory:
    input:
        reads("claims_theory"),
        code=code("claims_theory"),
    output:
        writes("claims_theory"),
    log:
        PATHS.root / "logs/claims_theory.log",
    benchmark:
        PATHS.root / "benchmarks/claims_theory.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("claims_theory"),
    message:
        "decide the claims about the theory"
    shell:
        "stagewise claims theory > {log:q} 2>&1"


rule claims_language:
    input:
        reads("claims_language"),
        code=code("claims_language"),
    output:
        writes("claims_language"),
    log:
        PATHS.root / "logs/claims_language/{model}.log",
    benchmark:
        PATHS.root / "benchmarks/claims_language/{model}.tsv"
    wildcard_constraints:
        model=any_of("claims_language", "model"),
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("claims_language"),
    message:
        "decide the claims about {wildcards.model}"
    shell:
        "stagewise claims language --model {wildcards.model} > {log:q} 2>&1"


rule claims_recorded:
    input:
        reads("claims_recorded"),
        code=code("claims_recorded"),
    output:
        renews("claims_recorded"),
    log:
        PATHS.root / "logs/claims_recorded.log",
    benchmark:
        PATHS.root / "benchmarks/claims_recorded.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("claims_recorded"),
    message:
        "decide the claims about models of other configurations, from their recorded runs"
    shell:
        "stagewise stage claims_recorded > {log:q} 2>&1"


rule merge_claims:
    input:
        reads("merge_claims"),
        code=code("merge_claims"),
    output:
        PATHS.claims,
        in_report(PATHS.claims_html, CLAIMS, claims_shown),
        PATHS.claims_page,
        PATHS.claims_origin,
    log:
        PATHS.root / "logs/merge_claims.log",
    benchmark:
        PATHS.root / "benchmarks/merge_claims.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=600,
    params:
        settings=settings("merge_claims"),
    message:
        "put all claims together"
    shell:
        "stagewise claims > {log:q} 2>&1"


rule merge_events:
    input:
        reads("merge_events"),
        code=code("merge_events"),
    output:
        writes("merge_events"),
    log:
        PATHS.root / "logs/merge_events.log",
    benchmark:
        PATHS.root / "benchmarks/merge_events.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=600,
    params:
        settings=settings("merge_events"),
    message:
        "put the events of the toy and of the language models together"
    shell:
        "stagewise events > {log:q} 2>&1"
