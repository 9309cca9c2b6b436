#!/usr/bin/python3
"""Kills slipway-server at random moments and checks what it promised.

    kill_loop.py [--rounds N] [--seed N] [--no-keys] [--no-calls]

Each round submits jobs at full rate over several connections, notes every id that was acknowledged (202), kills
the process (SIGKILL), starts it again and checks:

  - it is ready within 2 s; a slower start is told and tried once more, since the machine may have been busy,
    but that may happen in one round of ten only;
  - every acknowledged id is known, and every job that exists ends as SUCCEEDED with the right result;
  - each submission made one job at most, however often its idempotency key was submitted, before the kill and
    after it, one after the other and at once; the same key is always answered with the same id;
  - what calls did, outside of the process that is killed, is counted once for each of their jobs: the target of
    the calls, a server of its own, has received the correlation id of every job with a call, no other, and none
    more often than its job was attempted;
  - at the end, SQLite finds the database of the stopped server in order.

The moments: while submissions and workers are busy; while a start is creating or opening the store; while
it drains after a SIGTERM; while the jobs that an earlier process left behind are worked off.

The environment variable SLIPWAY_KILL_ROUNDS sets the rounds where --rounds does not.
"""

import argparse
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time

from jobs_client import (PATIENCE, USERS, Ledger, Load, Program, Rest, Submission, Target, check_known,
                         eventually, in_parallel, submit, wait_until_ended)

READY_WITHIN = 2.0
# Of the rounds, those that may be slow at the first try; one is always granted.
SLOW_PART = 0.1
LOADED, STARTING, DRAINING, RECOVERING = MOMENTS = ("loaded", "starting", "draining", "recovering")


class KillLoop:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.chance = random.Random(options.seed)
        self.ledger = Ledger()
        self.checked = set()  # ids of the jobs whose result was seen
        self.calls = {}  # key, as the target sees it → attempts
        self.probes = 0
        self.names = set()  # those that were greeted
        self.attempts = 0
        self.repeated_calls = 0
        self.ready_seconds = []
        self.slow_starts = []  # seconds of each first try that missed the limit
        self.target = Target(os.path.join(folder, "target"))
        self.server = None

    def start(self):
        """Starts a server, which need not become ready."""
        self.server = Program(
            "slipway-server", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--rest", "127.0.0.1:0",
            "--data", os.path.join(self.folder, "data"), "--job-target", self.target.switch,
            "--docking-delay", "20ms", "--log-level", "warning")

    def stop(self):
        if self.server is not None:
            self.server.stop()
        self.target.stop()

    def kill(self):
        self.server.kill()
        self.server.stop()

    def start_and_wait(self):
        """Starts a server and answers how long it took to be ready, in seconds."""
        begin = time.monotonic()
        self.start()
        with Rest(self.server.port("admin")) as admin:
            while admin.status("/readyz") != 200:
                if time.monotonic() > begin + PATIENCE:
                    raise AssertionError("the server does not become ready:\n" + "\n".join(self.server.lines()))
                time.sleep(0.002)
        return time.monotonic() - begin

    def restart(self):
        """After a kill: ready in time."""
        seconds = self.start_and_wait()
        if seconds > READY_WITHIN:
            self.slow_starts.append(seconds)
            print(f"  MISSED {READY_WITHIN} s: ready after {seconds:.2f} s; once more", flush=True)
            self.kill()
            seconds = self.start_and_wait()
            if seconds > READY_WITHIN:
                raise AssertionError(f"twice not ready within {READY_WITHIN} s: {seconds:.2f} s")
        self.ready_seconds.append(seconds)
        self.wait_for_target()
        return seconds

    def wait_for_target(self):
        """Until calls are taken again: the server learns at each start what its target can do."""
        if not (self.options.calls and self.options.keys):
            return
        self.probes += 1
        probe = Submission(f"{self.options.seed}-probe-{self.probes}", call=True, keyed=True)
        with Rest(self.server.port("REST")) as rest:
            eventually("the target is known", lambda: submit(rest, self.ledger, probe) == 202)

    def kill_while_starting(self):
        """Several times, and each time sooner or later on its way."""
        for _ in range(3):
            self.start()
            time.sleep(self.chance.uniform(0, 0.06))
            self.kill()

    def run_round(self, number):
        moment = LOADED if number % 2 == 0 else self.chance.choice(MOMENTS)
        if number in (1, 2, 3):
            moment = MOMENTS[number]  # a short run has met each
        before = len(self.ledger.jobs)
        load = Load(self.server.port("REST"), self.ledger, f"{self.options.seed}-{number}",
                    f"{self.options.seed}-{number}", self.options.keys, self.options.calls)
        time.sleep(self.chance.uniform(0, 0.5))
        if moment == DRAINING:
            self.server.process.send_signal(signal.SIGTERM)
            time.sleep(self.chance.uniform(0, 0.05))
        self.kill()
        seconds = load.stop()
        acknowledged = len(self.ledger.jobs) - before
        if moment == STARTING:
            self.kill_while_starting()
        if moment == RECOVERING:
            self.start_and_wait()
            time.sleep(self.chance.uniform(0, 0.1))
            self.kill()
        ready = self.restart()
        jobs = self.check()
        print(f"round {number + 1}: {moment}, {acknowledged} acknowledged in {seconds:.2f} s "
              f"({acknowledged / seconds:,.0f}/s); ready after {ready:.2f} s; {jobs} more jobs ended well", flush=True)

    def check(self):
        """All that was promised, for the jobs that were not checked before. Answers how many there were."""
        port = self.server.port("REST")
        check_known(port, [job for job in self.ledger.jobs if job not in self.checked])
        # Those of whom nobody knows, and some that were answered before.
        again = list(self.ledger.doubtful.values())
        again += [self.ledger.jobs[job] for job in list(self.ledger.keys.values())[-20:]]
        in_parallel(port, again, lambda rest, submission: submit(rest, self.ledger, submission))
        self.ledger.check()
        if self.ledger.doubtful:
            raise AssertionError(f"refused after the restart: {list(self.ledger.doubtful)[:5]}")
        jobs = wait_until_ended(port, self.checked)
        lost = self.ledger.jobs.keys() - jobs.keys() - self.checked
        if lost:
            raise AssertionError(f"{len(lost)} acknowledged jobs are not listed, such as {min(lost)}")
        in_parallel(port, jobs.values(), self.check_result)
        if len(self.calls) != self.ledger.call_keys:
            raise AssertionError(f"{len(self.calls)} calls for {self.ledger.call_keys} idempotency keys")
        self.repeated_calls = self.target.check(self.calls)
        return len(jobs)

    def check_result(self, rest, job):
        id_ = job["id"]
        if job["state"] != "SUCCEEDED":
            raise AssertionError(f"the job ended otherwise: {job}")
        status, result = rest.ask("GET", f"/v1/jobs/{id_}/result")
        if status != 200:
            raise AssertionError(f"job {id_}: its result answered {status}: {result}")
        if id_ in self.ledger.jobs:
            self.ledger.jobs[id_].check_result(id_, result)
        if job["kind"] == "call":
            key = job["correlationId"]
            if key in self.calls:
                raise AssertionError(f"job {id_} has the key of another, {key}")
            self.calls[key] = job["attempt"]
            if USERS.get(result["id"]) != result["name"]:
                raise AssertionError(f"job {id_}: the result is {result}")
        else:
            name = result["result"].removeprefix("Hello ").removesuffix("...!")
            if name in self.names:
                raise AssertionError(f"two jobs greet {name}: {id_} and an earlier one")
            self.names.add(name)
        self.attempts += job["attempt"]
        self.checked.add(id_)

    def run(self):
        self.kill_while_starting()  # in the middle of creating the store
        self.restart()
        for number in range(self.options.rounds):
            self.run_round(number)
        code = self.server.terminate()
        if code != 0:
            raise AssertionError(f"the server ended with {code}:\n" + "\n".join(self.server.lines()[-20:]))
        self.check_database()
        slowest, typical = max(self.ready_seconds), sorted(self.ready_seconds)[len(self.ready_seconds) // 2]
        print(f"{self.options.rounds} rounds: {len(self.ledger.jobs)} acknowledged and none lost, {len(self.checked)} "
              f"jobs in {self.attempts} attempts, {self.ledger.repeated} repeated submissions; "
              f"{len(self.calls)} calls applied, {self.repeated_calls} repeated to the target; "
              f"ready after {typical:.2f} s, at most {slowest:.2f} s, "
              f"{len(self.slow_starts)} first tries missed {READY_WITHIN} s; the database is in order")
        self.check_slow_starts()

    def check_slow_starts(self):
        granted = max(1, int(self.options.rounds * SLOW_PART))
        if len(self.slow_starts) > granted:
            raise AssertionError(f"{len(self.slow_starts)} starts took more than {READY_WITHIN} s at the first try, in "
                                 f"{self.options.rounds} rounds: {self.slow_starts}; {granted} may")

    def check_database(self):
        path = os.path.join(self.folder, "data", "slipway.db")
        database = sqlite3.connect(path)
        try:
            answer = database.execute("PRAGMA integrity_check").fetchall()
        finally:
            database.close()
        if answer != [("ok",)]:
            raise AssertionError(f"{path}: {answer[:5]}")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("SLIPWAY_KILL_ROUNDS", 5)))
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--no-keys", dest="keys", action="store_false", help="no idempotency keys, and no calls")
    parser.add_argument("--no-calls", dest="calls", action="store_false", help="greetings only")
    return parser.parse_args()


def main():
    options = parse_arguments()
    print(f"seed {options.seed}, {options.rounds} rounds", flush=True)
    folder = tempfile.mkdtemp(prefix="slipway-kill-")
    loop = KillLoop(options, folder)
    try:
        loop.run()
    except Exception:
        print(f"FAILED; --seed {options.seed}; the data is kept in {folder}", flush=True)
        raise
    finally:
        loop.stop()
    shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
