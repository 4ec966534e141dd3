"""What Snakemake shows of a run: a bar on a terminal, a line every 5 % elsewhere, and failures.

Snakemake finds it by the package's name where a profile says ``logger: symbreak``. Its own log,
with every job, is in .snakemake/log all the same; a dry run and ``--verbose`` show it.
"""

import logging
import shutil
import sys
import time

from snakemake.logging import ColorizingTextHandler, DefaultFilter, DefaultFormatter
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from symbreak.failures import reason
from symbreak.progress import Progress

DROPPED = "Exiting because a job execution failed"  # what failed is said already
KEPT = ("Nothing to be done", "Complete log")  # what is shown of Snakemake's lines without an event
CLEAR = "\r\033[K"
JOBS = (LogEvent.JOB_INFO, LogEvent.JOB_FINISHED, LogEvent.JOB_ERROR)


class LogHandler(LogHandlerBase):
    """Turns Snakemake's events into few lines."""

    writes_to_stream, writes_to_file = True, False
    has_filter, has_formatter, needs_rulegraph = True, True, False

    def __post_init__(self) -> None:
        """Show all that Snakemake does where all is asked for."""
        said = self.common_settings
        self.stream = sys.stdout if said.stdout else sys.stderr
        self.terminal = self.stream.isatty()
        self.progress: Progress | None = None
        self.drawn = False
        self.whole: logging.Handler | None = None
        if said.dryrun or said.verbose or said.debug_dag or said.printshellcmds:
            form = DefaultFormatter(said.quiet, said.show_failed_logs)
            self.whole = ColorizingTextHandler(said.nocolor, self.stream, form)
        self.addFilter(DefaultFilter(said.quiet, said.debug_dag, said.verbose, said.dryrun,
                                     said.printshellcmds))  # fmt: skip

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record."""
        event = getattr(record, "event", None)
        if self.whole:
            self.whole.emit(record)
        elif event == LogEvent.RUN_INFO:
            jobs = record.__dict__["stats"]
            self.progress = Progress({rule: n for rule, n in jobs.items() if rule != "total"})
        elif event in JOBS and self.progress:
            self.job(self.progress, event, record.__dict__)
        elif getattr(record, "told", False):
            self.end()
            self.write(record.getMessage())
        elif _is_news(event, record) and not (event == LogEvent.ERROR and self.progress):
            self.write(record.getMessage())

    def job(self, progress: Progress, event: LogEvent | None, of: dict) -> None:
        """Count what happened to a job."""
        if event == LogEvent.JOB_INFO:
            progress.started(of["jobid"], of["rule_name"])
        elif event == LogEvent.JOB_FINISHED:
            progress.finished(of["job_id"])
        else:
            progress.fails(of["jobid"], of["rule_name"])
            why = "; ".join(f"{log}: {reason(log)}" for log in of["log"])
            self.write(f"Failed, {of['rule_name']}: {why}")
        self.show(progress)

    def show(self, progress: Progress) -> None:
        """Draw the bar again, or add a line where 5 % more are done."""
        if self.terminal:
            room = shutil.get_terminal_size().columns - 1
            # Back at the line's start, so that what a job itself says does not follow the bar.
            self.stream.write(f"{CLEAR}{progress.bar()[:room]}\r")
            self.drawn = True
        elif line := progress.line():
            self.stream.write(f"{time.strftime('%H:%M:%S')} {line}\n")
        self.stream.flush()

    def write(self, text: str) -> None:
        """Write lines in the place of the bar, which the next event draws again."""
        self.stream.write(f"{CLEAR if self.drawn else ''}{text.strip()}\n")
        self.stream.flush()

    def end(self) -> None:
        """Put the last counts in the place of the bar."""
        if self.drawn and self.progress:
            self.write(f"{self.progress.counts}.")
        self.drawn = False

    def close(self) -> None:
        """Leave no half line."""
        self.end()
        super().close()


def _is_news(event: LogEvent | None, record: logging.LogRecord) -> bool:
    """Tell whether a reader needs a record that is of no job."""
    if event is None:
        text, warned = record.getMessage(), record.levelno >= logging.WARNING
        return text.startswith(KEPT) or (warned and not text.startswith(DROPPED))
    return event == LogEvent.ERROR
