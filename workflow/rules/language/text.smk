# Natural text, its token classes, and checkpoints that others trained. What comes over the network is
# fetched where Snakemake was started: compute nodes of clusters often have none.


localrules:
    language_corpus,
    language_fetch,


rule language_corpus:
    input:
        reads("language_corpus"),
        code=code("language_corpus"),
    output:
        writes("language_corpus"),
    log:
        PATHS.root / "logs/language_corpus/{corpus}.log",
    benchmark:
        PATHS.root / "benchmarks/language_corpus/{corpus}.tsv"
    priority: 40
    conda:
        "../../../environment.yml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        settings=settings("language_corpus"),
    message:
        "read and tokenise the text {wildcards.corpus}"
    shell:
        "stagewise language corpus {wildcards.corpus} > {log:q} 2>&1"


rule language_classes:
    input:
        reads("language_classes"),
        code=code("language_classes"),
    output:
        writes("language_classes"),
    log:
        PATHS.root / "logs/language_classes/{corpus}.log",
    benchmark:
        PATHS.root / "benchmarks/language_classes/{corpus}.tsv"
    conda:
        "../../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        settings=settings("language_classes"),
    message:
        "show the token classes of {wildcards.corpus}"
    shell:
        "stagewise language classes {wildcards.corpus} > {log:q} 2>&1"


rule language_fetch:
    input:
        reads("language_fetch"),
        code=code("language_fetch"),
    output:
        writes("language_fetch"),
    log:
        PATHS.root / "logs/language_fetch/{model}_seed{seed}_step{step}.log",
    benchmark:
        PATHS.root / "benchmarks/language_fetch/{model}_seed{seed}_step{step}.tsv"
    conda:
        "../../../environment.yml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        settings=settings("language_fetch"),
    message:
        "fetch {wildcards.model}, step {wildcards.step}"
    shell:
        "stagewise language fetch {wildcards.model} --step {wildcards.step} > {log:q} 2>&1"
