# The toy model: how far ahead influence tells.


rule toy_horizons:
    input:
        reads("toy_horizons"),
        code=code("toy_horizons"),
    output:
        renews("toy_horizons"),
    log:
        PATHS.root / "logs/toy_horizons.log",
    benchmark:
        PATHS.root / "benchmarks/toy_horizons.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("toy_horizons"),
    message:
        "how far ahead influence tells, every seed"
    shell:
        "stagewise stage toy_horizons > {log:q} 2>&1"
