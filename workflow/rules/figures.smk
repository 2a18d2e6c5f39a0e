# Figures: each reads finished tables and computes nothing.


rule draw:
    input:
        reads("draw"),
        code=code("draw"),
    output:
        renews("draw"),
    log:
        PATHS.root / "logs/draw.log",
    benchmark:
        PATHS.root / "benchmarks/draw.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("draw"),
    message:
        "draw the figures of the toy"
    shell:
        "stagewise stage draw > {log:q} 2>&1"


rule draw_theory:
    input:
        reads("draw_theory"),
        code=code("draw_theory"),
    output:
        renews("draw_theory"),
    log:
        PATHS.root / "logs/draw_theory.log",
    benchmark:
        PATHS.root / "benchmarks/draw_theory.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("draw_theory"),
    message:
        "draw the figures of the theory, and the toy's in its document"
    shell:
        "stagewise stage draw_theory > {log:q} 2>&1"


rule draw_across:
    input:
        reads("draw_across"),
        code=code("draw_across"),
    output:
        renews("draw_across"),
    log:
        PATHS.root / "logs/draw_across.log",
    benchmark:
        PATHS.root / "benchmarks/draw_across.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("draw_across"),
    message:
        "draw the figures of all language models together"
    shell:
        "stagewise stage draw_across > {log:q} 2>&1"


for one in stages()["draw_language"].jobs(CONFIG):

    rule:
        name:
            f"draw_language_{one['model']}"
        input:
            job_reads("draw_language", one),
            code=code("draw_language", **one),
        output:
            renews("draw_language", **one),
        log:
            PATHS.root / f"logs/draw_language/{one['model']}.log",
        benchmark:
            PATHS.root / f"benchmarks/draw_language/{one['model']}.tsv"
        conda:
            "../../environment.yml"
        threads: 1
        resources:
            mem_mb=1000,
        params:
            model=one["model"],
            settings=stages()["draw_language"].depends_on(job("draw_language", one)),
        message:
            f"draw the figures of {one['model']}"
        shell:
            "stagewise stage draw_language --model {params.model} > {log:q} 2>&1"


# The figures of a recorded model are drawn by one job: its tables never change one by one.
for one in task_named("draw_recorded").jobs(CONFIG):

    rule:
        name:
            f"draw_recorded_{one['model']}"
        input:
            job_reads("draw_recorded", one),
            code=code("draw_recorded"),
        output:
            [
                recorded_in_report(path, one["model"])
                for path in job_writes("draw_recorded", one)
            ],
        log:
            PATHS.root / f"logs/draw_recorded/{one['model']}.log",
        benchmark:
            PATHS.root / f"benchmarks/draw_recorded/{one['model']}.tsv"
        conda:
            "../../environment.yml"
        threads: 1
        resources:
            mem_mb=600,
        params:
            model=one["model"],
        message:
            f"draw every figure of {one['model']}, from its recorded run"
        shell:
            "stagewise figure all --model {params.model} > {log:q} 2>&1"
