"""A server's process: started on loopback, waited for with a bound, ended by its own id."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

#: Where `run` puts what it installs; programs of PyPI packages are found there.
ENVIRONMENT = pathlib.Path(__file__).resolve().parents[3] / ".venv"


def program(name):
    """The path of a program that `run` installed. A missing one is a failure, never a skipped test."""
    search = os.pathsep.join([str(ENVIRONMENT / "bin"), os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    path = shutil.which(name, path=search)
    if path is None:
        raise RuntimeError(f"{name} is not installed; Tests/Servers/run installs it")
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean_environment(**more):
    """What every process here gets: nothing of the outer environment but the search path."""
    return {
        "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
        # Nobody looks for a cloud's metadata service, which has an address of its own.
        "AWS_EC2_METADATA_DISABLED": "true", "NO_GCE_CHECK": "true", **more}


def wait_until(is_ready, seconds, what):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_ready():
            return
        time.sleep(0.05)
    raise RuntimeError(f"{what}: not so within {seconds} s")


def accepts(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


#: Of every partner: an interrupted run has to end them, for each is in a group of its own.
_running = set()


def end_all():
    for child in list(_running):
        end(child)


def end(child):
    """The group holds only what this process started. Nothing that it keeps is needed any more."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait(timeout=10)
    _running.discard(child)


class Partner:
    """A context manager with a folder of its own that ends what it started, in the reverse order."""

    def __init__(self):
        self.folder = None
        self._children = []

    def __enter__(self):
        for attempts_left in (2, 1, 0):
            self.folder = pathlib.Path(tempfile.mkdtemp(prefix="clearml-sync-"))
            try:
                self.start()
                return self
            except RuntimeError:
                # Between the choice of a port and its use another process may take it.
                self.__exit__()
                if not attempts_left:
                    raise
            except BaseException:
                self.__exit__()
                raise

    def __exit__(self, *_):
        for child in reversed(self._children):
            end(child)
        self._children.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        raise NotImplementedError

    def launch(self, *command, ready, seconds=30, environment=None, folder=None):
        """Starts `command` in a process group of its own and waits until `ready()`; its output goes to a file."""
        log = self.folder / f"{pathlib.Path(command[0]).name}-{len(self._children)}.log"
        with log.open("wb") as output:
            child = subprocess.Popen(
                [str(word) for word in command], env=environment or clean_environment(HOME=str(self.folder)),
                cwd=folder or self.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True)
        self._children.append(child)
        _running.add(child)

        def is_ready():
            if child.poll() is not None:
                raise RuntimeError(f"{command[0]} ended with {child.returncode}: {tail(log)}")
            return ready()

        try:
            wait_until(is_ready, seconds, f"{command[0]} is ready")
        except RuntimeError as error:
            raise RuntimeError(f"{error}: {tail(log)}") from None
        return child

    def run(self, *command, environment=None, seconds=60):
        done = subprocess.run(
            [str(word) for word in command], env=environment or clean_environment(HOME=str(self.folder)),
            cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds)
        if done.returncode:
            raise RuntimeError(f"{' '.join(map(str, command))}: exit {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout


def tail(log, size=2000):
    return log.read_bytes()[-size:].decode(errors="replace")
