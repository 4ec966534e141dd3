"""The machine that a process runs on, in a few words: what a log and a statement say of it."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path


def cpu() -> str:
    """Return the processor's name; the architecture's where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (names[0] if names else platform.processor()) or platform.machine()


def hardware() -> str:
    """Return processor, CPUs and system, as in ``AMD EPYC 9R14, 2 CPUs, Linux x86_64``."""
    return f"{cpu()}, {os.cpu_count()} CPUs, {platform.system()} {platform.machine()}"


def now() -> str:
    """Return the time to the millisecond in UTC, as in ``2026-11-25T16:05:41.123Z``."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
