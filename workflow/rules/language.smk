# The language models: train, measure influence and landmarks, intervene, predict, find events.

from stagewise.stages.language.collect import PARTS as LANGUAGE_PARTS
from stagewise.paths import MANIFEST
from stagewise.stages.language.common import run_settings, text_state, tokens_of

LANGUAGE_MODELS = list(CONFIG.language.models)
LANGUAGE_RUN = PATHS.root / "language/{model}/seed{seed}"
LANGUAGE_WHOLE = PATHS.root / "language/{model}"
LANGUAGE_COLLECTED = [*LANGUAGE_PARTS, "landmarks", "upweighting"]
SAMPLING_SETTINGS = ["posterior", "evaluation_sequences"]
MEASURED_SETTINGS = [*SAMPLING_SETTINGS, "measured"]


def language_settings(*names, run=True):
    """The parts of a model's configuration a rule depends on; a change reruns it. With `run`
    also what its checkpoints depend on, and its classes."""

    def of(wildcards):
        model = CONFIG.language.models[wildcards.model]
        value = model.model_dump() | {"measured": model.measured}
        value["posterior"].pop("memory_gib")
        found = {name: value[name] for name in names}
        found |= {"context": model.context, "tokens_per_step": model.tokens_per_step}
        if run:
            found["run"] = run_settings(CONFIG.language.model_dump(), wildcards.model)
            text = CONFIG.language.text(wildcards.model)
            found["classes"] = None if text is None else text.model_dump()["classes"]
        return json.dumps(found)

    return of


def gpus(wildcards):
    """GPUs a job of this model asks its executor for. On one machine say how many there are
    (--resources gpu=1), so that no two jobs share one."""
    return int(CONFIG.language.models[wildcards.model].gpus)


def gpus_of_whole(wildcards):
    """The same, of the job that puts a run together: none where every checkpoint was a job."""
    return 0 if CONFIG.language.models[wildcards.model].jobs_by_checkpoint else gpus(wildcards)


def checkpoints_of(wildcards):
    """What must be there before a run's learning curve: its text, and its checkpoints where others
    trained it."""
    model = CONFIG.language.models[wildcards.model]
    found = [PATHS.corpus(model.corpus) / "corpus.json"] if model.corpus else []
    if model.pretrained:
        run = PATHS.language(wildcards.model).seed(CONFIG.seed)
        found += [run / f"step{step}/provenance.json" for step in model.checkpoints]
    return found


def pieces_of(wildcards):
    """The pieces of all measured checkpoints, where each is a job of its own."""
    model = CONFIG.language.models[wildcards.model]
    folder = PATHS.language(wildcards.model).seed(int(wildcards.seed)) / "influence"
    steps = model.measured if model.jobs_by_checkpoint else []
    return [folder / f"step{step}.measured" for step in steps]


def checkpoint_of(wildcards):
    """What one measured checkpoint needs: the run it is of, or the fetched checkpoint alone."""
    model, run = CONFIG.language.models[wildcards.model], PATHS.language(wildcards.model)
    seed = int(wildcards.seed)
    if model.pretrained:
        return run.seed(seed) / f"step{wildcards.step}/provenance.json"
    return run.part("learning", seed)


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


LANGUAGE_PAGES = [
    PATHS.classes_page(name)
    for name in CONFIG.language.corpora
    if any(model.corpus == name for model in CONFIG.language.models.values())
]


wildcard_constraints:
    corpus=r"[a-z0-9_]+",
    step=r"\d+",
    model="|".join(LANGUAGE_MODELS) or "none",
    class_name=r"[a-z_]+",


# What comes over the network is fetched where Snakemake was started: compute nodes of clusters
# often have none.
localrules: language_corpus, language_fetch


rule language_corpus:
    input:
        lambda w: [MANIFEST] if CONFIG.language.corpora[w.corpus].check_manifest else [],
        code=code("stagewise.stages.language.corpus"),
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
        code=code("stagewise.stages.language.corpus"),
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
        code=code("stagewise.stages.language.fetch"),
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


rule language_train:
    input:
        checkpoints_of,
        code=code("stagewise.stages.language.train"),
    output:
        LANGUAGE_RUN / "learning.parquet",
    params:
        settings=language_settings("landmark_sequences"),
    log:
        PATHS.root / "logs/language_train/{model}_seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/language_train/{model}_seed{seed}.tsv"
    priority: 30
    threads: lambda w: CONFIG.language.models[w.model].threads
    resources:
        mem_mb=2000,
        gpu=gpus,
    message:
        "train {wildcards.model}, seed {wildcards.seed}"
    shell:
        "{STAGEWISE} language train {wildcards.model} --seed {wildcards.seed}"
        " --threads {threads} {CONFIG_ARGS} > {log:q} 2>&1"


rule language_influence_step:
    input:
        checkpoint_of,
        code=code("stagewise.stages.language.influence"),
    output:
        # Not the piece itself: Snakemake removes what a job is to make, and a rerun whose piece
        # still holds costs nothing.
        touch(LANGUAGE_RUN / "influence/step{step}.measured"),
    params:
        settings=language_settings(*SAMPLING_SETTINGS, "shown_sequence", "shown_tokens"),
    log:
        PATHS.root / "logs/language_influence/{model}_seed{seed}_step{step}.log",
    benchmark:
        PATHS.root / "benchmarks/language_influence/{model}_seed{seed}_step{step}.tsv"
    priority: 20
    threads: lambda w: CONFIG.language.models[w.model].threads
    resources:
        mem_mb=4000,
        gpu=gpus,
    message:
        "sample the local posterior of {wildcards.model}, seed {wildcards.seed}, step {wildcards.step}"
    shell:
        "{STAGEWISE} language influence {wildcards.model} --seed {wildcards.seed}"
        " --step {wildcards.step} --threads {threads} {CONFIG_ARGS} > {log:q} 2>&1"


rule language_influence:
    input:
        LANGUAGE_RUN / "learning.parquet",
        pieces_of,
        code=code("stagewise.stages.language.influence"),
    output:
        [LANGUAGE_RUN / f"{table}.parquet" for table in ("influence", "sampler", "token_influence")],
    params:
        settings=language_settings(*MEASURED_SETTINGS, "shown_sequence", "shown_tokens"),
    log:
        PATHS.root / "logs/language_influence/{model}_seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/language_influence/{model}_seed{seed}.tsv"
    priority: 20
    threads: lambda w: CONFIG.language.models[w.model].threads
    resources:
        mem_mb=2000,
        gpu=gpus_of_whole,
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
        settings=language_settings("landmark_sequences"),
    log:
        PATHS.root / "logs/language_landmarks/{model}_seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/language_landmarks/{model}_seed{seed}.tsv"
    threads: 1
    resources:
        gpu=gpus,
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
        settings=language_settings("landmark_sequences", "upweighting"),
    log:
        PATHS.root / "logs/language_upweighting/{model}_{class_name}_seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/language_upweighting/{model}_{class_name}_seed{seed}.tsv"
    priority: 10
    threads: 1
    resources:
        gpu=gpus,
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
            "landmark_sequences", "measure_from", "measure_all_until", "measure_every", "prediction"
        ),
    log:
        PATHS.root / "logs/language_effects/{model}_seed{seed}.log",
    benchmark:
        PATHS.root / "benchmarks/language_effects/{model}_seed{seed}.tsv"
    threads: 1
    resources:
        gpu=gpus,
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
        gpu=gpus,
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


rule language_races:
    input:
        LANGUAGE_WHOLE / "upweighting.parquet",
        code=code("stagewise.stages.language.summaries"),
    output:
        LANGUAGE_WHOLE / "races.parquet",
        LANGUAGE_WHOLE / "race_differences.parquet",
    log:
        PATHS.root / "logs/language_races/{model}.log",
    benchmark:
        PATHS.root / "benchmarks/language_races/{model}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "means over runs of up-weighting, {wildcards.model}"
    shell:
        "{STAGEWISE} language summaries {wildcards.model} races {CONFIG_ARGS} > {log:q} 2>&1"


rule language_localisation_summary:
    input:
        LANGUAGE_WHOLE / "localisation.parquet",
        code=code("stagewise.stages.language.summaries"),
    output:
        LANGUAGE_WHOLE / "localisation_summary.parquet",
    log:
        PATHS.root / "logs/language_localisation_summary/{model}.log",
    benchmark:
        PATHS.root / "benchmarks/language_localisation_summary/{model}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "compare localisations with their limit, {wildcards.model}"
    shell:
        "{STAGEWISE} language summaries {wildcards.model} localisation {CONFIG_ARGS} > {log:q} 2>&1"


rule language_milestones:
    input:
        LANGUAGE_WHOLE / "events.parquet",
        LANGUAGE_WHOLE / "transitions.parquet",
        code=code("stagewise.stages.language.summaries"),
    output:
        LANGUAGE_WHOLE / "milestones.parquet",
    log:
        PATHS.root / "logs/language_milestones/{model}.log",
    benchmark:
        PATHS.root / "benchmarks/language_milestones/{model}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    message:
        "milestones of all runs, {wildcards.model}"
    shell:
        "{STAGEWISE} language summaries {wildcards.model} milestones {CONFIG_ARGS} > {log:q} 2>&1"
