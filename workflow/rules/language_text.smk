# Natural text, its token classes, and checkpoints that others trained.

from stagewise.paths import MANIFEST
from stagewise.tasks.language.common import text_state, tokens_of

LANGUAGE_PAGES = [
    PATHS.classes_page(name)
    for name in CONFIG.language.corpora
    if any(model.corpus == name for model in CONFIG.language.models.values())
]


# What comes over the network is fetched where Snakemake was started: compute nodes of clusters
# often have none.
localrules: language_corpus, language_fetch


rule language_corpus:
    input:
        lambda w: [MANIFEST] if CONFIG.language.corpora[w.corpus].check_manifest else [],
        code=code("stagewise.tasks.language.corpus"),
    output:
        PATHS.root / "language/corpora/{corpus}/corpus.json",
    params:
        settings=lambda w: json.dumps(tokens_of(CONFIG.language.corpora[w.corpus].model_dump())),
        text=lambda w: text_state(CONFIG.language.corpora[w.corpus]),
    log:
        PATHS.root / "logs/language_corpus/{corpus}.log",
    benchmark:
        PATHS.root / "benchmarks/language_corpus/{corpus}.tsv"
    priority: 40
    threads: 1
    resources:
        mem_mb=4000,
    message:
        "read and tokenise the text {wildcards.corpus}"
    shell:
        "{STAGEWISE} language corpus {wildcards.corpus} {CONFIG_ARGS} > {log:q} 2>&1"


rule language_classes:
    input:
        PATHS.root / "language/corpora/{corpus}/corpus.json",
        code=code("stagewise.tasks.language.corpus"),
    output:
        PATHS.root / "language/corpora/{corpus}_classes.md",
    params:
        settings=lambda w: json.dumps(CONFIG.language.corpora[w.corpus].model_dump()["classes"]),
    log:
        PATHS.root / "logs/language_classes/{corpus}.log",
    benchmark:
        PATHS.root / "benchmarks/language_classes/{corpus}.tsv"
    threads: 1
    resources:
        mem_mb=2000,
    message:
        "show the token classes of {wildcards.corpus}"
    shell:
        "{STAGEWISE} language classes {wildcards.corpus} {CONFIG_ARGS} > {log:q} 2>&1"


rule language_fetch:
    input:
        lambda w: PATHS.corpus(CONFIG.language.models[w.model].corpus) / "corpus.json",
        code=code("stagewise.tasks.language.fetch"),
    output:
        LANGUAGE_RUN / "step{step}/provenance.json",
    params:
        settings=language_settings(),
    log:
        PATHS.root / "logs/language_fetch/{model}_seed{seed}_step{step}.log",
    benchmark:
        PATHS.root / "benchmarks/language_fetch/{model}_seed{seed}_step{step}.tsv"
    threads: 1
    resources:
        mem_mb=4000,
    message:
        "fetch {wildcards.model}, step {wildcards.step}"
    shell:
        "{STAGEWISE} language fetch {wildcards.model} --step {wildcards.step} {CONFIG_ARGS}"
        " > {log:q} 2>&1"
