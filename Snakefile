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
include: "workflow/rules/language/text.smk"
include: "workflow/rules/language/train.smk"
include: "workflow/rules/language/measure.smk"
include: "workflow/rules/language/tables.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/figures.smk"


onstart:
    for line in estimates_of_pretrained():
        print(line, file=sys.stderr)


onsuccess:
    merge_what_is_there()


rule all:
    default_target: True
    input:
        all_of("merge_claims", "merge_events", "theory_document", "toy_collect"),
        all_of("language_collect", "language_milestones", "language_classes"),
        all_of("draw", "draw_language", "draw_across", "draw_recorded"),


rule toy:
    input:
        all_of(
            "toy_influence", "toy_events", "toy_collect", "toy_learning", "toy_sweep"
        ),
        all_of("toy_peaks", "toy_window_curves", "claims_toy"),


rule language:
    input:
        all_of(
            "language_collect",
            "language_development",
            "language_events",
            "language_milestones",
        ),
        all_of("language_forecast", "language_races", "language_localisation_summary"),
        all_of(
            "language_localisation",
            "language_classes",
            "claims_language",
            "draw_language",
        ),
        all_of("language_sizes"),
        sizes_figure(),


rule theory:
    input:
        all_of("theory_document", "claims_theory"),


rule figures:
    input:
        all_of("draw", "draw_language", "draw_across", "draw_recorded"),


rule claims:
    input:
        all_of("merge_claims"),
