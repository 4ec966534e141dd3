# In: all that was found, and the config. Out: the report, one file.
# pages is a job an initializer; report puts them together, publish makes the site around it.
# plan says before a run what it takes.
# `--report` of Snakemake makes a page of its own from what is marked with report().

from symbreak import places

USED = {key: value for key, value in config.items() if key != "published"}


report: "../report/workflow.rst"


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
        mem_mb=tries(plan.pages_megabytes(EXPERIMENT)),
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
        expand(rules.measure.output, init=INITS),
        expand(rules.pages.output, init=INITS),
        lambda wildcards: [f for init in INITS for f in EXPERIMENT.train_files(init)],
        EXPERIMENT.boundary_files,
        data=DATA,
        config=CONFIG_FILES,
    output:
        report(EXPERIMENT.report, caption="../report/report.rst", category="Report"),
    log:
        f"{LOGS}/report/report.log",
    benchmark:
        f"{BENCHMARKS}/report/report.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=tries(plan.report_megabytes(EXPERIMENT)),
        runtime=tries(plan.START_MINUTES),
    params:
        config=USED,
        missing=None,
        code=code("report"),
    script:
        "../scripts/report.py"


rule publish:
    """Make the site of the experiment: report, tables, checksums, provenance."""
    input:
        rules.report.input,
        EXPERIMENT.report,
        data=DATA,
        config=CONFIG_FILES,
        papers=lambda _: [
            workflow.source_path(f"../../{name}")
            for name in (*places.DOCS, *places.PAPERS, places.CITATION)
        ],
        statements=places.statements(EXPERIMENT),
    output:
        places.outputs(EXPERIMENT),
    log:
        f"{LOGS}/publish/publish.log",
    benchmark:
        f"{BENCHMARKS}/publish/publish.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=tries(plan.publish_megabytes(EXPERIMENT)),
        runtime=tries(plan.START_MINUTES),
    params:
        config=USED,
        code=code("publish"),
    script:
        "../scripts/publish.py"


# Without an output, so that it runs whenever it is asked for; hence without a benchmark, too.
rule verify:
    """Compare what was computed with a published site: --config published=<its SHA256SUMS>."""
    input:
        rules.judge.output,
        rules.hunt.output,
        expand(rules.measure.output, init=INITS),
        EXPERIMENT.boundary_files,
        published=lambda _: places.local(EXPERIMENT),
        data=DATA,
        config=CONFIG_FILES,
    log:
        f"{LOGS}/verify/verify.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=tries(plan.publish_megabytes(EXPERIMENT)),
        runtime=tries(plan.START_MINUTES),
    params:
        config=USED,
        published=EXPERIMENT.published,
        code=code("verify"),
    script:
        "../scripts/verify.py"


# No output and no benchmark: it runs whenever it is asked for.
rule plan:
    """Print jobs, networks, core-hours, memory, wall time and disk before anything starts."""
    log:
        f"{LOGS}/plan/plan.log",
    localrule: True
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=tries(plan.BASE_MB),
        runtime=tries(plan.START_MINUTES),
    params:
        config=USED,
        code=code("estimate"),
    script:
        "../scripts/plan.py"
