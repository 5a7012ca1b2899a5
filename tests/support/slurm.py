"""A SLURM cluster of this machine alone, from the system's packages, that lasts as long as a test."""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path

NEEDS = ("slurmctld", "slurmd", "munged", "sbatch", "squeue", "scontrol")

CONF = """\
ClusterName=bench
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,bf_interval=1
ReturnToService=2
KillWait=5
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=1000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def is_there():
    """Whether this machine can have one; its daemons run as root here."""
    return all(map(shutil.which, NEEDS)) and os.getuid() == 0


@contextlib.contextmanager
def cluster(folder):
    """Two CPUs in one partition; the environment under which its commands answer."""
    folder = Path(folder)
    folder.chmod(0o755)
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o600)
    conf = folder / "slurm.conf"
    conf.write_text(CONF.format(host=socket.gethostname().partition(".")[0], folder=folder, ports=_free_ports(2)))
    env = {**os.environ, "SLURM_CONF": str(conf)}
    own = [f"--key-file={key}", f"--socket={folder}/munge.socket", f"--pid-file={folder}/munged.pid"]
    own += [f"--log-file={folder}/munged.log", f"--seed-file={folder}/munged.seed"]
    commands = (["munged", "--force", "--foreground", *own], ["slurmctld", "-D"], ["slurmd", "-D"])
    running = []
    try:
        for command in commands:
            with Path(folder, f"{command[0]}.out").open("wb") as out:
                running.append(subprocess.Popen(command, env=env, stdout=out, stderr=out))
            time.sleep(0.5)
        until = time.monotonic() + 60
        while "idle" not in said("sinfo", "-h", "-o", "%T", env=env):
            assert time.monotonic() < until, "SLURM never came up"
            time.sleep(0.5)
        yield env
    finally:
        subprocess.run(["scancel", "--full", "-u", "root"], env=env, capture_output=True, check=False)
        time.sleep(1.0)
        for process in reversed(running):
            process.terminate()
            process.wait(timeout=30)


def said(*words, env):
    """What a command of SLURM prints."""
    return subprocess.run(words, env=env, capture_output=True, text=True, check=False).stdout


def _free_ports(number):
    with contextlib.ExitStack() as stack:
        bound = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in bound:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in bound]
