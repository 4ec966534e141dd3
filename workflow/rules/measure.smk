# In: weights. Out: distances between units, what they learned, a row a network, a verdict a setting.
# measure is a job an initializer; judge puts them together.

INITS = [init.label for init in EXPERIMENT.init]


rule measure:
    """Measure the networks of one initializer: distances of units, what they learned, verdicts."""
    input:
        data=DATA,
        weights=lambda wildcards: EXPERIMENT.train_files(wildcards.init),
    output:
        distances=f"{RESULTS}/distances/{{init}}.parquet",
        networks=f"{RESULTS}/networks/{{init}}.parquet",
        properties=f"{RESULTS}/properties/{{init}}.parquet",
        dynamics=f"{RESULTS}/dynamics/{{init}}.parquet",
    log:
        f"{LOGS}/measure/{{init}}.log",
    benchmark:
        f"{BENCHMARKS}/measure/{{init}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=tries(plan.measure_megabytes(EXPERIMENT)),
        runtime=tries(plan.train_minutes(EXPERIMENT)),
    params:
        data=EXPERIMENT.data_record(),
        redundancy=EXPERIMENT.redundancy,
        neglect=EXPERIMENT.neglect,
        seed=EXPERIMENT.seed,
        code=code("measuring"),
    script:
        "../scripts/measure.py"


rule hunt:
    """Look for random settings, outside the grid, of which the theory is wrong."""
    output:
        report(f"{RESULTS}/hunt.csv", caption="../report/hunt.rst", category="Tables"),
    log:
        f"{LOGS}/hunt/hunt.log",
    benchmark:
        f"{BENCHMARKS}/hunt/hunt.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=tries(plan.BASE_MB),
        runtime=tries(plan.START_MINUTES),
    params:
        seed=EXPERIMENT.seed,
        code=code("hunt"),
    script:
        "../scripts/hunt.py"


rule judge:
    """Judge every setting and every claim, and put all networks in one table."""
    input:
        networks=expand(rules.measure.output.networks, init=INITS),
        properties=expand(rules.measure.output.properties, init=INITS),
        claims=EXPERIMENT.claims or [],
        dynamics=expand(rules.measure.output.dynamics, init=INITS),
    output:
        verdicts=report(
            f"{RESULTS}/verdicts.csv",
            caption="../report/verdicts.rst",
            category="Tables",
        ),
        claims=report(
            f"{RESULTS}/claims.csv", caption="../report/claims.rst", category="Tables"
        ),
        networks=f"{RESULTS}/networks.parquet",
        sensitivity=f"{RESULTS}/sensitivity.csv",
        over_training=f"{RESULTS}/over_training.csv",
        by_verdict=f"{RESULTS}/by_verdict.csv",
        neglect=f"{RESULTS}/neglect.csv",
        contrasts=report(
            f"{RESULTS}/contrasts.csv",
            caption="../report/contrasts.rst",
            category="Tables",
        ),
        dynamics=f"{RESULTS}/dynamics.csv",
    log:
        f"{LOGS}/judge/judge.log",
    benchmark:
        f"{BENCHMARKS}/judge/judge.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=tries(plan.judge_megabytes(EXPERIMENT)),
        runtime=tries(plan.START_MINUTES),
    params:
        redundancy=EXPERIMENT.redundancy,
        neglect=EXPERIMENT.neglect,
        claims=EXPERIMENT.claims,
        code=code("judging"),
    script:
        "../scripts/judge.py"
