"""Servers under measurement: starting them, and what the kernel knows of them."""

import os
import pathlib
import shlex
import signal
import socket
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


class BenchError(Exception):
    """Something that makes a figure impossible; the message is for the reader of the table."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def shorten(command):
    """A command as one would type it: programs and files by their names, quotes where needed."""
    words = []
    for word in map(str, command):
        name = pathlib.Path(word).name if word.startswith("/") else word
        words.append(shlex.quote(name))
    return " ".join(words)


def tree_ticks(root):
    """CPU time of a process and of all below it, those that have ended too, in the kernel's ticks."""
    ticks, children = {}, {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue  # ended meanwhile
        fields = stat[stat.rindex(")") + 2:].split()
        ticks[int(entry.name)] = sum(map(int, fields[11:15]))
        children.setdefault(int(fields[1]), []).append(int(entry.name))
    total, below = 0, [root]
    while below:
        pid = below.pop()
        total += ticks.get(pid, 0)
        below += children.get(pid, [])
    return total


class Server:
    """A process that listens on a port or, without one, says `ready`. Its output goes to a file, whose
    end is shown if it dies."""

    def __init__(self, name, command, port, log, cwd=None, ready=None, env=None,
                 stop_by=signal.SIGTERM):
        self.name = name
        self.command = [str(word) for word in command]
        self.port = port
        self._ready = ready
        self._stop_by = stop_by
        self._log = pathlib.Path(log)
        with open(self._log, "wb") as output:
            self._process = subprocess.Popen(self.command, stdout=output, stderr=output, cwd=cwd,
                                             env={**os.environ, **(env or {})})
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def shown(self):
        """The command as one would type it."""
        return shorten(self.command)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def _wait_until_ready(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            self.check_alive()
            if self._is_ready():
                return
            time.sleep(0.02)
        what = f"say {self._ready!r}" if self.port is None else f"listen on {self.address}"
        raise BenchError(f"{self.name} did not {what} within 30 s\n{self._last_lines()}")

    def _is_ready(self):
        if self.port is None:
            return self._ready in self._log.read_text(errors="replace")
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def check_alive(self):
        if self._process.poll() is not None:
            raise BenchError(f"{self.name} ended with status {self._process.returncode}:\n"
                             f"  {' '.join(self.command)}\n{self._last_lines()}")

    def _last_lines(self):
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-10:])

    def cpu_seconds(self):
        """User and system time of the process and its children so far; the kernel counts in 1/100 s."""
        self.check_alive()
        return tree_ticks(self._process.pid) / TICKS

    def status_number(self, key):
        """A number of /proc/<pid>/status: VmRSS, VmHWM (kB), Threads."""
        self.check_alive()
        for line in pathlib.Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1])
        raise BenchError(f"/proc/{self._process.pid}/status has no {key}")

    def stop(self):
        self._process.send_signal(self._stop_by)
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def run_counting_cpu(command, timeout, stdout=subprocess.PIPE, env=None):
    """Runs a load tool. Returns (its output, its own CPU seconds, wall seconds)."""
    start = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], stdout=stdout,
                               stderr=subprocess.PIPE, text=True, env={**os.environ, **(env or {})})
    before = os.times()
    try:
        output, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise BenchError(f"no end within {timeout} s: {' '.join(map(str, command))}") from None
    wall = time.monotonic() - start
    after = os.times()
    # Children's times grow when a child is waited for, and no other child ends in between.
    cpu = (after.children_user - before.children_user
           + after.children_system - before.children_system)
    if process.returncode != 0:
        raise BenchError(f"status {process.returncode} from {' '.join(map(str, command))}\n"
                         f"{(errors or '')[-800:]}{(output or '')[-400:]}")
    return output, cpu, wall
