# The language models: train, measure influence and landmarks, intervene.

from stagewise.tasks.language.common import run_settings

LANGUAGE_MODELS = list(CONFIG.language.models)
LANGUAGE_RUN = PATHS.root / "language/{model}/seed{seed}"
LANGUAGE_WHOLE = PATHS.root / "language/{model}"
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


wildcard_constraints:
    corpus=r"[a-z0-9_]+",
    step=r"\d+",
    model="|".join(LANGUAGE_MODELS) or "none",
    class_name=r"[a-z_]+",


rule language_train:
    input:
        checkpoints_of,
        code=code("stagewise.tasks.language.train"),
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
        code=code("stagewise.tasks.language.influence"),
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
        code=code("stagewise.tasks.language.influence"),
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
        code=code("stagewise.tasks.language.landmarks"),
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
        code=code("stagewise.tasks.language.upweighting"),
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
        code=code("stagewise.tasks.language.effects"),
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
        code=code("stagewise.tasks.language.localisation"),
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
