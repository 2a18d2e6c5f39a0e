# The explorer: one page from the tables, claims and figures of everything else.


rule explorer:
    input:
        reads("explorer"),
        code=code("explorer"),
    output:
        in_report(PATHS.explorer, EXPLORER, explorer_shown),
        PATHS.explorer_origin,
    log:
        PATHS.root / "logs/explorer.log",
    benchmark:
        PATHS.root / "benchmarks/explorer.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
    params:
        settings=settings("explorer"),
    message:
        "write the explorer, a page for the browser"
    shell:
        "stagewise explorer > {log:q} 2>&1"
