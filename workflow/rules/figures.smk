# Figures: each reads finished tables and computes nothing.


rule draw:
    input:
        reads("draw"),
        code=lambda w: code("draw", scripts()[w.figure].module),
    output:
        figure_in_report(PATHS.figures / "{figure}.png"),
        [path for path in writes("draw") if path.suffix != ".png"],
    log:
        PATHS.root / "logs/draw/{figure}.log",
    benchmark:
        PATHS.root / "benchmarks/draw/{figure}.tsv"
    wildcard_constraints:
        figure=any_of("draw", "figure"),
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=600,
    params:
        settings=settings("draw"),
        shows=lambda w: scripts()[w.figure].shows,
        tables=lambda w: ", ".join(scripts()[w.figure].reads),
    message:
        "draw {wildcards.figure}"
    shell:
        "stagewise figure {wildcards.figure} > {log:q} 2>&1"


rule draw_across:
    input:
        reads("draw_across"),
        code=lambda w: code("draw_across", scripts()[w.figure].module),
    output:
        figure_in_report(PATHS.figures / "{figure}.png"),
        [path for path in writes("draw_across") if path.suffix != ".png"],
    log:
        PATHS.root / "logs/draw/{figure}.log",
    benchmark:
        PATHS.root / "benchmarks/draw/{figure}.tsv"
    wildcard_constraints:
        figure=any_of("draw_across", "figure"),
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=600,
    params:
        shows=lambda w: scripts()[w.figure].shows,
        tables=lambda w: ", ".join(scripts()[w.figure].reads),
    message:
        "draw {wildcards.figure} of all language models"
    shell:
        "stagewise figure {wildcards.figure} > {log:q} 2>&1"


rule draw_language:
    input:
        reads("draw_language"),
        code=lambda w: code("draw_language", scripts()[w.figure].module),
    output:
        figure_in_report(PATHS.figures / "{figure}_{model}.png"),
        [path for path in writes("draw_language") if path.suffix != ".png"],
    log:
        PATHS.root / "logs/draw/{figure}_{model}.log",
    benchmark:
        PATHS.root / "benchmarks/draw/{figure}_{model}.tsv"
    wildcard_constraints:
        figure=any_of("draw_language", "figure"),
        model=any_of("draw_language", "model"),
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=600,
    params:
        settings=settings("draw_language"),
        shows=lambda w: scripts()[w.figure].shows,
        tables=lambda w: ", ".join(scripts()[w.figure].reads),
    message:
        "draw {wildcards.figure} of {wildcards.model}"
    shell:
        "stagewise figure {wildcards.figure} --model {wildcards.model} > {log:q} 2>&1"


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
