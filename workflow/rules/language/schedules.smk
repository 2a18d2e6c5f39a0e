# Language models: extra weight spent where influence says that it helps.


rule language_schedules:
    input:
        reads("language_schedules"),
        code=code("language_schedules"),
    output:
        writes("language_schedules"),
    log:
        PATHS.root / "logs/language_schedules/{model}_seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/language_schedules/{model}_seed{seed}.tsv"
    priority: 10
    conda:
        "../../../environment.yml"
    threads: threads_of
    resources:
        mem_mb=2000,
        gpu=gpus,
    params:
        settings=settings("language_schedules"),
    message:
        "spend extra weight where influence says it helps, {wildcards.model}, seed {wildcards.seed}"
    shell:
        "stagewise language schedules {wildcards.model} --seed {wildcards.seed} --threads {threads} > {log:q} 2>&1"


rule language_schedule_differences:
    input:
        reads("language_schedule_differences"),
        code=code("language_schedule_differences"),
    output:
        writes("language_schedule_differences"),
    log:
        PATHS.root / "logs/language_schedule_differences/{model}.log",
    benchmark:
        PATHS.root / "benchmarks/language_schedule_differences/{model}.tsv"
    conda:
        "../../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("language_schedule_differences"),
    message:
        "paired differences between ways to spend extra weight, {wildcards.model}"
    shell:
        "stagewise language summaries {wildcards.model} schedules > {log:q} 2>&1"
