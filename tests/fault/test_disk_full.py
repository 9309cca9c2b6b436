"""What becomes of jobs when the disk takes no more: nothing is acknowledged that is not there."""

import os
import resource
import unittest

from jobs_client import (BIN, Ledger, Load, ProgramTest, check_known, eventually, get, in_parallel,
                         wait_until_ended)

MEGABYTE = 1 << 20


class DiskFull(ProgramTest):
    def setUp(self):
        super().setUp()
        self.data = os.path.join(self.directory, "data")
        self.ledger = Ledger()

    def start_server_by(self, *launcher):
        return self.start(*launcher, os.path.join(BIN, "slipway-server"), "--listen", "127.0.0.1:0", "--admin",
                          "127.0.0.1:0", "--rest", "127.0.0.1:0", "--data", self.data, "--log-level", "warning")

    def load(self, server, name, until, what):
        """Greetings at full rate until something is seen."""
        load = Load(server.port("REST"), self.ledger, name, name, keys=False)
        try:
            eventually(what, until)
        finally:
            load.stop()
        self.ledger.check()  # every refusal was 429 or 503

    def check_all_there(self, server):
        port = server.port("REST")
        check_known(port, self.ledger.jobs)
        jobs = wait_until_ended(port)

        def check(rest, job):
            self.assertEqual(jobs[job]["state"], "SUCCEEDED")
            self.ledger.jobs[job].check_result(job, rest.ask("GET", f"/v1/jobs/{job}/result")[1])

        in_parallel(port, self.ledger.jobs, check)

    def reads_go_on(self, server):
        self.assertEqual(get(server.port("REST"), "/users/1").status, 200)
        check_known(server.port("REST"), self.ledger.jobs)


class WriteError(DiskFull):
    """A file that may not grow (EFBIG): an I/O error, after which nobody knows what is on disk."""

    def test_nothing_is_acknowledged_until_a_restart(self):
        # The signal that goes with the limit would end the process.
        server = self.start_server_by("/usr/bin/env", "--ignore-signal=XFSZ")
        self.load(server, "before", lambda: len(self.ledger.jobs) >= 200, "200 jobs")
        largest = max(entry.stat().st_size for entry in os.scandir(self.data))
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE,
                         (largest + MEGABYTE // 4, resource.RLIM_INFINITY))
        self.load(server, "limited", lambda: self.ledger.refused >= 200, "200 refusals")
        acknowledged = len(self.ledger.jobs)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE,
                         (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        refused = self.ledger.refused
        self.load(server, "after", lambda: self.ledger.refused >= refused + 200, "200 more refusals")
        self.assertEqual(len(self.ledger.jobs), acknowledged)
        self.reads_go_on(server)
        self.assertEqual(get(server.port("admin"), "/readyz").status, 503)
        server.kill()
        again = self.start_server_by()
        self.check_all_there(again)
        self.load(again, "again", lambda: len(self.ledger.jobs) >= acknowledged + 200, "200 more jobs")


class NoRoom(DiskFull):
    """A full file system (ENOSPC) of its own, which is there for these processes only."""

    def mount(self, megabytes):
        os.mkdir(self.data)
        holder = self.start("/usr/bin/unshare", "--mount", "/bin/sh", "-c",
                            f"mount -t tmpfs -o size={megabytes}m tmpfs '{self.data}' && echo mounted && "
                            "exec sleep 600")
        try:
            holder.wait_for_line("^mounted$")
        except AssertionError:
            self.skipTest("may not mount a file system here: " + " ".join(holder.lines()))
        return holder.process.pid

    def test_works_again_when_there_is_room(self):
        holder = self.mount(24)
        filler = f"/proc/{holder}/root{self.data}/filler"
        with open(filler, "wb") as file:
            file.write(bytes(18 * MEGABYTE))
        inside = ("/usr/bin/nsenter", "--mount", "--target", str(holder))
        server = self.start_server_by(*inside)
        self.load(server, "filling", lambda: self.ledger.refused >= 200, "200 refusals")
        acknowledged = len(self.ledger.jobs)
        self.reads_go_on(server)
        os.unlink(filler)
        self.load(server, "room", lambda: len(self.ledger.jobs) >= acknowledged + 200, "200 more jobs")
        server.kill()
        self.check_all_there(self.start_server_by(*inside))


if __name__ == "__main__":
    unittest.main()
