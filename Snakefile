# Stagewise data attribution: from a bare clone to figures and a claims table.
#
#   snakemake --cores 2                                   everything
#   snakemake --cores 2 toy|language|theory|figures|claims        a part
#   snakemake --cores 2 --configfile my.yaml              my.yaml overrides the keys it names

from snakemake.utils import min_version

min_version("9.0")


include: "workflow/rules/common.smk"
include: "workflow/rules/toy.smk"
include: "workflow/rules/horizons.smk"
include: "workflow/rules/theory.smk"
include: "workflow/rules/language/text.smk"
include: "workflow/rules/language/train.smk"
include: "workflow/rules/language/measure.smk"
include: "workflow/rules/language/schedules.smk"
include: "workflow/rules/language/tables.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/explorer.smk"


onstart:
    make_anew_what_is_forced()
    for line in estimates_of_pretrained():
        print(line, file=sys.stderr)


onsuccess:
    merge_what_is_there()
    tell_times()


rule all:
    default_target: True
    input:
        part("all"),


rule toy:
    input:
        part("toy"),


rule language:
    input:
        part("language"),


rule theory:
    input:
        part("theory"),


rule figures:
    input:
        part("figures"),


rule claims:
    input:
        part("claims"),
