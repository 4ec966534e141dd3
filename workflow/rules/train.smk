# In: a checked config. Out: the experiment's table, and the weights of every network.
# data -> kernels -> train, a job a combination (initializer x dropout x bias).


rule data:
    """The experiment's table: the demand story, or the user's own file, with its split."""
    output:
        DATA,
    params:
        data=EXPERIMENT.data_record(),
        seed=EXPERIMENT.seed,
        code=fingerprint("data"),
    log:
        f"{LOGS}/data/data.log",
    benchmark:
        f"{BENCHMARKS}/data/data.tsv"
    script:
        "../scripts/data.py"


rule kernels:
    """The compiled training loops, once before the training jobs start."""
    output:
        f"{RESULTS}/kernels/{{dtype}}.txt",
    params:
        records=lambda wildcards: EXPERIMENT.kernel_records(wildcards.dtype),
        code=fingerprint("training"),
    log:
        f"{LOGS}/kernels/{{dtype}}.log",
    benchmark:
        f"{BENCHMARKS}/kernels/{{dtype}}.tsv"
    script:
        "../scripts/kernels.py"


rule train:
    """Train one combination: all its models and replicates."""
    input:
        data=DATA,
        kernels=ancient(expand(rules.kernels.output, dtype=EXPERIMENT.dtype)),
    output:
        f"{RESULTS}/train/{{init}}/{{dropout}}/{{bias}}.npz",
    params:
        records=lambda wildcards: EXPERIMENT.records(**wildcards),
        run=EXPERIMENT.run(),
        data=EXPERIMENT.data_record(),
        code=fingerprint("training"),
    log:
        f"{LOGS}/train/{{init}}/{{dropout}}/{{bias}}.log",
    benchmark:
        f"{BENCHMARKS}/train/{{init}}/{{dropout}}/{{bias}}.tsv"
    resources:
        mem_mb=600,
        runtime=60,
    script:
        "../scripts/train.py"
