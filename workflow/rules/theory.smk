# The theory: variants of the toy, predictions against measurement, the document.


rule theory_hierarchy:
    input:
        reads("theory_hierarchy"),
        code=code("theory_hierarchy"),
    output:
        writes("theory_hierarchy"),
    log:
        PATHS.root / "logs/theory_hierarchy/{variant}.log",
    benchmark:
        PATHS.root / "benchmarks/theory_hierarchy/{variant}.tsv"
    wildcard_constraints:
        variant=any_of("theory_hierarchy", "variant"),
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
    params:
        settings=settings("theory_hierarchy"),
    message:
        "the toy with the hierarchy {wildcards.variant}, training to events"
    shell:
        "stagewise theory variant {wildcards.variant} --threads {threads} > {log:q} 2>&1"


rule theory_optimizer:
    input:
        reads("theory_optimizer"),
        code=code("theory_optimizer"),
    output:
        writes("theory_optimizer"),
    log:
        PATHS.root / "logs/theory_optimizer/{variant}.log",
    benchmark:
        PATHS.root / "benchmarks/theory_optimizer/{variant}.tsv"
    wildcard_constraints:
        variant=any_of("theory_optimizer", "variant"),
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
    params:
        settings=settings("theory_optimizer"),
    message:
        "the toy trained by {wildcards.variant}, training to events"
    shell:
        "stagewise theory variant {wildcards.variant} --threads {threads} > {log:q} 2>&1"


rule theory_phases:
    input:
        code=code("theory_phases"),
    output:
        writes("theory_phases"),
    log:
        PATHS.root / "logs/theory_phases.log",
    benchmark:
        PATHS.root / "benchmarks/theory_phases.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("theory_phases"),
    message:
        "two phases of a posterior, by quadrature and sampled"
    shell:
        "stagewise theory phases > {log:q} 2>&1"


rule theory_errors:
    input:
        code=code("theory_errors"),
    output:
        writes("theory_errors"),
    log:
        PATHS.root / "logs/theory_errors.log",
    benchmark:
        PATHS.root / "benchmarks/theory_errors.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("theory_errors"),
    message:
        "the closed form's error by cause"
    shell:
        "stagewise theory errors > {log:q} 2>&1"


rule theory_branches:
    input:
        reads("theory_branches"),
        code=code("theory_branches"),
    output:
        writes("theory_branches"),
    log:
        PATHS.root / "logs/theory_branches.log",
    benchmark:
        PATHS.root / "benchmarks/theory_branches.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=600,
    params:
        settings=settings("theory_branches"),
    message:
        "branch points beside influence peaks"
    shell:
        "stagewise theory branches > {log:q} 2>&1"


rule theory_times:
    input:
        reads("theory_times"),
        code=code("theory_times"),
    output:
        writes("theory_times"),
    log:
        PATHS.root / "logs/theory_times.log",
    benchmark:
        PATHS.root / "benchmarks/theory_times.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
    params:
        settings=settings("theory_times"),
    message:
        "predicted against measured times"
    shell:
        "stagewise theory times > {log:q} 2>&1"


rule theory_what_if:
    input:
        code=code("theory_what_if"),
    output:
        writes("theory_what_if"),
    log:
        PATHS.root / "logs/theory_what_if.log",
    benchmark:
        PATHS.root / "benchmarks/theory_what_if.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("theory_what_if"),
    message:
        "predicted influence under other settings of the toy"
    shell:
        "stagewise theory what-if > {log:q} 2>&1"


rule theory_optimizers:
    input:
        reads("theory_optimizers"),
        code=code("theory_optimizers"),
    output:
        writes("theory_optimizers"),
    log:
        PATHS.root / "logs/theory_optimizers.log",
    benchmark:
        PATHS.root / "benchmarks/theory_optimizers.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("theory_optimizers"),
    message:
        "the claims under other optimizers"
    shell:
        "stagewise theory optimizers > {log:q} 2>&1"


rule theory_document:
    input:
        reads_but_for_times_of_figures("theory_document"),
        code=code("theory_document"),
    output:
        in_report(PATHS.document("theory.html"), DOCUMENT, document_shown),
        [path for path in writes("theory_document") if path.suffix != ".html"],
    log:
        PATHS.root / "logs/theory_document.log",
    benchmark:
        PATHS.root / "benchmarks/theory_document.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=settings("theory_document"),
    message:
        "prove the derivations and write the theory"
    shell:
        "stagewise theory document > {log:q} 2>&1"
