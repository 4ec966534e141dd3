"""A Slurm of one's own for a test: a controller and two nodes on this machine, in one folder.

Debian's packages slurm-wlm and munge; started as root, whom Slurm lets be every user it needs. All
that it makes is in the folder it is given, and all that it starts ends with the block.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

NODES = ("n1", "n2")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "setpriv")
SECONDS = 30  # for a daemon to start or end
CPUS, MEGABYTES = 2, 3000  # of a node, as Slurm is told

CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CryptoType=crypto/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
ReturnToService=2
SlurmdTimeout=10
KillWait=3
MinJobAge=300
SchedulerParameters=sched_interval=2,bf_interval=2
MailProg=/bin/true
{nodes}
PartitionName=short Nodes=ALL Default=YES MaxTime=60 State=UP OverSubscribe=NO
"""


def missing() -> str | None:
    """Return why no Slurm can be started here, or None."""
    absent = [name for name in PROGRAMS if program(name) is None]
    if absent:
        return f"no {', '.join(absent)}: apt-get install slurm-wlm munge"
    return None if os.geteuid() == 0 else "Slurm's daemons need root here"


def program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def wait_for(what: str, true: Callable[[], bool], seconds: float = SECONDS) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"after {seconds} s: {what}")
        time.sleep(0.1)


class Cluster:
    """The daemons of a Slurm in a folder; a test may kill and start each of them by its name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = os.environ | {
            "SLURM_CONF": f"{folder}/slurm.conf",
            "PATH": f"{folder}/bin:{os.environ['PATH']}",
        }
        (folder / "state").mkdir()
        # The executor plugin takes SLURM_CONF from a job's own srun; this gives it back.
        (folder / "bin").mkdir()
        (folder / "bin/srun").write_text(
            f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {program("srun")} "$@"\n'
        )
        (folder / "bin/srun").chmod(0o755)
        (folder / "munge.key").write_bytes(os.urandom(128))
        (folder / "munge.key").chmod(0o600)
        (folder / "slurm.conf").write_text(self._configuration())
        (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
        munge = {name: f"--{name}-file={folder}/munge.{name}" for name in ("pid", "log", "seed")}
        self.commands = {
            "munged": ["--foreground", "--force", "--num-threads=1", *munge.values(),
                       f"--key-file={folder}/munge.key", f"--socket={folder}/munge.socket"],
            "slurmctld": ["-D"],
            **{node: ["-D", "-N", node] for node in NODES},
        }  # fmt: skip

    def _configuration(self) -> str:
        host = socket.gethostname()
        controller, *ports = free_ports(1 + len(NODES))
        nodes = "\n".join(
            f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={CPUS} "
            f"RealMemory={MEGABYTES} State=UNKNOWN" for node, port in zip(NODES, ports, strict=True)
        )  # fmt: skip
        return CONFIGURATION.format(
            host=host, controller=controller, folder=self.folder, nodes=nodes
        )

    def start(self, *names: str) -> None:
        """Start daemons, all where none is named, and wait until every node is ready."""
        for name in names or self.commands:
            file = program("slurmd" if name in NODES else name)
            with (self.folder / f"{name}.log").open("ab") as log:
                self.running[name] = subprocess.Popen(
                    ["setpriv", "--pdeathsig=KILL", str(file), *self.commands[name]],
                    env=self.environment, stdout=log, stderr=log, cwd=self.folder,
                    start_new_session=True,
                )  # fmt: skip
            if name == "munged":
                wait_for("munge's socket", (self.folder / "munge.socket").exists)
        up = [node for node in NODES if node in self.running]
        wait_for(
            f"ready nodes: {self.states()}", lambda: all(self.states().get(n) in READY for n in up)
        )

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a daemon a signal and wait until it has ended."""
        process = self.running.pop(name)
        process.send_signal(number)
        process.wait(SECONDS)

    def states(self) -> dict[str, str]:
        """Return the state of every node, as idle; nothing where the controller does not answer."""
        lines = self.run("sinfo", "-h", "-N", "-o", "%N %t").splitlines()
        return dict(line.split() for line in lines)

    def run(self, *command: str) -> str:
        """Return what one of Slurm's commands prints."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False
        )
        return done.stdout

    def jobs(self) -> list[int]:
        """Return the numbers of the jobs that wait or run, in their order."""
        return sorted(int(number) for number in self.run("squeue", "-h", "-o", "%i").split())

    def next_job(self, after: int = 0) -> int:
        """Return the number of the next job, once it is there."""
        wait_for(f"a job after {after}", lambda: any(job > after for job in self.jobs()), 60)
        return min(job for job in self.jobs() if job > after)

    def asked(self, job: int) -> tuple[int, int]:
        """Return (megabytes, seconds) that a job has asked for."""
        line = self.run("squeue", "-h", "-o", "%i %m %l", f"--jobs={job}")
        _, memory, time = line.split()
        return int(memory.removesuffix("M")), seconds(time)

    def stop(self) -> None:
        """End every job and daemon."""
        if "slurmctld" in self.running and all(node in self.running for node in NODES):
            self.run("scancel", "--full", "--state=RUNNING,PENDING,SUSPENDED")
            wait_for("the end of every job", lambda: not self.jobs())
        for name in reversed(list(self.running)):
            try:
                self.kill(name, signal.SIGTERM)
            except subprocess.TimeoutExpired:
                self.running[name].kill()


READY = ("idle", "mix", "alloc")


def seconds(time: str) -> int:
    """Return the seconds of a time of Slurm's, as 5:00 or 1:05:00."""
    parts = [int(part) for part in time.split(":")]
    return sum(part * 60**power for power, part in enumerate(reversed(parts)))


def free_ports(count: int) -> list[int]:
    """Return ports that nothing listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Yield a Slurm that runs; it ends with the block."""
    found = Cluster(folder)
    try:
        found.start()
        yield found
    finally:
        found.stop()
