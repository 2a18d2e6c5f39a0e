# The toy model: train, measure influence, ablate, sweep, find events.


rule toy_train:
    input:
        reads("toy_train"),
        code=code("toy_train"),
    output:
        renews("toy_train"),
    log:
        PATHS.root / "logs/toy_train.log",
    benchmark:
        PATHS.root / "benchmarks/toy_train.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("toy_train"),
    message:
        "train the toy network, every seed"
    shell:
        "stagewise stage toy_train > {log:q} 2>&1"


rule toy_bif:
    input:
        reads_of_one_seed("toy_bif"),
        code=code("toy_bif"),
    output:
        writes("toy_bif"),
    log:
        PATHS.root / "logs/toy_bif/seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/toy_bif/seed{seed}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        settings=settings("toy_bif"),
    message:
        "sample the local posteriors of seed {wildcards.seed}"
    shell:
        "stagewise toy influence bif --seed {wildcards.seed} --threads {threads} > {log:q} 2>&1"


rule toy_exact:
    input:
        reads("toy_exact"),
        code=code("toy_exact"),
    output:
        renews("toy_exact"),
    log:
        PATHS.root / "logs/toy_exact.log",
    benchmark:
        PATHS.root / "benchmarks/toy_exact.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("toy_exact"),
    message:
        "influence by every exact estimator, every seed"
    shell:
        "stagewise stage toy_exact > {log:q} 2>&1"


rule toy_windows:
    input:
        reads("toy_windows"),
        code=code("toy_windows"),
    output:
        renews("toy_windows"),
    log:
        PATHS.root / "logs/toy_windows.log",
    benchmark:
        PATHS.root / "benchmarks/toy_windows.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("toy_windows"),
    message:
        "remove samples inside windows of training, every seed"
    shell:
        "stagewise stage toy_windows > {log:q} 2>&1"


rule toy_limits:
    input:
        reads("toy_limits"),
        code=code("toy_limits"),
    output:
        renews("toy_limits"),
    log:
        PATHS.root / "logs/toy_limits.log",
    benchmark:
        PATHS.root / "benchmarks/toy_limits.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("toy_limits"),
    message:
        "strong localisation against instantaneous influence, every seed"
    shell:
        "stagewise stage toy_limits > {log:q} 2>&1"


rule toy_sweep:
    input:
        reads_of_one_seed("toy_sweep"),
        code=code("toy_sweep"),
    output:
        writes("toy_sweep"),
    log:
        PATHS.root / "logs/toy_sweep.log",
    benchmark:
        PATHS.root / "benchmarks/toy_sweep.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        settings=settings("toy_sweep"),
    message:
        "compare sampler settings"
    shell:
        "stagewise toy sweep --threads {threads} > {log:q} 2>&1"


rule toy_curves:
    input:
        reads("toy_curves"),
        code=code("toy_curves"),
    output:
        renews("toy_curves"),
    log:
        PATHS.root / "logs/toy_curves.log",
    benchmark:
        PATHS.root / "benchmarks/toy_curves.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("toy_curves"),
    message:
        "influence of all seeds together, what was learnt when, flips and peaks"
    shell:
        "stagewise stage toy_curves > {log:q} 2>&1"


rule toy_window_curves:
    input:
        reads("toy_window_curves"),
        code=code("toy_window_curves"),
    output:
        writes("toy_window_curves"),
    log:
        PATHS.root / "logs/toy_window_curves.log",
    benchmark:
        PATHS.root / "benchmarks/toy_window_curves.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("toy_window_curves"),
    message:
        "window ablation beside influence"
    shell:
        "stagewise toy window-curves > {log:q} 2>&1"
