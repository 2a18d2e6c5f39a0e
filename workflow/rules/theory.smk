# The theory: variants of the toy, predictions against measurement, the document.

HIERARCHIES = list(CONFIG.theory.hierarchies)
OPTIMIZERS = list(CONFIG.theory.optimizers)
VARIANT = PATHS.variant("{variant}")
THEORY = [PATHS.theory(name) for tables in THEORY_FIGURE_TABLES.values() for name in tables]
DOCUMENT = [PATHS.root / "theory" / name for name in ("theory.html", "theory.md", "formulas.json")]


def variant_settings(*names, keys=None, without=()):
    """Settings of variants of the toy that change a number of theirs: all, or some keys."""
    found = {}
    for name in names:
        toy = CONFIG.variant(name).model_dump(exclude={"sweep": True, "focus": True})
        del toy["posterior"]["memory_gib"]
        found[name] = {k: v for k, v in toy.items() if k in (keys or toy) and k not in without}
    return json.dumps(found)


rule theory_hierarchy:
    input:
        code=code("stagewise.tasks.theory.variant"),
    output:
        VARIANT.influence,
        [VARIANT.whole(table) for table in VARIANT_TABLES],
    params:
        settings=lambda w: variant_settings(
            w.variant, without=("window_lengths", "window_every")
        ),
        seed=CONFIG.seed,
    log:
        PATHS.root / "logs/theory_hierarchy/{variant}.log",
    benchmark:
        PATHS.root / "benchmarks/theory_hierarchy/{variant}.tsv"
    wildcard_constraints:
        variant="|".join(HIERARCHIES) or "(?!)",
    threads: 1
    resources:
        mem_mb=1500,
    message:
        "the toy with the hierarchy {wildcards.variant}"
    shell:
        "{STAGEWISE} theory variant {wildcards.variant} --threads {threads} {CONFIG_ARGS}"
        " > {log:q} 2>&1"


rule theory_optimizer:
    input:
        code=code("stagewise.tasks.theory.variant"),
    output:
        VARIANT.influence,
        [VARIANT.whole(table) for table in (*VARIANT_TABLES, "windows")],
    params:
        settings=lambda w: variant_settings(w.variant),
        seed=CONFIG.seed,
    log:
        PATHS.root / "logs/theory_optimizer/{variant}.log",
    benchmark:
        PATHS.root / "benchmarks/theory_optimizer/{variant}.tsv"
    wildcard_constraints:
        variant="|".join(OPTIMIZERS) or "(?!)",
    threads: 1
    resources:
        mem_mb=1500,
    message:
        "the toy trained by {wildcards.variant}"
    shell:
        "{STAGEWISE} theory variant {wildcards.variant} --threads {threads} {CONFIG_ARGS}"
        " > {log:q} 2>&1"


rule theory_phases:
    input:
        code=code("stagewise.tasks.theory.phases"),
    output:
        PATHS.theory("phases"),
        PATHS.theory("phases_sampled"),
    params:
        seed=CONFIG.seed,
    log:
        PATHS.root / "logs/theory_phases.log",
    benchmark:
        PATHS.root / "benchmarks/theory_phases.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "two phases of a posterior"
    shell:
        "{STAGEWISE} theory phases {CONFIG_ARGS} > {log:q} 2>&1"


rule theory_errors:
    input:
        code=code("stagewise.tasks.theory.closed_form_error"),
    output:
        PATHS.theory("closed_form_error"),
        PATHS.theory("closed_form_curves"),
    params:
        settings=settings(*NETWORK_KEYS, "focus"),
        variants=variant_settings(*HIERARCHIES, keys=NETWORK_KEYS),
        seed=CONFIG.seed,
    log:
        PATHS.root / "logs/theory_errors.log",
    benchmark:
        PATHS.root / "benchmarks/theory_errors.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "the closed form's error by cause"
    shell:
        "{STAGEWISE} theory errors {CONFIG_ARGS} > {log:q} 2>&1"


rule theory_times:
    input:
        PATHS.whole("events"),
        [PATHS.variant(name).whole("events") for name in HIERARCHIES],
        code=code("stagewise.tasks.theory.times"),
    output:
        PATHS.theory("times"),
        PATHS.theory("times_summary"),
    params:
        settings=settings(*NETWORK_KEYS, "posterior.nbeta", "posterior.gamma"),
        variants=variant_settings(*HIERARCHIES),
    log:
        PATHS.root / "logs/theory_times.log",
    benchmark:
        PATHS.root / "benchmarks/theory_times.tsv"
    threads: 1
    resources:
        mem_mb=1500,
    message:
        "predicted against measured times"
    shell:
        "{STAGEWISE} theory times {CONFIG_ARGS} > {log:q} 2>&1"


rule theory_optimizers:
    input:
        [PATHS.variant(name).influence for name in OPTIMIZERS],
        [
            PATHS.variant(name).whole(table)
            for name in OPTIMIZERS
            for table in ("trajectories", "events", "transitions", "windows")
        ],
        code=code("stagewise.tasks.theory.optimizers"),
    output:
        PATHS.theory("optimizers"),
        PATHS.theory("optimizer_curves"),
        PATHS.theory("optimizer_stages"),
    params:
        focus=json.dumps({name: CONFIG.variant(name).focus for name in OPTIMIZERS}),
    log:
        PATHS.root / "logs/theory_optimizers.log",
    benchmark:
        PATHS.root / "benchmarks/theory_optimizers.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "the claims under other optimizers"
    shell:
        "{STAGEWISE} theory optimizers {CONFIG_ARGS} > {log:q} 2>&1"


rule theory_document:
    input:
        PATHS.theory("closed_form_error"),
        PATHS.theory("times_summary"),
        [PATHS.figures / f"{name}.svg" for name in IN_DOCUMENT],
        code=code("stagewise.tasks.theory.theory_document"),
    output:
        DOCUMENT,
    log:
        PATHS.root / "logs/theory_document.log",
    benchmark:
        PATHS.root / "benchmarks/theory_document.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "prove the derivations and write the theory"
    shell:
        "{STAGEWISE} theory document {CONFIG_ARGS} > {log:q} 2>&1"
