# Language models: train, and intervene on training.


rule language_train:
    input:
        reads("language_train"),
        code=code("language_train"),
    output:
        writes("language_train"),
    log:
        PATHS.root / "logs/language_train/{model}_seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/language_train/{model}_seed{seed}.tsv"
    priority: 30
    conda:
        "../../../environment.yml"
    threads: threads_of
    resources:
        mem_mb=2000,
        gpu=gpus,
    params:
        settings=settings("language_train"),
    message:
        "train {wildcards.model}, seed {wildcards.seed}"
    shell:
        "stagewise language train {wildcards.model} --seed {wildcards.seed} --threads {threads} > {log:q} 2>&1"


rule language_upweighting:
    input:
        reads("language_upweighting"),
        code=code("language_upweighting"),
    output:
        writes("language_upweighting"),
    log:
        PATHS.root / "logs/language_upweighting/{model}_{class_name}_seed{seed}.log",
    benchmark:
        PATHS.root
        / "benchmarks/language_upweighting/{model}_{class_name}_seed{seed}.tsv"
    priority: 10
    conda:
        "../../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
        gpu=gpus,
    params:
        settings=settings("language_upweighting"),
    message:
        "up-weight {wildcards.class_name} in windows, {wildcards.model}, seed {wildcards.seed}"
    shell:
        "stagewise language upweighting {wildcards.model} {wildcards.class_name} --seed {wildcards.seed} > {log:q} 2>&1"


rule language_effects:
    input:
        reads("language_effects"),
        code=code("language_effects"),
    output:
        writes("language_effects"),
    log:
        PATHS.root / "logs/language_effects/{model}_seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/language_effects/{model}_seed{seed}.tsv"
    conda:
        "../../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
        gpu=gpus,
    params:
        settings=settings("language_effects"),
    message:
        "up-weight every class for a few steps, {wildcards.model}, seed {wildcards.seed}"
    shell:
        "stagewise language effects {wildcards.model} --seed {wildcards.seed} > {log:q} 2>&1"
