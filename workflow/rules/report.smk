# In: verdicts, networks, distances and weights. Out: the report, one file.


rule report:
    """The report: one HTML file that opens from disk."""
    input:
        *rules.judge.output,
        expand(
            rules.measure.output.distances,
            init=[init.label for init in EXPERIMENT.init],
        ),
    output:
        EXPERIMENT.report,
    params:
        config=config,
        files=CONFIG_FILES,
        code=fingerprint("report"),
    log:
        f"{LOGS}/report/report.log",
    benchmark:
        f"{BENCHMARKS}/report/report.tsv"
    script:
        "../scripts/report.py"
