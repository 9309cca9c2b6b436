"""Job queues under the `jobs` row: ours, River on PostgreSQL and Celery on Redis, all on one file system.

Each is a Queue whose servers run while it is open:

  submit(seconds)   64 submissions in flight, each acknowledged as durable; nobody works them off
  work_off(jobs)    as many greetings submitted by 64 and worked off at the same time, results kept

Both answer a Trial.
"""

import dataclasses
import json
import os
import pwd
import re
import signal
import socket
import subprocess
import time
import urllib.request

import load
from processes import BenchError, free_port, run_counting_cpu, shorten
from tools import MissingPeer, run

IN_FLIGHT = load.CONNECTIONS
RUNNING = 100  # jobs that ours and River work on at once
PATIENCE = 180
GREETING = {"greeting": {"name": "Ada"}}


@dataclasses.dataclass
class Trial:
    """Jobs a second, and CPU µs for each of the servers: those that keep the jobs and, when they are
    worked off, those that do."""
    rate: float
    micros: float
    commands: list
    p99_ms: float | None = None


def in_an_hour():
    """A greeting that nobody works off while we measure."""
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    return {**GREETING, "notBefore": moment}


def cpu_of(servers):
    return sum(server.cpu_seconds() for server in servers)


class Slipway:
    """slipway-server with SQLite."""
    name = "slipway-server"

    def __init__(self, context, stack):
        self._context = context
        port, self._admin = free_port(), free_port()
        self._data = context.folder / f"slipway-{port}"
        self.server = stack.enter_context(context.server(self.name, [
            context.tools.program("slipway-server"), "--listen", f"127.0.0.1:{port}", "--admin",
            f"127.0.0.1:{self._admin}", "--data", self._data, "--job-concurrency", RUNNING,
            "--log-level", "warning"], port))
        self._url = f"grpc://{self.server.address}/slipway.v1.Jobs/SubmitJob"

    def _load(self, request, **limits):
        return load.slipway_load(self._context.tools, self._url, concurrency=IN_FLIGHT,
                                 data=json.dumps(request), **limits)

    def submit(self, seconds=None, jobs=None):
        before = cpu_of([self.server])
        done = self._load(in_an_hour(), seconds=seconds, requests=jobs)
        used = cpu_of([self.server]) - before
        return Trial(done.detail["throughput_per_s"], used * 1e6 / done.requests,
                     [self.server.shown, done.command], done.detail["latency_ms"]["ok"]["p99"])

    def work_off(self, jobs):
        ended = 'slipway_job_attempts_ended_total{kind="greeting",result="succeeded"}'
        if self.metric('slipway_jobs{kind="greeting",state="accepted"}') > 0:
            raise BenchError(f"{self.name}: jobs of an earlier trial still wait")
        before, cpu = self.metric(ended), cpu_of([self.server])
        start = time.monotonic()
        done = self._load(GREETING, requests=jobs)
        while self.metric(ended) - before < jobs:
            if time.monotonic() > start + PATIENCE:
                raise BenchError(f"{self.name}: not {jobs} jobs done within {PATIENCE} s")
            time.sleep(0.02)
        seconds = time.monotonic() - start
        return Trial(jobs / seconds, (cpu_of([self.server]) - cpu) * 1e6 / jobs,
                     [self.server.shown, done.command])

    def metric(self, series):
        """0 for a series that is not there yet, as before the first job."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._admin}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0


class River:
    """River with a PostgreSQL of its own, whose settings are the defaults: fsync and
    synchronous_commit on."""
    name = "River on PostgreSQL"

    def __init__(self, context, stack):
        self._context = context
        self._peers = context.tools.go_peers()
        programs = context.tools.postgres()
        port = free_port()
        data = context.folder / f"postgres-{port}"
        as_user = self._give(data)
        run([*as_user, programs / "initdb", "--pgdata", data, "--auth", "trust", "--username", "bench"],
            cwd=data)
        self._postgres = stack.enter_context(context.server("postgres", [
            *as_user, programs / "postgres", "-D", data, "-k", data, "-p", port, "-c",
            "listen_addresses=127.0.0.1"], port, cwd=data, stop_by=signal.SIGINT))
        self._database = f"postgres://bench@127.0.0.1:{port}/postgres?sslmode=disable"
        self._try_until_started()

    @staticmethod
    def _give(data):
        """Makes the data directory; PostgreSQL refuses to serve as root, so it belongs to its own
        user then. Answers what to put before a command."""
        data.mkdir(mode=0o700)
        if os.geteuid() != 0:
            return []
        try:
            user = pwd.getpwnam("postgres")
        except KeyError:
            raise MissingPeer("there is no user postgres, and PostgreSQL does not run as root") from None
        os.chown(data, user.pw_uid, user.pw_gid)
        as_user = ["setpriv", "--reuid", user.pw_uid, "--regid", user.pw_gid, "--clear-groups"]
        reachable = subprocess.run([*map(str, as_user), "test", "-w", data], check=False)
        if reachable.returncode != 0:
            raise MissingPeer(f"the user postgres may not go to {data}: name another --data-dir")
        return as_user

    def _try_until_started(self):
        deadline = time.monotonic() + 30
        while True:
            try:
                return self._peer("migrate")
            except BenchError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _command(self, what, *flags):
        return [self._peers, "river", what, "-database", self._database, *flags]

    def _peer(self, what, *flags):
        command = self._command(what, *flags)
        output, _, _ = run_counting_cpu(command, PATIENCE)
        return (json.loads(output) if output else None), shorten(command)

    def submit(self, seconds):
        before = cpu_of([self._postgres])
        done, command = self._peer("submit", "-submitters", IN_FLIGHT, "-seconds", seconds)
        used = cpu_of([self._postgres]) - before
        return Trial(done["jobs"] / done["seconds"], used * 1e6 / done["jobs"],
                     [self._postgres.shown, command])

    def work_off(self, jobs):
        with self._context.server("river-work", self._command("work", "-workers", RUNNING), None,
                                  ready="working") as worker:
            servers = [self._postgres, worker]
            before = cpu_of(servers)
            began, command = self._peer("submit", "-submitters", IN_FLIGHT, "-jobs", jobs)
            ended, _ = self._peer("wait", "-jobs", jobs)
            used = cpu_of(servers) - before
        return Trial(jobs / (ended["end"] - began["start"]), used * 1e6 / jobs,
                     [self._postgres.shown, worker.shown, command])


class Celery:
    """Celery with a Redis of its own that syncs its log before it answers."""
    name = "Celery on Redis"
    PROCESSES = 8
    WORKERS = 2

    def __init__(self, context, stack):
        self._context = context
        self._python = context.tools.celery()
        self._port = free_port()
        data = context.folder / f"redis-{self._port}"
        data.mkdir()
        self._redis = stack.enter_context(context.server("redis", [
            context.tools.redis(), "--port", self._port, "--bind", "127.0.0.1", "--dir", data, "--save", "",
            "--appendonly", "yes", "--appendfsync", "always"], self._port))
        self._tasks = context.tools.python_peer("greetings.py")
        self._environment = {"GREETINGS_REDIS": f"redis://127.0.0.1:{self._port}",
                             "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(self._tasks.parent)}

    def _ask(self, *commands):
        """Sends Redis commands in one go and answers the last reply."""
        with socket.create_connection(("127.0.0.1", self._port), timeout=30) as connection:
            connection.sendall("".join(command + "\r\n" for command in commands).encode())
            replies = connection.makefile()
            return [replies.readline().strip() for _ in commands][-1]

    def _submit(self, *limit):
        command = [self._python, self._context.tools.python_peer("submit_greetings.py"), self.PROCESSES,
                   IN_FLIGHT // self.PROCESSES, *limit]
        output, _, _ = run_counting_cpu(command, PATIENCE, env=self._environment)
        redis = f"GREETINGS_REDIS={self._environment['GREETINGS_REDIS']}"
        return json.loads(output), f"{redis} {shorten(command)}"

    def submit(self, seconds):
        self._ask("FLUSHALL")
        before = cpu_of([self._redis])
        done, command = self._submit("--seconds", seconds)
        used = cpu_of([self._redis]) - before
        return Trial(done["jobs"] / done["seconds"], used * 1e6 / done["jobs"],
                     [self._redis.shown, command])

    def work_off(self, jobs):
        jobs = jobs // IN_FLIGHT * IN_FLIGHT  # each thread has the same share
        self._ask("FLUSHALL")
        with self._context.server("celery", [
                self._python, "-m", "celery", "--app", "greetings", "worker", "--pool", "prefork",
                "--concurrency", self.WORKERS, "--loglevel", "WARNING", "--without-gossip",
                "--without-mingle", "--without-heartbeat"], None, env=self._environment,
                ready="working") as worker:
            servers = [self._redis, worker]
            before = cpu_of(servers)
            began, command = self._submit("--jobs", jobs)
            # Each result is a key of the second database.
            while int(self._ask("SELECT 1", "DBSIZE").lstrip(":")) < jobs:
                if time.time() > began["start"] + PATIENCE:
                    raise BenchError(f"{self.name}: not {jobs} jobs done within {PATIENCE} s")
                time.sleep(0.02)
            seconds = time.time() - began["start"]
            used = cpu_of(servers) - before
        return Trial(jobs / seconds, used * 1e6 / jobs, [self._redis.shown, worker.shown, command])
