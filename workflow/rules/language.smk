# The language models: train, measure influence and landmarks, intervene, predict, find events.

from stagewise.stages.language.collect import PARTS as LANGUAGE_PARTS
from stagewise.stages.language.common import RUN_KEYS

LANGUAGE_MODELS = list(CONFIG.language.models)
LANGUAGE_RUN = PATHS.root / "language/{model}/seed{seed}"
LANGUAGE_WHOLE = PATHS.root / "language/{model}"
LANGUAGE_COLLECTED = [*LANGUAGE_PARTS, "landmarks", "upweighting"]
LANGUAGE_TABLES = [
    *LANGUAGE_COLLECTED, "transitions", "trajectories", "events", "forecast",
    "forecast_means", "localisation", "races", "race_differences", "localisation_summary", "milestones",
]
SAMPLING_SETTINGS = [*RUN_KEYS, "posterior", "evaluation_sequences"]
MEASURED_SETTINGS = [*SAMPLING_SETTINGS, "measured"]


def language_settings(*names):
    """The parts of a model's configuration a rule depends on; a change reruns it."""

    def of(wildcards):
        model = CONFIG.language.models[wildcards.model]
        value = model.model_dump() | {"measured": model.measured}
        value["posterior"].pop("memory_gib")
        return json.dumps({name: value[name] for name in names})

    return of


def of_seeds(*names):
    """The parts of a table, one of every run of the model."""
    return lambda w: [
        PATHS.language(w.model).part(name, seed)
        for seed in CONFIG.language_seeds(w.model)
        for name in names
    ]


def collected_parts(wildcards):
    """What a whole table is made of."""
    classes = CONFIG.language.models[wildcards.model].upweighting.classes
    names = {
        "landmarks": ["landmarks", "sampler"],
        "upweighting": [f"upweighting_{name}" for name in classes],
    }
    return of_seeds(*(names.get(wildcards.table) or LANGUAGE_PARTS[wildcards.table]))(wildcards)


wildcard_constraints:
    model="|".join(LANGUAGE_MODELS) or "none",
    class_name=r"[a-z_]+",


rule language_train:
    input:
        code=code("stagewise.stages.language.train"),
    output:
        LANGUAGE_RUN / "learning.parquet",
    params:
        settings=language_settings(*RUN_KEYS, "landmark_sequences"),
    log:
        PATHS.root / "logs/language_train/{model}_seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/language_train/{model}_seed{seed}.tsv"
    priority: 30
    threads: 1
    resources:
        mem_mb=1500,
    message:
        "train {wildcards.model}, seed {wildcards.seed}"
    shell:
        "{STAGEWISE} language train {wildcards.model} --seed {wildcards.seed} {CONFIG_ARGS}"
        " > {log:q} 2>&1"


rule language_influence:
    input:
        LANGUAGE_RUN / "learning.parquet",
        code=code("stagewise.stages.language.influence"),
    output:
        [LANGUAGE_RUN / f"{table}.parquet" for table in ("influence", "sampler", "token_influence")],
    params:
        settings=language_settings(*MEASURED_SETTINGS, "shown_sequence"),
    log:
        PATHS.root / "logs/language_influence/{model}_seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/language_influence/{model}_seed{seed}.tsv"
    priority: 20
    threads: 1
    resources:
        mem_mb=2000,
    message:
        "sample the local posteriors of {wildcards.model}, seed {wildcards.seed}"
    shell:
        "{STAGEWISE} language influence {wildcards.model} --seed {wildcards.seed}"
        " --threads {threads} {CONFIG_ARGS} > {log:q} 2>&1"


rule language_landmarks:
    input:
        LANGUAGE_RUN / "learning.parquet",
        code=code("stagewise.stages.language.landmarks"),
    output:
        [LANGUAGE_RUN / f"{table}.parquet" for table in ("landmarks", "baselines")],
    params:
        settings=language_settings(*RUN_KEYS, "landmark_sequences"),
    log:
        PATHS.root / "logs/language_landmarks/{model}_seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/language_landmarks/{model}_seed{seed}.tsv"
    threads: 1
    resources:
        mem_mb=1500,
    message:
        "landmarks of {wildcards.model}, seed {wildcards.seed}"
    shell:
        "{STAGEWISE} language landmarks {wildcards.model} --seed {wildcards.seed} {CONFIG_ARGS}"
        " > {log:q} 2>&1"


rule language_upweighting:
    input:
        LANGUAGE_RUN / "learning.parquet",
        code=code("stagewise.stages.language.upweighting"),
    output:
        LANGUAGE_RUN / "upweighting_{class_name}.parquet",
    params:
        settings=language_settings(*RUN_KEYS, "landmark_sequences", "upweighting"),
    log:
        PATHS.root / "logs/language_upweighting/{model}_{class_name}_seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/language_upweighting/{model}_{class_name}_seed{seed}.tsv"
    priority: 10
    threads: 1
    resources:
        mem_mb=1500,
    message:
        "up-weight {wildcards.class_name} in windows, {wildcards.model}, seed {wildcards.seed}"
    shell:
        "{STAGEWISE} language upweighting {wildcards.model} {wildcards.class_name}"
        " --seed {wildcards.seed} {CONFIG_ARGS} > {log:q} 2>&1"


rule language_effects:
    input:
        LANGUAGE_RUN / "learning.parquet",
        code=code("stagewise.stages.language.effects"),
    output:
        LANGUAGE_RUN / "effects.parquet",
    params:
        settings=language_settings(
            *RUN_KEYS, "landmark_sequences", "measure_from", "measure_all_until", "measure_every", "prediction"
        ),
    log:
        PATHS.root / "logs/language_effects/{model}_seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/language_effects/{model}_seed{seed}.tsv"
    threads: 1
    resources:
        mem_mb=1500,
    message:
        "up-weight every class for a few steps, {wildcards.model}, seed {wildcards.seed}"
    shell:
        "{STAGEWISE} language effects {wildcards.model} --seed {wildcards.seed} {CONFIG_ARGS}"
        " > {log:q} 2>&1"


rule language_localisation:
    input:
        lambda w: PATHS.language(w.model).part("learning", CONFIG.seed),
        code=code("stagewise.stages.language.localisation"),
    output:
        LANGUAGE_WHOLE / "localisation.parquet",
    params:
        settings=language_settings(*MEASURED_SETTINGS, "localisations", "localisation_every"),
    log:
        PATHS.root / "logs/language_localisation/{model}.log",
    benchmark:
        PATHS.root / "benchmarks/language_localisation/{model}.tsv"
    priority: 15
    threads: 1
    resources:
        mem_mb=2000,
    message:
        "compare localisations, {wildcards.model}"
    shell:
        "{STAGEWISE} language localisation {wildcards.model} --threads {threads} {CONFIG_ARGS}"
        " > {log:q} 2>&1"


rule language_collect:
    input:
        collected_parts,
        code=code("stagewise.stages.language.collect"),
    output:
        LANGUAGE_WHOLE / "{table}.parquet",
    log:
        PATHS.root / "logs/language_collect/{model}_{table}.log",
    benchmark:
        PATHS.root / "benchmarks/language_collect/{model}_{table}.tsv"
    wildcard_constraints:
        table="|".join(LANGUAGE_COLLECTED),
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "collect {wildcards.table} of all runs of {wildcards.model}"
    shell:
        "{STAGEWISE} language collect {wildcards.model} {wildcards.table} {CONFIG_ARGS}"
        " > {log:q} 2>&1"



rule language_development:
    input:
        LANGUAGE_WHOLE / "learning.parquet",
        LANGUAGE_WHOLE / "baselines.parquet",
        LANGUAGE_WHOLE / "landmarks.parquet",
        code=code("stagewise.stages.language.development"),
    output:
        LANGUAGE_WHOLE / "transitions.parquet",
    log:
        PATHS.root / "logs/language_development/{model}.log",
    benchmark:
        PATHS.root / "benchmarks/language_development/{model}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "stage boundaries, {wildcards.model}"
    shell:
        "{STAGEWISE} language development {wildcards.model} {CONFIG_ARGS} > {log:q} 2>&1"

rule language_events:
    input:
        LANGUAGE_WHOLE / "class_influence.parquet",
        code=code("stagewise.stages.language.events"),
    output:
        LANGUAGE_WHOLE / "events.parquet",
        LANGUAGE_WHOLE / "trajectories.parquet",
    log:
        PATHS.root / "logs/language_events/{model}.log",
    benchmark:
        PATHS.root / "benchmarks/language_events/{model}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "find flips and peaks of class influence, {wildcards.model}"
    shell:
        "{STAGEWISE} language events {wildcards.model} {CONFIG_ARGS} > {log:q} 2>&1"

rule language_forecast:
    input:
        LANGUAGE_WHOLE / "effects.parquet",
        LANGUAGE_WHOLE / "class_influence.parquet",
        LANGUAGE_WHOLE / "transitions.parquet",
        code=code("stagewise.stages.language.forecast"),
    output:
        LANGUAGE_WHOLE / "forecast.parquet",
        LANGUAGE_WHOLE / "forecast_means.parquet",
    log:
        PATHS.root / "logs/language_forecast/{model}.log",
    benchmark:
        PATHS.root / "benchmarks/language_forecast/{model}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "hold influence against the effects of the next steps, {wildcards.model}"
    shell:
        "{STAGEWISE} language forecast {wildcards.model} {CONFIG_ARGS} > {log:q} 2>&1"


rule language_summaries:
    input:
        LANGUAGE_WHOLE / "upweighting.parquet",
        LANGUAGE_WHOLE / "localisation.parquet",
        LANGUAGE_WHOLE / "events.parquet",
        LANGUAGE_WHOLE / "transitions.parquet",
        code=code("stagewise.stages.language.summaries"),
    output:
        LANGUAGE_WHOLE / "races.parquet",
        LANGUAGE_WHOLE / "race_differences.parquet",
        LANGUAGE_WHOLE / "localisation_summary.parquet",
        LANGUAGE_WHOLE / "milestones.parquet",
    log:
        PATHS.root / "logs/language_summaries/{model}.log",
    benchmark:
        PATHS.root / "benchmarks/language_summaries/{model}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "means over runs, {wildcards.model}"
    shell:
        "{STAGEWISE} language summaries {wildcards.model} {CONFIG_ARGS} > {log:q} 2>&1"
