# The toy model: how far ahead influence tells.


rule toy_horizons:
    input:
        reads("toy_horizons"),
        code=code("toy_horizons"),
    output:
        writes("toy_horizons"),
    log:
        PATHS.root / "logs/toy_horizons/seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/toy_horizons/seed{seed}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=800,
    params:
        settings=settings("toy_horizons"),
    message:
        "how far ahead influence tells, seed {wildcards.seed}"
    shell:
        "stagewise toy horizons --seed {wildcards.seed} > {log:q} 2>&1"


rule toy_horizon_means:
    input:
        reads("toy_horizon_means"),
        code=code("toy_horizon_means"),
    output:
        writes("toy_horizon_means"),
    log:
        PATHS.root / "logs/toy_horizon_means.log",
    benchmark:
        PATHS.root / "benchmarks/toy_horizon_means.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=800,
    params:
        settings=settings("toy_horizon_means"),
    message:
        "how far ahead influence tells, mean over all seeds"
    shell:
        "stagewise toy horizon-means > {log:q} 2>&1"
