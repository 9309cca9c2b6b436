"""Servers under measurement: starting them, and what the kernel knows of them."""

import os
import pathlib
import shlex
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


class Server:
    """A process that listens. Its output goes to a file, whose end is shown if it dies."""

    def __init__(self, name, command, port, log, cwd=None):
        self.name = name
        self.command = [str(word) for word in command]
        self.port = port
        self._log = pathlib.Path(log)
        with open(self._log, "wb") as output:
            self._process = subprocess.Popen(self.command, stdout=output, stderr=output, cwd=cwd)
        try:
            self._wait_until_listening()
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

    def _wait_until_listening(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            self.check_alive()
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise BenchError(f"{self.name} did not listen on {self.address} within 30 s")

    def check_alive(self):
        if self._process.poll() is not None:
            raise BenchError(f"{self.name} ended with status {self._process.returncode}:\n"
                             f"  {' '.join(self.command)}\n{self._last_lines()}")

    def _last_lines(self):
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-10:])

    def cpu_seconds(self):
        """User and system time of the process so far; the kernel counts in 1/100 s."""
        self.check_alive()
        stat = pathlib.Path(f"/proc/{self._process.pid}/stat").read_text()
        fields = stat[stat.rindex(")") + 2:].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def status_number(self, key):
        """A number of /proc/<pid>/status: VmRSS, VmHWM (kB), Threads."""
        self.check_alive()
        for line in pathlib.Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1])
        raise BenchError(f"/proc/{self._process.pid}/status has no {key}")

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def run_counting_cpu(command, timeout, stdout=subprocess.PIPE):
    """Runs a load tool. Returns (its output, its own CPU seconds, wall seconds)."""
    start = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], stdout=stdout,
                               stderr=subprocess.PIPE, text=True)
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
