# In: what there is of a run that failed or was stopped. Out: a report of it, beside the whole one.
# The rules of a whole run, with the files that exist as their inputs.

PARTIAL = incomplete.folder(EXPERIMENT)


use rule measure as measure_partial with:
    """Measure what is trained of an initializer of which some combinations are missing."""
    input:
        data=DATA,
        weights=lambda wildcards: incomplete.trained(EXPERIMENT, wildcards.init),
    output:
        distances=f"{PARTIAL}/distances/{{init}}.parquet",
        networks=f"{PARTIAL}/networks/{{init}}.parquet",
        properties=f"{PARTIAL}/properties/{{init}}.parquet",
        dynamics=f"{PARTIAL}/dynamics/{{init}}.parquet",
    log:
        f"{LOGS}/measure_partial/{{init}}.log",
    benchmark:
        f"{BENCHMARKS}/measure_partial/{{init}}.tsv"


use rule pages as pages_partial with:
    """Draw together the pages of its settings."""
    input:
        data=DATA,
        weights=lambda wildcards: incomplete.trained(EXPERIMENT, wildcards.init),
        properties=rules.measure_partial.output.properties,
    output:
        f"{PARTIAL}/pages/{{init}}.parquet",
    log:
        f"{LOGS}/pages_partial/{{init}}.log",
    benchmark:
        f"{BENCHMARKS}/pages_partial/{{init}}.tsv"


use rule judge as judge_partial with:
    """Judge the settings that there are."""
    input:
        networks=there("networks"),
        properties=there("properties"),
        claims=EXPERIMENT.claims or [],
        dynamics=there("dynamics"),
    output:
        **{
            name: file.replace(RESULTS, PARTIAL, 1)
            for name, file in rules.judge.output.items()
        },
    log:
        f"{LOGS}/judge_partial/judge.log",
    benchmark:
        f"{BENCHMARKS}/judge_partial/judge.tsv"


use rule report as partial with:
    """Write a report of what there is of a run that failed or was stopped."""
    input:
        rules.judge_partial.output,
        rules.hunt.output,
        there("distances"),
        there("pages"),
        lambda wildcards: [f for i in INITS for f in incomplete.trained(EXPERIMENT, i)],
        lambda wildcards: [f for f in EXPERIMENT.boundary_files if os.path.exists(f)],
        data=DATA,
        config=CONFIG_FILES,
    output:
        incomplete.report(EXPERIMENT),
    log:
        f"{LOGS}/partial/report.log",
    benchmark:
        f"{BENCHMARKS}/partial/report.tsv"
    params:
        config=USED,
        missing=lambda wildcards: incomplete.missing(EXPERIMENT),
        code=code("report"),
