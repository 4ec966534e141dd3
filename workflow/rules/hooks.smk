# What is said before a run and after it. How far it is, and the lines here, shows the logger of
# profiles/default; without it Snakemake's own does.

from collections import Counter

from snakemake.logging import logger
from symbreak import progress


def tell(text):
    logger.info(text, extra={"told": True})


onstart:
    # Here, as it loads the engines: only a run needs it.
    from symbreak import estimate

    own = min(workflow.cores or 1, os.cpu_count() or 1)
    cores = own if workflow.local_exec else workflow.nodes
    counts = Counter(job.rule.name for job in workflow.dag.needrun_jobs())
    forecast = estimate.forecast(EXPERIMENT, counts, cores)
    if forecast:
        progress.expect(forecast.each)
        tell(forecast.text)


onsuccess:
    made = {file for job in workflow.dag.jobs for file in job.output}
    for file in (incomplete.report(EXPERIMENT), EXPERIMENT.report):
        if file in made:
            tell(f"Report: {file}")
    if EXPERIMENT.report in made:
        incomplete.clear(EXPERIMENT)


onerror:
    tell(
        failures.failures(
            log for job in workflow.scheduler.failed for log in job.log
        )
    )
    tell(f"A report of what there is: {incomplete.command(CONFIG_FILES)}")
