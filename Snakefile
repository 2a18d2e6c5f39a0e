# Stagewise data attribution: from a bare clone to figures and a claims table.
#
#   snakemake --cores 2                                   everything
#   snakemake --cores 2 toy|language|theory|figures|claims        a part
#   snakemake --cores 2 --configfile my.yaml              my.yaml overrides the keys it names

from snakemake.utils import min_version

min_version("9.0")

include: "workflow/rules/common.smk"
include: "workflow/rules/toy.smk"
include: "workflow/rules/theory.smk"
include: "workflow/rules/language.smk"
include: "workflow/rules/language_text.smk"
include: "workflow/rules/language_tables.smk"
include: "workflow/rules/figures.smk"


if any(model.pretrained for model in CONFIG.language.models.values()):

    onstart:
        from stagewise.benchmarks.cost import estimates
        from stagewise.cli.options import device_named

        for line in estimates(CONFIG, device_named("auto")):
            print(line, file=sys.stderr)


rule all:
    default_target: True
    input:
        PATHS.claims_page,
        PATHS.events,
        FIGURES,
        THEORY_FIGURES,
        LANGUAGE_FIGURES,
        RECORDED_FIGURES,
        ACROSS_FIGURES,
        DOCUMENT,


rule toy:
    input:
        PATHS.influence,
        PATHS.events,
        [PATHS.whole(table) for table in TOY_TABLES],


rule language:
    input:
        language_tables(),
        LANGUAGE_FIGURES,
        LANGUAGE_PAGES,
        [path for path in ACROSS_FIGURES if path.stem == "sizes"],


rule theory:
    input:
        DOCUMENT,
        THEORY_FIGURES,
        PATHS.claims_page,


rule figures:
    input:
        FIGURES,
        THEORY_FIGURES,
        LANGUAGE_FIGURES,
        RECORDED_FIGURES,
        ACROSS_FIGURES,


rule claims:
    input:
        PATHS.claims_page,
