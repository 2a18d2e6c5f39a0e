# Tables of all runs of a language model: collected, summarised, searched for events.


for one in stages()["language_tables"].jobs(CONFIG):

    rule:
        name:
            f"language_tables_{one['model']}"
        input:
            job_reads("language_tables", one),
            code=code("language_tables", **one),
        output:
            renews("language_tables", **one),
        log:
            PATHS.root / f"logs/language_tables/{one['model']}.log",
        benchmark:
            PATHS.root / f"benchmarks/language_tables/{one['model']}.tsv"
        conda:
            "../../../environment.yml"
        threads: 1
        resources:
            mem_mb=1500,
        params:
            model=one["model"],
            settings=stages()["language_tables"].depends_on(job("language_tables", one)),
        message:
            f"tables of all runs of {one['model']}: collected, summarised, searched for events"
        shell:
            "stagewise stage language_tables --model {params.model} > {log:q} 2>&1"


rule language_sizes:
    input:
        reads("language_sizes"),
        code=code("language_sizes"),
    output:
        writes("language_sizes"),
    log:
        PATHS.root / "logs/language_sizes.log",
    benchmark:
        PATHS.root / "benchmarks/language_sizes.tsv"
    conda:
        "../../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("language_sizes"),
    message:
        "put the language models side by side"
    shell:
        "stagewise language sizes > {log:q} 2>&1"
