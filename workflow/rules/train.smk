# In: a checked config. Out: the experiment's table, and the weights of every network.
# data -> kernels -> train, a job a combination (initializer x dropout x bias), and -> refine, a job
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


rule train:
    """Train one combination: all its models and replicates."""
    input:
        data=DATA,
        kernels=expand(rules.kernels.output, dtype=EXPERIMENT.kernel_dtypes),
    output:
        f"{RESULTS}/train/{{init}}/{{dropout}}/{{bias}}.npz",
    log:
        f"{LOGS}/train/{{init}}/{{dropout}}/{{bias}}.log",
    benchmark:
        f"{BENCHMARKS}/train/{{init}}/{{dropout}}/{{bias}}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=tries(plan.train_megabytes(EXPERIMENT)),
        runtime=tries(plan.train_minutes(EXPERIMENT)),
    params:
        records=lambda wildcards: EXPERIMENT.records(**wildcards),
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
