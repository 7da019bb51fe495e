"""A Slurm of its own on loopback: a controller and two nodes, in one temporary folder."""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
NODES = ("n1", "n2")
# What every node is said to have, whatever the machine has: memory in MB.
CORES, MEMORY = 2, 6000

# Where commands look that are not told: the slurm executor takes SLURM_CONF from its jobs.
USUAL = Path("/etc/slurm/slurm.conf")
#: How the folders of the test begin.
PREFIX = "skyloom-slurm-"

_CONFIGURATION = """\
ClusterName=skyloom
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CryptoType=crypto/munge
SlurmUser=root
SlurmdUser=root
ReturnToService=2
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
GresTypes=gpu
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0,sched_min_interval=0
MpiDefault=none
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MinJobAge=3600
KillWait=2
OverTimeLimit=0
SlurmctldTimeout=30
SlurmdTimeout=30
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
SlurmdParameters=config_overrides
DefMemPerCPU=256
{nodes}
PartitionName=short Nodes=ALL Default=YES MaxTime=UNLIMITED DefaultTime=00:05:00 State=UP
"""


def _is_ours():
    """Whether the usual configuration is a link that this test has made."""
    return USUAL.is_symlink() and PREFIX in os.readlink(USUAL)


def install():
    """Install Slurm and munge from the distribution's packages, where they are absent.

    Returns
    -------
    str or None
        Why that cannot be done here.
    """
    if os.geteuid():
        return "it needs root, for the daemons and their packages"
    if USUAL.exists() or (USUAL.is_symlink() and not _is_ours()):
        return f"this machine has a Slurm of its own ({USUAL})"
    if all(shutil.which(name) for name in ("slurmctld", "slurmd", "sbatch", "munged")):
        return None
    if not shutil.which("apt-get"):
        return "Slurm is not installed, and there is no apt-get to install it"
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (("update", "-q"), ("install", "-qy", "--no-install-recommends", *PACKAGES)):
        done = subprocess.run(
            ["apt-get", *words], env=environment, capture_output=True, text=True, timeout=300
        )
        if done.returncode:
            return f"apt-get {words[0]} failed: {done.stderr.strip()[-300:]}"
    return None


class Slurm:
    """The three daemons; a context manager that stops them however the block ends."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.environment = {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf")}

    def __enter__(self):
        self._configure()
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_):
        self._stop()

    def _configure(self):
        host = socket.gethostname().split(".")[0]
        ports = _free_ports(1 + len(NODES))
        nodes = "\n".join(
            f"NodeName={name} NodeAddr=127.0.0.1 NodeHostname={host} Port={port} CPUs={CORES} "
            f"Boards=1 SocketsPerBoard=1 CoresPerSocket={CORES} ThreadsPerCore=1 "
            f"RealMemory={MEMORY} Gres=gpu:1 State=UNKNOWN"
            for name, port in zip(NODES, ports[1:], strict=True)
        )
        for name in ("state", "munge", *(f"spool.{node}" for node in NODES)):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        # munge wants every user to reach its socket, and the key kept from them.
        self.folder.chmod(0o711)
        key = self.folder / "munge" / "key"
        key.touch(mode=0o400)
        key.write_bytes(secrets.token_bytes(128))
        text = _CONFIGURATION.format(
            host=host, folder=self.folder, controller=ports[0], nodes=nodes
        )
        # A GPU in name only, to see that jobs ask for it.
        gpus = f"AutoDetect=off\nNodeName={','.join(NODES)} Name=gpu File=/dev/null\n"
        (self.folder / "gres.conf").write_text(gpus)
        path = self.folder / "slurm.conf"
        path.write_text(text)
        # A link that a killed test has left leads nowhere.
        USUAL.unlink(missing_ok=True)
        USUAL.symlink_to(path)

    def _start(self):
        munge = self.folder / "munge"
        files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "seed-file": "seed"}
        options = [f"--{option}={munge / name}" for option, name in files.items()]
        self.run("/usr/sbin/munged", *options, f"--log-file={munge / 'log'}")
        self.run("/usr/sbin/slurmctld", "-c")
        for node in NODES:
            self.run("/usr/sbin/slurmd", "-N", node)
        for _ in range(100):
            if self.run("sinfo", "-h", "-o", "%D %t").strip() == f"{len(NODES)} idle":
                return
            time.sleep(0.2)
        raise RuntimeError(f"the nodes did not come up: {self.run('sinfo', '-h')}")

    def _stop(self):
        """Stop the daemons by their process numbers; jobs first, else they outlive them."""
        subprocess.run(["scancel", "--user=root"], env=self.environment, capture_output=True)
        # Longer than KillWait: whoever watches over a job's processes must see them end.
        for _ in range(100):
            words = ["squeue", "--noheader"]
            asked = subprocess.run(words, env=self.environment, capture_output=True, text=True)
            if not asked.stdout.strip():
                break
            time.sleep(0.1)
        if _is_ours():
            USUAL.unlink()
        files = [*self.folder.glob("*.pid"), self.folder / "munge" / "pid"]
        numbers = [int(file.read_text()) for file in files if file.exists()]
        for sign in (signal.SIGTERM, signal.SIGKILL):
            for number in numbers:
                if _runs(number):
                    os.kill(number, sign)
            for _ in range(50):
                if not any(map(_runs, numbers)):
                    return
                time.sleep(0.1)

    def run(self, *words):
        """Standard output of a command that must succeed."""
        done = subprocess.run(
            words, env=self.environment, capture_output=True, text=True, timeout=60
        )
        if done.returncode:
            raise RuntimeError(f"{words[0]}: {done.stderr.strip()}")
        return done.stdout

    def jobs(self):
        """All jobs that the controller has seen, oldest first: dicts of scontrol's fields."""
        lines = self.run("scontrol", "show", "job", "--oneliner").splitlines()
        found = [dict(re.findall(r"(\w+)=(\S*)", line)) for line in lines if "JobId=" in line]
        return sorted(found, key=lambda job: int(job["JobId"]))


def _free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [item.getsockname()[1] for item in sockets]
    for item in sockets:
        item.close()
    return ports


def _runs(number):
    try:
        return Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
