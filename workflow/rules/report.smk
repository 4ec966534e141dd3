# In: all that was found, and the config. Out: the report, one file.
# pages is a job an initializer; report puts them together.


rule pages:
    """Draw together the page of each setting of one initializer."""
    input:
        data=DATA,
        weights=lambda wildcards: EXPERIMENT.train_files(wildcards.init),
        properties=rules.measure.output.properties,
    output:
        f"{RESULTS}/pages/{{init}}.parquet",
    log:
        f"{LOGS}/pages/{{init}}.log",
    benchmark:
        f"{BENCHMARKS}/pages/{{init}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=tries(plan.measure_megabytes(EXPERIMENT)),
        runtime=tries(plan.train_minutes(EXPERIMENT)),
    params:
        data=EXPERIMENT.data_record(),
        neglect=EXPERIMENT.neglect,
        code=code("pages"),
    script:
        "../scripts/pages.py"


rule report:
    """Write the report, one HTML file that opens from disk."""
    input:
        rules.judge.output,
        rules.hunt.output,
        expand(rules.measure.output.distances, init=INITS),
        expand(rules.pages.output, init=INITS),
        lambda wildcards: [f for init in INITS for f in EXPERIMENT.train_files(init)],
        EXPERIMENT.boundary_files,
        data=DATA,
        config=CONFIG_FILES,
    output:
        EXPERIMENT.report,
    log:
        f"{LOGS}/report/report.log",
    benchmark:
        f"{BENCHMARKS}/report/report.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=tries(plan.measure_megabytes(EXPERIMENT)),
        runtime=tries(plan.START_MINUTES),
    params:
        config=config,
        code=code("report"),
    script:
        "../scripts/report.py"
