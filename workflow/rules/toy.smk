# The toy model: train, measure influence in five ways, ablate, sweep, find events.

PER_SEED = ["diagnostics", "windows", "limits"]
LEARNING = ["losses", "modes", "transitions", "embedding"]
TOY_TABLES = [*PER_SEED, *LEARNING, "sweep", "events", "trajectories", "window_curves", "limit_errors"]

SEED = PATHS.toy / "seed{seed}"


rule toy_train:
    input:
        code=code("stagewise.tasks.toy.train"),
    output:
        SEED / "checkpoints.safetensors",
    params:
        settings=settings(*NETWORK_KEYS),
    log:
        PATHS.root / "logs/toy_train/seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/toy_train/seed{seed}.tsv"
    threads: 1
    resources:
        mem_mb=600,
    message:
        "train the toy network, seed {wildcards.seed}"
    shell:
        "{STAGEWISE} toy train --seed {wildcards.seed} {CONFIG_ARGS} > {log:q} 2>&1"


rule toy_bif:
    input:
        checkpoints=SEED / "checkpoints.safetensors",
        code=code("stagewise.tasks.toy.bif"),
    output:
        influence=SEED / "influence/bif.parquet",
        diagnostics=SEED / "diagnostics.parquet",
    params:
        settings=settings(*POSTERIOR),
    log:
        PATHS.root / "logs/toy_bif/seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/toy_bif/seed{seed}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
    message:
        "sample the local posteriors of seed {wildcards.seed}"
    shell:
        "{STAGEWISE} toy influence bif --seed {wildcards.seed} --threads {threads} {CONFIG_ARGS}"
        " > {log:q} 2>&1"


# One job for all of them: each takes less time than its start.
rule toy_exact:
    input:
        checkpoints=SEED / "checkpoints.safetensors",
        code=code("stagewise.tasks.toy.exact"),
    output:
        [SEED / f"influence/{estimator}.parquet" for estimator in EXACT],
    params:
        settings=settings(*(key for keys in EXACT.values() for key in keys)),
    log:
        PATHS.root / "logs/toy_exact/seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/toy_exact/seed{seed}.tsv"
    threads: 1
    resources:
        mem_mb=800,
    message:
        "influence by every exact estimator, seed {wildcards.seed}"
    shell:
        "{STAGEWISE} toy influence exact --seed {wildcards.seed} {CONFIG_ARGS} > {log:q} 2>&1"


rule toy_windows:
    input:
        checkpoints=SEED / "checkpoints.safetensors",
        code=code("stagewise.tasks.toy.windows"),
    output:
        SEED / "windows.parquet",
    params:
        settings=settings("window_lengths", "window_every", "steps", "optimizer", "learning_rate"),
    log:
        PATHS.root / "logs/toy_windows/seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/toy_windows/seed{seed}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "remove samples inside windows of training, seed {wildcards.seed}"
    shell:
        "{STAGEWISE} toy windows --seed {wildcards.seed} {CONFIG_ARGS} > {log:q} 2>&1"


rule toy_limits:
    input:
        checkpoints=SEED / "checkpoints.safetensors",
        code=code("stagewise.tasks.toy.limits"),
    output:
        SEED / "limits.parquet",
    params:
        settings=settings("posterior.nbeta"),
    log:
        PATHS.root / "logs/toy_limits/seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/toy_limits/seed{seed}.tsv"
    threads: 1
    resources:
        mem_mb=800,
    message:
        "strong localisation against instantaneous influence, seed {wildcards.seed}"
    shell:
        "{STAGEWISE} toy limits --seed {wildcards.seed} {CONFIG_ARGS} > {log:q} 2>&1"


rule toy_sweep:
    input:
        checkpoints=PATHS.checkpoints(CONFIG.seed),
        references=[PATHS.estimator(name, CONFIG.seed) for name in ("unrolled", "loo")],
        code=code("stagewise.tasks.toy.sweep"),
    output:
        PATHS.whole("sweep"),
    params:
        settings=settings("sweep"),
    log:
        PATHS.root / "logs/toy_sweep.log",
    benchmark:
        PATHS.root / "benchmarks/toy_sweep.tsv"
    threads: 1
    resources:
        mem_mb=2000,
    message:
        "compare sampler settings"
    shell:
        "{STAGEWISE} toy sweep --threads {threads} {CONFIG_ARGS} > {log:q} 2>&1"


rule toy_influence:
    input:
        [PATHS.estimator(name, seed) for name in ESTIMATORS for seed in SEEDS],
        code=code("stagewise.tasks.toy.collect"),
    output:
        PATHS.influence,
    log:
        PATHS.root / "logs/toy_influence.log",
    benchmark:
        PATHS.root / "benchmarks/toy_influence.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "collect the influence of all estimators and seeds"
    shell:
        "{STAGEWISE} toy collect influence {CONFIG_ARGS} > {log:q} 2>&1"


rule toy_collect:
    input:
        [PATHS.toy / f"seed{seed}" / "{table}.parquet" for seed in SEEDS],
        code=code("stagewise.tasks.toy.collect"),
    output:
        PATHS.toy / "{table}.parquet",
    log:
        PATHS.root / "logs/toy_collect/{table}.log",
    benchmark:
        PATHS.root / "benchmarks/toy_collect/{table}.tsv"
    wildcard_constraints:
        table="|".join(PER_SEED),
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "collect {wildcards.table} of all seeds"
    shell:
        "{STAGEWISE} toy collect {wildcards.table} {CONFIG_ARGS} > {log:q} 2>&1"


rule toy_learning:
    input:
        checkpoints=[PATHS.checkpoints(seed) for seed in SEEDS],
        code=code("stagewise.tasks.toy.learning"),
    output:
        [PATHS.whole(table) for table in LEARNING],
    params:
        settings=settings("hierarchy", "optimizer"),
    log:
        PATHS.root / "logs/toy_learning.log",
    benchmark:
        PATHS.root / "benchmarks/toy_learning.tsv"
    threads: 1
    resources:
        mem_mb=800,
    message:
        "what was learnt when"
    shell:
        "{STAGEWISE} toy learning {CONFIG_ARGS} > {log:q} 2>&1"


rule toy_window_curves:
    input:
        PATHS.whole("windows"),
        PATHS.whole("trajectories"),
        PATHS.whole("limits"),
        code=code("stagewise.tasks.toy.window_curves"),
    output:
        PATHS.whole("window_curves"),
        PATHS.whole("limit_errors"),
    params:
        settings=settings("posterior.gamma", "learning_rate"),
    log:
        PATHS.root / "logs/toy_window_curves.log",
    benchmark:
        PATHS.root / "benchmarks/toy_window_curves.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "window ablation beside influence"
    shell:
        "{STAGEWISE} toy window-curves {CONFIG_ARGS} > {log:q} 2>&1"


rule toy_events:
    input:
        influence=PATHS.influence,
        code=code("stagewise.tasks.toy.events"),
    output:
        PATHS.whole("events"),
        PATHS.whole("trajectories"),
    log:
        PATHS.root / "logs/toy_events.log",
    benchmark:
        PATHS.root / "benchmarks/toy_events.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "find flips and peaks"
    shell:
        "{STAGEWISE} toy events {CONFIG_ARGS} > {log:q} 2>&1"
