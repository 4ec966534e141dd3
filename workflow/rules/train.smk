# In: a checked config. Out: the experiment's table, and the weights of every network.
# data -> kernels -> train, a job a combination (initializer x dropout x bias) or more, and -> refine, a job
# a request of the config's `refine`, which trains networks of its own.

REQUESTS = {r["name"]: refining.Request.from_record(r) for r in EXPERIMENT.refine}


rule data:
    """Make the experiment's table: the demand story, or the user's own, with its split."""
    input:
        EXPERIMENT.tables,
    output:
        DATA,
    log:
        f"{LOGS}/data/data.log",
    benchmark:
        f"{BENCHMARKS}/data/data.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=tries(plan.BASE_MB),
        runtime=tries(plan.START_MINUTES),
    params:
        data=EXPERIMENT.data_record(),
        seed=EXPERIMENT.seed,
        code=code("data"),
    script:
        "../scripts/data.py"


# Depend on nothing but code and dtype: a kernels job that runs again retrains everything.
rule kernels:
    """Compile the training loops of a precision, once before the training jobs."""
    output:
        f"{RESULTS}/kernels/{{dtype}}.txt",
    log:
        f"{LOGS}/kernels/{{dtype}}.log",
    benchmark:
        f"{BENCHMARKS}/kernels/{{dtype}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=tries(plan.BASE_MB),
        runtime=tries(plan.START_MINUTES),
    params:
        code=code("training"),
    script:
        "../scripts/kernels.py"


# A job a combination, or, with `shards`, as many jobs an initializer: as many rules, since all that
# a rule makes has the same wildcards. Which files are made together is no parameter: it changes none.
SHARDS = EXPERIMENT.shard_pairs or [[("{dropout}", "{bias}")]]

for number, pairs in enumerate(SHARDS, start=1):

    rule:
        """Train combinations of one initializer: all their models and replicates."""
        name:
            f"train_{number}" if EXPERIMENT.shards else "train"
        input:
            data=DATA,
            kernels=expand(rules.kernels.output, dtype=EXPERIMENT.kernel_dtypes),
        output:
            [f"{RESULTS}/train/{{init}}/{drop}/{bias}.npz" for drop, bias in pairs],
        log:
            f"{LOGS}/train/{{init}}/{number if EXPERIMENT.shards else '{dropout}/{bias}'}.log",
        benchmark:
            f"{BENCHMARKS}/train/{{init}}/{number if EXPERIMENT.shards else '{dropout}/{bias}'}.tsv"
        conda:
            "../../environment.yml"
        threads: 1
        resources:
            mem_mb=tries(plan.train_megabytes(EXPERIMENT)),
            runtime=tries(plan.train_minutes(EXPERIMENT, len(pairs))),
        params:
            models=lambda wildcards: EXPERIMENT.models(),
            run=EXPERIMENT.run(),
            data=EXPERIMENT.data_record(),
            code=code("training"),
        script:
            "../scripts/train.py"


rule refine:
    """Find the values of one number at which the verdict of most networks changes."""
    input:
        data=DATA,
        kernels=lambda wildcards: expand(
            rules.kernels.output,
            dtype={REQUESTS[wildcards.request].setting.dtype, "float64"},
        ),
    output:
        points=f"{RESULTS}/boundaries/{{request}}/points.csv",
        boundaries=f"{RESULTS}/boundaries/{{request}}/boundaries.csv",
    log:
        f"{LOGS}/refine/{{request}}.log",
    benchmark:
        f"{BENCHMARKS}/refine/{{request}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: attempt
        * plan.refine_megabytes(EXPERIMENT, REQUESTS[wildcards.request]),
        runtime=lambda wildcards, attempt: attempt
        * plan.refine_minutes(EXPERIMENT, REQUESTS[wildcards.request]),
    params:
        request=lambda wildcards: REQUESTS[wildcards.request].record(),
        run=EXPERIMENT.run(),
        data=EXPERIMENT.data_record(),
        redundancy=EXPERIMENT.redundancy,
        code=code("boundary"),
    script:
        "../scripts/refine.py"
