# Claims and figures: both read finished tables.

FIGURE_NAMES = []
FIGURES = []


rule decide_claims:
    input:
        PATHS.influence,
        PATHS.events,
        [PATHS.whole(table) for table in TOY_TABLES],
        code=code("stagewise.stages.claims"),
    output:
        PATHS.claims,
        PATHS.claims_page,
    params:
        settings=settings("focus"),
    log:
        PATHS.root / "logs/claims.log",
    benchmark:
        PATHS.root / "benchmarks/claims.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "decide the claims"
    shell:
        "{STAGEWISE} claims {CONFIG_ARGS} > {log} 2>&1"
