# Claims and figures: both read finished tables.

from figures import TABLES as FIGURE_TABLES

FIGURES = [
    PATHS.figures / f"{name}.{suffix}" for name in FIGURE_TABLES for suffix in ("pdf", "svg", "png")
]


rule decide_claims:
    input:
        PATHS.influence,
        PATHS.events,
        [PATHS.whole(table) for table in TOY_TABLES],
        code=code("stagewise.stages.claims"),
    output:
        PATHS.claims,
        PATHS.claims_page,
        PATHS.root / "claims.provenance.json",
    params:
        settings=settings("focus"),
    log:
        PATHS.root / "logs/decide_claims.log",
    benchmark:
        PATHS.root / "benchmarks/decide_claims.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "decide the claims"
    shell:
        "{STAGEWISE} claims {CONFIG_ARGS} > {log:q} 2>&1"


rule draw:
    input:
        tables=lambda w: [PATHS.table(name) for name in FIGURE_TABLES[w.figure]],
        code=lambda w: code("stagewise.stages.figure", f"figures.{w.figure}"),
    output:
        multiext(str(PATHS.figures / "{figure}"), ".pdf", ".svg", ".png"),
    params:
        settings=settings("focus"),
    log:
        PATHS.root / "logs/draw/{figure}.log",
    benchmark:
        PATHS.root / "benchmarks/draw/{figure}.tsv"
    wildcard_constraints:
        figure="|".join(FIGURE_TABLES),
    threads: 1
    resources:
        mem_mb=600,
    message:
        "draw {wildcards.figure}"
    shell:
        "{STAGEWISE} figure {wildcards.figure} {CONFIG_ARGS} > {log:q} 2>&1"
