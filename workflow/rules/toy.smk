# The toy model: train, measure influence, ablate, sweep, find events.


rule toy_train:
    input:
        code=code("toy_train"),
    output:
        writes("toy_train"),
    log:
        PATHS.root / "logs/toy_train/seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/toy_train/seed{seed}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=600,
    params:
        settings=settings("toy_train"),
    message:
        "train the toy network, seed {wildcards.seed}"
    shell:
        "stagewise toy train --seed {wildcards.seed} > {log:q} 2>&1"


rule toy_bif:
    input:
        reads("toy_bif"),
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
        writes("toy_exact"),
    log:
        PATHS.root / "logs/toy_exact/seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/toy_exact/seed{seed}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=800,
    params:
        settings=settings("toy_exact"),
    message:
        "influence by every exact estimator, seed {wildcards.seed}"
    shell:
        "stagewise toy influence exact --seed {wildcards.seed} > {log:q} 2>&1"


rule toy_windows:
    input:
        reads("toy_windows"),
        code=code("toy_windows"),
    output:
        writes("toy_windows"),
    log:
        PATHS.root / "logs/toy_windows/seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/toy_windows/seed{seed}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("toy_windows"),
    message:
        "remove samples inside windows of training, seed {wildcards.seed}"
    shell:
        "stagewise toy windows --seed {wildcards.seed} > {log:q} 2>&1"


rule toy_limits:
    input:
        reads("toy_limits"),
        code=code("toy_limits"),
    output:
        writes("toy_limits"),
    log:
        PATHS.root / "logs/toy_limits/seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/toy_limits/seed{seed}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=800,
    params:
        settings=settings("toy_limits"),
    message:
        "strong localisation against instantaneous influence, seed {wildcards.seed}"
    shell:
        "stagewise toy limits --seed {wildcards.seed} > {log:q} 2>&1"


rule toy_sweep:
    input:
        reads("toy_sweep"),
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


rule toy_influence:
    input:
        reads("toy_influence"),
        code=code("toy_influence"),
    output:
        writes("toy_influence"),
    log:
        PATHS.root / "logs/toy_influence.log",
    benchmark:
        PATHS.root / "benchmarks/toy_influence.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("toy_influence"),
    message:
        "collect the influence of all estimators and seeds"
    shell:
        "stagewise toy collect influence > {log:q} 2>&1"


rule toy_collect:
    input:
        reads("toy_collect"),
        code=code("toy_collect"),
    output:
        writes("toy_collect"),
    log:
        PATHS.root / "logs/toy_collect/{table}.log",
    benchmark:
        PATHS.root / "benchmarks/toy_collect/{table}.tsv"
    wildcard_constraints:
        table=any_of("toy_collect", "table"),
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "collect {wildcards.table} of all seeds"
    shell:
        "stagewise toy collect {wildcards.table} > {log:q} 2>&1"


rule toy_learning:
    input:
        reads("toy_learning"),
        code=code("toy_learning"),
    output:
        writes("toy_learning"),
    log:
        PATHS.root / "logs/toy_learning.log",
    benchmark:
        PATHS.root / "benchmarks/toy_learning.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=800,
    params:
        settings=settings("toy_learning"),
    message:
        "losses, modes, transitions and hidden layer of all seeds"
    shell:
        "stagewise toy learning > {log:q} 2>&1"


rule toy_events:
    input:
        reads("toy_events"),
        code=code("toy_events"),
    output:
        writes("toy_events"),
    log:
        PATHS.root / "logs/toy_events.log",
    benchmark:
        PATHS.root / "benchmarks/toy_events.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("toy_events"),
    message:
        "find flips and peaks"
    shell:
        "stagewise toy events > {log:q} 2>&1"


rule toy_peaks:
    input:
        reads("toy_peaks"),
        code=code("toy_peaks"),
    output:
        writes("toy_peaks"),
    log:
        PATHS.root / "logs/toy_peaks.log",
    benchmark:
        PATHS.root / "benchmarks/toy_peaks.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=800,
    params:
        settings=settings("toy_peaks"),
    message:
        "hold flips and peaks beside the removals and the stages"
    shell:
        "stagewise toy peaks > {log:q} 2>&1"


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
