# In: weights. Out: distances between units, a row a network, a verdict a setting; predictions.
# measure is a job an initializer; judge puts them together.


rule measure:
    """Measure the networks of one initializer: distances of units, verdicts, predictions."""
    input:
        data=DATA,
        weights=lambda wildcards: EXPERIMENT.train_files(wildcards.init),
    output:
        distances=f"{RESULTS}/distances/{{init}}.parquet",
        networks=f"{RESULTS}/networks/{{init}}.parquet",
    log:
        f"{LOGS}/measure/{{init}}.log",
    benchmark:
        f"{BENCHMARKS}/measure/{{init}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=plan.measure_megabytes(EXPERIMENT),
        runtime=plan.train_minutes(EXPERIMENT),
    params:
        data=EXPERIMENT.data_record(),
        redundancy=EXPERIMENT.redundancy,
        seed=EXPERIMENT.seed,
        code=files.fingerprint("verdicts"),
    script:
        "../scripts/measure.py"


rule judge:
    """Judge every setting, with its interval, and put all networks in one table."""
    input:
        expand(rules.measure.output.networks, init=[i.label for i in EXPERIMENT.init]),
    output:
        verdicts=f"{RESULTS}/verdicts.csv",
        networks=f"{RESULTS}/networks.parquet",
    log:
        f"{LOGS}/judge/judge.log",
    benchmark:
        f"{BENCHMARKS}/judge/judge.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2 * plan.BASE_MB,
        runtime=plan.START_MINUTES,
    params:
        code=files.fingerprint("verdicts"),
    script:
        "../scripts/judge.py"
