# Claims and figures: both read finished tables.

from stagewise.paths import FIRST_SEED
from stagewise.provenance.recorded import FOLDER, recorded_files, tables_elsewhere

SUFFIXES = ("pdf", "svg", "png")
FIGURES = [PATHS.figures / f"{name}.{suffix}" for name in FIGURE_TABLES for suffix in SUFFIXES]
THEORY_FIGURES = [
    PATHS.figures / f"{name}.{suffix}" for name in THEORY_FIGURE_TABLES for suffix in SUFFIXES
]
LANGUAGE_FIGURES = [
    PATHS.figures / f"{name}_{model}.{suffix}"
    for model in LANGUAGE_MODELS
    for name in figures_of([*CONFIG.language.models[model].tables, *FIRST_SEED])
    for suffix in SUFFIXES
]
RECORDED = {
    model: tables
    for model in CONFIG.language.recorded
    if figures_of(tables := tables_elsewhere(model))
}
COST = FOLDER / "cost/cost.parquet"
ACROSS_FIGURES = [
    PATHS.figures / f"{name}.{suffix}"
    for name in ACROSS_TABLES
    for suffix in SUFFIXES
    if (os.path.exists(COST) if name == "cost" else LANGUAGE_MODELS)
]
RECORDED_FIGURES = [
    PATHS.figures / f"{name}_{model}.{suffix}"
    for model, tables in RECORDED.items()
    for name in figures_of(tables)
    for suffix in SUFFIXES
]


def language_tables(models=LANGUAGE_MODELS):
    """All tables of these language models."""
    return [
        PATHS.language(model).whole(name)
        for model in models
        for name in CONFIG.language.models[model].tables
    ]


# Asked for the toy or the theory alone, no language model is trained for the sake of its events
# and claims; what is there of them stays in.
ASKED = {"all", "toy", "theory", "language", "figures", "claims"} & set(sys.argv)
NO_LANGUAGE = bool(ASKED) and ASKED <= {"toy", "theory"}
DECIDED_MODELS = [
    model
    for model in LANGUAGE_MODELS
    if not NO_LANGUAGE
    or all(os.path.exists(path) for path in language_tables([model]))
]


rule collect_events:
    input:
        PATHS.whole("events"),
        [PATHS.language(model).events for model in DECIDED_MODELS if not NO_LANGUAGE],
        code=code("stagewise.tasks.toy.collect"),
    output:
        PATHS.events,
    log:
        PATHS.root / "logs/collect_events.log",
    benchmark:
        PATHS.root / "benchmarks/collect_events.tsv"
    threads: 1
    resources:
        mem_mb=600,
    message:
        "collect the events of the toy and of the language models"
    shell:
        "{STAGEWISE} events {DECIDED_MODELS} {CONFIG_ARGS} > {log:q} 2>&1"


rule decide_claims:
    input:
        PATHS.influence,
        [PATHS.whole(table) for table in TOY_TABLES],
        THEORY,
        [] if NO_LANGUAGE else language_tables(),
        recorded_files(),
        code=code("stagewise.tasks.claims"),
    output:
        PATHS.claims,
        PATHS.claims_page,
        PATHS.root / "claims.provenance.json",
    params:
        settings=settings("focus"),
        elsewhere=json.dumps(CONFIG.language.recorded),
    log:
        PATHS.root / "logs/decide_claims.log",
    benchmark:
        PATHS.root / "benchmarks/decide_claims.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "decide the claims"
    shell:
        "{STAGEWISE} claims {CONFIG_ARGS} > {log:q} 2>&1"


rule draw:
    input:
        tables=lambda w: [PATHS.whole(name) for name in FIGURE_TABLES.get(w.figure, ())]
        + [PATHS.theory(name) for name in THEORY_FIGURE_TABLES.get(w.figure, ())],
        code=lambda w: code("stagewise.tasks.figure", scripts()[w.figure].module),
    output:
        multiext(str(PATHS.figures / "{figure}"), ".pdf", ".svg", ".png"),
    params:
        settings=settings("focus"),
    log:
        PATHS.root / "logs/draw/{figure}.log",
    benchmark:
        PATHS.root / "benchmarks/draw/{figure}.tsv"
    wildcard_constraints:
        figure="|".join([*FIGURE_TABLES, *THEORY_FIGURE_TABLES]),
    threads: 1
    resources:
        mem_mb=600,
    message:
        "draw {wildcards.figure}"
    shell:
        "{STAGEWISE} figure {wildcards.figure} {CONFIG_ARGS} > {log:q} 2>&1"


rule language_sizes:
    input:
        [
            PATHS.language(model).whole(name)
            for model in LANGUAGE_MODELS
            for name in ("trajectories", "transitions", "landmarks")
        ],
        recorded=[path for tables in RECORDED.values() for path in tables.values()],
        code=code("stagewise.tasks.language.sizes"),
    output:
        PATHS.sizes,
    log:
        PATHS.root / "logs/language_sizes.log",
    benchmark:
        PATHS.root / "benchmarks/language_sizes.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "put the language models side by side"
    shell:
        "{STAGEWISE} language sizes {CONFIG_ARGS} > {log:q} 2>&1"


rule draw_across:
    input:
        tables=lambda w: {"sizes": [PATHS.sizes], "cost": [COST, COST.with_name("cost_suite.parquet")]}[w.figure],
        code=lambda w: code("stagewise.tasks.figure", scripts()[w.figure].module),
    output:
        multiext(str(PATHS.figures / "{figure}"), ".pdf", ".svg", ".png"),
    log:
        PATHS.root / "logs/draw/{figure}.log",
    benchmark:
        PATHS.root / "benchmarks/draw/{figure}.tsv"
    wildcard_constraints:
        figure="|".join(ACROSS_TABLES),
    threads: 1
    resources:
        mem_mb=600,
    message:
        "draw {wildcards.figure}"
    shell:
        "{STAGEWISE} figure {wildcards.figure} {CONFIG_ARGS} > {log:q} 2>&1"


# The figures of a recorded model are drawn by one job: its tables never change one by one.
for model, tables in RECORDED.items():

    rule:
        name:
            f"draw_recorded_{model}"
        input:
            tables=list(tables.values()),
            code=code("stagewise.tasks.figure", *(scripts()[f].module for f in figures_of(tables))),
        output:
            [PATHS.figures / f"{f}_{model}.{s}" for f in figures_of(tables) for s in SUFFIXES],
        params:
            model=model,
        log:
            PATHS.root / f"logs/draw_recorded/{model}.log",
        benchmark:
            PATHS.root / f"benchmarks/draw_recorded/{model}.tsv"
        threads: 1
        resources:
            mem_mb=600,
        message:
            f"draw every figure of {model}, from its recorded run"
        shell:
            "{STAGEWISE} figure all --model {params.model} {CONFIG_ARGS} > {log:q} 2>&1"


rule draw_language:
    input:
        tables=lambda w: [
            PATHS.language(w.model).table(name, CONFIG.seed)
            for name in LANGUAGE_FIGURE_TABLES[w.figure]
        ],
        recorded=recorded_files(),
        code=lambda w: code("stagewise.tasks.figure", scripts()[w.figure].module),
    output:
        multiext(str(PATHS.figures / "{figure}_{model}"), ".pdf", ".svg", ".png"),
    params:
        settings=language_settings("upweighting", "shown_sequence"),
    log:
        PATHS.root / "logs/draw/{figure}_{model}.log",
    benchmark:
        PATHS.root / "benchmarks/draw/{figure}_{model}.tsv"
    wildcard_constraints:
        figure="|".join(LANGUAGE_FIGURE_TABLES),
    threads: 1
    resources:
        mem_mb=600,
    message:
        "draw {wildcards.figure} of {wildcards.model}"
    shell:
        "{STAGEWISE} figure {wildcards.figure} --model {wildcards.model} {CONFIG_ARGS}"
        " > {log:q} 2>&1"
