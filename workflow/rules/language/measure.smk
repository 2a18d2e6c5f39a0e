# Language models: influence, landmarks, localisations.


rule language_influence_step:
    input:
        reads("language_influence_step"),
        code=code("language_influence_step"),
    output:
        writes("language_influence_step"),
    log:
        PATHS.root / "logs/language_influence_step/{model}_seed{seed}_step{step}.log",
    benchmark:
        PATHS.root
        / "benchmarks/language_influence_step/{model}_seed{seed}_step{step}.tsv"
    priority: 20
    conda:
        "../../../environment.yml"
    threads: threads_of
    resources:
        mem_mb=4000,
        gpu=gpus,
    params:
        settings=settings("language_influence_step"),
    message:
        "sample the local posterior of {wildcards.model}, seed {wildcards.seed}, step {wildcards.step}"
    shell:
        "stagewise language influence {wildcards.model} --seed {wildcards.seed} --step {wildcards.step} --threads {threads} > {log:q} 2>&1"


rule language_influence:
    input:
        reads("language_influence"),
        code=code("language_influence"),
    output:
        writes("language_influence"),
    log:
        PATHS.root / "logs/language_influence/{model}_seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/language_influence/{model}_seed{seed}.tsv"
    priority: 20
    conda:
        "../../../environment.yml"
    threads: threads_of
    resources:
        mem_mb=2000,
        gpu=gpus_of_whole,
    params:
        settings=settings("language_influence"),
    message:
        "sample the local posteriors of {wildcards.model}, seed {wildcards.seed}"
    shell:
        "stagewise language influence {wildcards.model} --seed {wildcards.seed} --threads {threads} > {log:q} 2>&1"


rule language_landmarks:
    input:
        reads("language_landmarks"),
        code=code("language_landmarks"),
    output:
        writes("language_landmarks"),
    log:
        PATHS.root / "logs/language_landmarks/{model}_seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/language_landmarks/{model}_seed{seed}.tsv"
    conda:
        "../../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
        gpu=gpus,
    params:
        settings=settings("language_landmarks"),
    message:
        "landmarks of {wildcards.model}, seed {wildcards.seed}"
    shell:
        "stagewise language landmarks {wildcards.model} --seed {wildcards.seed} > {log:q} 2>&1"


rule language_localisation:
    input:
        reads("language_localisation"),
        code=code("language_localisation"),
    output:
        writes("language_localisation"),
    log:
        PATHS.root / "logs/language_localisation/{model}.log",
    benchmark:
        PATHS.root / "benchmarks/language_localisation/{model}.tsv"
    priority: 15
    conda:
        "../../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        gpu=gpus,
    params:
        settings=settings("language_localisation"),
    message:
        "compare localisations, {wildcards.model}"
    shell:
        "stagewise language localisation {wildcards.model} --threads {threads} > {log:q} 2>&1"
