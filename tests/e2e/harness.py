"""Starts the real programs on free ports and talks to them. Standard library only."""

import http.client
import json
import os
import re
import select
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

BIN = os.environ.get("SLIPWAY_BIN", os.path.join(os.path.dirname(__file__), "../../build/release/bin"))
# Sanitizers and a busy machine are slow: a limit that only a hang reaches.
PATIENCE = 60.0


class Program:
    """One running program. Its output is read by a thread; tests wait for lines, never for time."""

    def __init__(self, name, *args, env=None):
        self.name = name
        self.process = subprocess.Popen(
            [os.path.join(BIN, name), *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", env={**os.environ, **(env or {})})
        self._lines = []
        self._changed = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self._changed:
                self._lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def lines(self):
        with self._changed:
            return list(self._lines)

    def wait_for(self, what, predicate):
        """Waits until predicate(lines) is truthy and answers it."""
        deadline = time.monotonic() + PATIENCE
        with self._changed:
            while True:
                found = predicate(self._lines)
                if found:
                    return found
                left = deadline - time.monotonic()
                if self._ended or left <= 0:
                    raise AssertionError("%s: no %s in:\n%s" % (self.name, what, "\n".join(self._lines[-40:])))
                self._changed.wait(left)

    def wait_for_line(self, pattern):
        regex = re.compile(pattern)
        return self.wait_for(pattern, lambda lines: next((m for m in map(regex.search, lines) if m), None))

    def port(self, what):
        """The port that the program says it serves `what` (gRPC, REST, admin) on."""
        return int(self.wait_for_line(r"^\s*%s\s+\S*?:(\d+)\s*$" % what).group(1))

    def ports(self, what):
        """All of them; a server says its admin port last."""
        self.port("admin")
        return [int(m.group(1)) for m in (re.match(r"^\s*%s\s+\S*?:(\d+)\s*$" % what, l) for l in self.lines()) if m]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        return self.wait()

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self):
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def threads(self):
        return len(os.listdir("/proc/%d/task" % self.process.pid))

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = body

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return "%d %s %r" % (self.status, self.headers, self.body)


def request(port, method, target, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, target, body=body, headers=headers or {})
        response = connection.getresponse()
        return Answer(response, response.read())
    finally:
        connection.close()


def get(port, target, **headers):
    return request(port, "GET", target, headers=headers)


def eventually(what, predicate):
    """Asks again until predicate() is truthy: for states that another process reaches by itself."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = predicate()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError("never: " + what)
        time.sleep(0.02)


class ProgramTest(unittest.TestCase):
    """A test that starts programs: all that still run are stopped at its end."""

    def setUp(self):
        self._directory = tempfile.TemporaryDirectory(prefix="slipway-test-")
        self.addCleanup(self._directory.cleanup)
        self.directory = self._directory.name

    def start(self, name, *args, env=None):
        program = Program(name, *args, env=env)
        self.addCleanup(program.stop)
        return program

    def start_server(self, *args, data="data", rest=True):
        """A slipway-server on free ports; its data below the test's directory."""
        return self.start(
            "slipway-server", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--data",
            os.path.join(self.directory, data), *(["--rest", "127.0.0.1:0"] if rest else []), *args)

    def start_gateway(self, backend, *args):
        return self.start("slipway-gateway", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
                          "--backend", backend, *args)


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def read_until_closed(sock):
    data = b""
    while True:
        ready, _, _ = select.select([sock], [], [], PATIENCE)
        if not ready:
            raise AssertionError("the connection stays open after %r" % data)
        try:
            piece = sock.recv(65536)
        except ConnectionResetError:
            return data
        if not piece:
            return data
        data += piece
