# In: weights. Out: distances between units, a row a network, a verdict a setting.
# measure is a job an initializer; judge puts them together.


rule measure:
    """Distances and verdicts of the networks of one initializer."""
    input:
        data=DATA,
        weights=lambda wildcards: EXPERIMENT.train_files(wildcards.init),
    output:
        distances=f"{RESULTS}/distances/{{init}}.parquet",
        networks=f"{RESULTS}/networks/{{init}}.parquet",
    params:
        data=EXPERIMENT.data_record(),
        redundancy=EXPERIMENT.redundancy,
        code=fingerprint("verdicts"),
    log:
        f"{LOGS}/measure/{{init}}.log",
    benchmark:
        f"{BENCHMARKS}/measure/{{init}}.tsv"
    resources:
        mem_mb=4000,
    script:
        "../scripts/measure.py"


rule judge:
    """The verdict of every setting, with its interval; and all networks in one table."""
    input:
        expand(rules.measure.output.networks, init=[init.label for init in EXPERIMENT.init]),
    output:
        verdicts=f"{RESULTS}/verdicts.csv",
        networks=f"{RESULTS}/networks.parquet",
    params:
        code=fingerprint("verdicts"),
    log:
        f"{LOGS}/judge/judge.log",
    benchmark:
        f"{BENCHMARKS}/judge/judge.tsv"
    script:
        "../scripts/judge.py"
