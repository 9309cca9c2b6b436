"""What the fault tests share: clients that submit jobs at full rate and a ledger of what they were told."""

import collections
import http.client
import json
import os
import random
import re
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from harness import BIN, PATIENCE, Program, ProgramTest, eventually, get  # noqa: E402,F401

ENDED = {"SUCCEEDED", "FAILED", "CANCELLED"}
USERS = {"1": "John Liu", "2": "Bruce Lee", "3": "Chuck Norris"}
# All are one caller, who sees his own jobs in the list.
CALLER = {"Authorization": "Bearer fault-tests"}
CALLED = "docking.v1.Users/GetUser"
# The name under which a server knows the Target.
TARGET = "counted"
# What a client meets whose server is killed: nobody knows then whether the job exists.
BROKEN = (OSError, http.client.HTTPException)


class Rest:
    """One keep-alive connection to the server's REST port. Not for two threads at once."""

    def __init__(self, port):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._connection.close()

    def ask(self, method, target, body=None):
        """(status, JSON of the body). Raises one of BROKEN when no whole answer came."""
        if self._connection.sock is None:
            self._connection.connect()
            self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._connection.request(method, target, body=body, headers=CALLER)
            response = self._connection.getresponse()
            data = response.read()
        except BROKEN:
            self._connection.close()
            raise
        return response.status, json.loads(data)

    def status(self, target):
        """Of a GET whose body does not matter."""
        self._connection.request("GET", target)
        response = self._connection.getresponse()
        response.read()
        return response.status

    def submit(self, request):
        return self.ask("POST", "/v1/jobs", json.dumps(request).encode())

    def jobs_but(self, known):
        """The jobs, newest first, as far as a page that has none but `known` ids."""
        token = ""
        while True:
            status, page = self.ask("GET", "/v1/jobs?pageSize=1000&pageToken=" + token)
            if status != 200:
                raise AssertionError(f"listing jobs answered {status}: {page}")
            new = [job for job in page["jobs"] if job["id"] not in known]
            yield from new
            token = page["nextPageToken"]
            if not token or not new:
                return


class Submission:
    """A request, and what its result must be. The name of a greeting tells jobs of different
    submissions apart; a keyed one is submitted again until it is answered."""

    def __init__(self, name, call=False, keyed=False):
        self.key = name if keyed else None
        if call:
            user = random.Random(name).choice(sorted(USERS))
            self.request = {"call": {"target": TARGET, "method": CALLED, "request": {"id": user}}}
            self.result = {"id": user, "name": USERS[user]}
        else:
            self.request = {"greeting": {"name": name}}
            self.result = {"result": f"Hello {name}...!"}
        if keyed:
            self.request["idempotencyKey"] = name

    def check_result(self, job, got):
        if not self.result.items() <= got.items():
            raise AssertionError(f"job {job}: the result is {got} instead of {self.result}")


class Target:
    """A server that jobs call and that nobody kills, as a service outside is. What it does for one key it does
    once: the key is the correlation id, the same in all attempts of a job. It says each call that it receives."""

    RECEIVED = re.compile(r"received /%s id=(\S+)" % re.escape(CALLED))

    def __init__(self, folder):
        self._program = Program("slipway-server", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
                                "--data", folder, "--docking-delay", "20ms", "--log-level", "info")
        self.switch = f"{TARGET}=127.0.0.1:{self._program.port('gRPC')}"

    def stop(self):
        self._program.stop()

    def received(self):
        """How often each key was received: first it is applied, then it is a repetition."""
        return collections.Counter(found[1] for found in map(self.RECEIVED.search, self._program.lines()) if found)

    def check(self, calls):
        """`calls`: key of each job that has ended → its attempts. Each was applied, under one key in all of its
        attempts, and nothing was done that no job asked for. Answers how many repetitions there were."""
        eventually("each call has reached its target", lambda: calls.keys() <= self.received().keys())
        received = self.received()
        strange = received.keys() - calls.keys()
        if strange:
            raise AssertionError(f"{len(strange)} keys were applied that are no job's, such as {min(strange)}; "
                                 f"there are {len(calls)} jobs")
        often = {key: count for key, count in received.items() if count > calls[key]}
        if often:
            raise AssertionError(f"called more often than attempted: {often}; attempts: "
                                 f"{ {key: calls[key] for key in often} }")
        return received.total() - len(received)


class Ledger:
    """What was acknowledged, and what remained open. Several threads write to it."""

    def __init__(self):
        self._lock = threading.Lock()
        self.jobs = {}      # id → Submission, as acknowledged
        self.keys = {}      # key → id, as first acknowledged
        self.doubtful = {}  # key → Submission that nobody has acknowledged yet, and that may exist
        self.refused = 0
        self.repeated = 0   # keys acknowledged once more
        self.call_keys = 0  # acknowledged keys that are of calls
        self._repeatable = []
        self._wrong = []    # broken promises

    def acknowledged(self, submission, job):
        with self._lock:
            if submission.key is None:
                if job in self.jobs:
                    self._wrong.append(f"two submissions were answered with one job, {job}")
            elif submission.key in self.keys:
                self.repeated += 1
                first = self.keys[submission.key]
                if first != job:
                    self._wrong.append(f"key {submission.key}: first job {first}, then {job}")
            else:
                self.keys[submission.key] = job
                self.call_keys += "call" in submission.request
                self._repeatable.append(submission)
                self.doubtful.pop(submission.key, None)
            self.jobs[job] = submission

    def not_acknowledged(self, submission):
        """No whole answer, or a refusal: the job may exist all the same."""
        with self._lock:
            if submission.key is not None and submission.key not in self.keys:
                self.doubtful[submission.key] = submission

    def refused_with(self, submission, status, answer):
        self.not_acknowledged(submission)
        with self._lock:
            self.refused += 1
            if status not in (429, 503):
                self._wrong.append(f"{submission.request} was answered {status}: {answer}")

    def some_repeated(self, chance):
        """A submission whose key was acknowledged, or None."""
        with self._lock:
            return chance.choice(self._repeatable) if self._repeatable else None

    def check(self):
        if self._wrong:
            raise AssertionError("; ".join(self._wrong[:5]))


def submit(rest, ledger, submission):
    """One submission, its outcome in the ledger. Raises one of BROKEN when no whole answer came."""
    try:
        status, answer = rest.submit(submission.request)
    except BROKEN:
        ledger.not_acknowledged(submission)
        raise
    if status == 202:
        ledger.acknowledged(submission, answer["id"])
    else:
        ledger.refused_with(submission, status, answer)
    return status


class Load:
    """Submits at full rate over several connections until it is stopped or the server is gone."""

    CONNECTIONS = 12

    def __init__(self, port, ledger, name, seed, keys=True, calls=True):
        self._port = port
        self._ledger = ledger
        self._name = name
        self._keys = keys
        self._calls = calls
        self._stop = threading.Event()
        self._start = time.monotonic()
        self._threads = [threading.Thread(target=self._run, args=(number, random.Random(f"{seed}-{number}")))
                         for number in range(self.CONNECTIONS)]
        for thread in self._threads:
            thread.start()

    def _run(self, number, chance):
        count = 0
        with Rest(self._port) as rest:
            while not self._stop.is_set():
                count += 1
                try:
                    submit(rest, self._ledger, self._next(f"{self._name}-{number}-{count}", chance))
                except BROKEN:
                    return

    def _next(self, name, chance):
        """Mostly new ones; some of them keyed; some that another connection submits at this very moment,
        some that were acknowledged before."""
        dice = chance.random()
        if self._keys and dice < 0.05:
            return Submission(f"{self._name}-shared-{int((time.monotonic() - self._start) * 100)}", keyed=True)
        if self._keys and dice < 0.10:
            repeated = self._ledger.some_repeated(chance)
            if repeated is not None:
                return repeated
        # All calls are keyed: their results do not tell which submission they belong to.
        if self._keys and self._calls and dice < 0.25:
            return Submission(name, call=True, keyed=True)
        return Submission(name, keyed=self._keys and dice < 0.45)

    def stop(self):
        """Ends it and answers how long it ran, in seconds."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        return time.monotonic() - self._start


def in_parallel(port, items, work, connections=8):
    """Runs work(rest, item) for each; the first exception is raised."""
    pending = list(items)
    failures = []

    def run():
        with Rest(port) as rest:
            while pending and not failures:
                try:
                    item = pending.pop()
                except IndexError:
                    return
                try:
                    work(rest, item)
                except Exception as error:  # told to the caller, whatever it is
                    failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def check_known(port, jobs):
    """Each of these ids is known."""
    def check(rest, job):
        status, answer = rest.ask("GET", f"/v1/jobs/{job}?redirect=false")
        if status == 404:
            raise AssertionError(f"acknowledged job {job} is lost: {answer}")
        if status not in (200, 202, 302):
            raise AssertionError(f"GET of job {job} answered {status}: {answer}")
    in_parallel(port, jobs, check)


def wait_until_ended(port, known=()):
    """Waits until no job waits or runs. Answers the jobs that are not `known` yet, by id."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with Rest(port) as rest:
            jobs = {job["id"]: job for job in rest.jobs_but(known)}
        open_jobs = [job for job in jobs.values() if job["state"] not in ENDED]
        if not open_jobs:
            return jobs
        if time.monotonic() > deadline:
            raise AssertionError(f"{len(open_jobs)} jobs do not end, such as {open_jobs[0]}")
        time.sleep(0.05)
