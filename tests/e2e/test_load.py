"""slipway-load as its users see it: its commands against our servers and against servers that
misbehave, its reports, its exit codes, and its end by a signal."""

import csv
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from harness import BIN, PATIENCE, ProgramTest, connect

LOAD = os.path.join(BIN, "slipway-load")


def load(*args, timeout=PATIENCE):
    """Runs slipway-load to its end: (exit code, standard output, standard error)."""
    done = subprocess.run([LOAD, *map(str, args)], capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


def load_json(*args, **kwargs):
    code, out, err = load(*args, "--format", "json", "--no-progress", **kwargs)
    return code, json.loads(out) if out.startswith("{") else None, err


class Peer:
    """A TCP server that treats each connection as `answer(connection)` says, until it is closed."""

    def __init__(self, answer):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._answer = answer
        self._connections = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection):
        try:
            self._answer(connection)
        except OSError:
            pass

    def close(self):
        self._socket.close()
        for connection in self._connections:
            connection.close()


class LoadTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)

    def file(self, name, text=None):
        path = os.path.join(self.directory, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return path

    def serve(self, *args):
        self.server = self.start_server("--log-level", "warning", *args)
        self.grpc = f"grpc://127.0.0.1:{self.server.port('gRPC')}"
        self.http = f"http://127.0.0.1:{self.server.port('REST')}"
        return self.server


class Run(LoadTest):
    def test_both_protocols_report_the_same_things(self):
        self.serve()
        for url in (f"{self.http}/users?role=sales", f"{self.grpc}/docking.v1.Users/ListUsers"):
            code, report, err = load_json("run", "-c", 4, "-n", 500, url)
            self.assertEqual(code, 0, err)
            trial = report["cells"][0]["trials"][0]
            self.assertEqual((trial["total"], trial["ok"], trial["failed"]), (500, 500, 0))
            self.assertEqual(trial["latency_ms"]["ok"]["count"], 500)
            self.assertGreater(trial["latency_ms"]["ok"]["p50"], 0)
            self.assertTrue(trial["histograms"]["ok"].startswith("HISTF"))

    def test_engine_of_the_grpc_library(self):
        self.serve()
        code, report, err = load_json("run", "--engine", "grpc++", "-c", 4, "-n", 200,
                                      f"{self.grpc}/docking.v1.Users/ListUsers")
        self.assertEqual(code, 0, err)
        self.assertEqual(report["cells"][0]["trials"][0]["answers"], {"OK": 200})
        self.assertEqual(report["targets"][0]["engine"], "grpc++")

    def test_server_stream_counts_messages(self):
        self.serve("--fact-limit", "1000")
        code, report, err = load_json("run", "-c", 2, "-n", 10, "--data", '{"count":20}',
                                      f"{self.grpc}/docking.v1.CatFacts/StreamFacts")
        self.assertEqual(code, 0, err)
        self.assertEqual(report["cells"][0]["trials"][0]["latency_ms"]["message"]["count"], 200)

    def test_an_rpc_that_fails_is_no_success(self):
        self.serve()
        code, report, _ = load_json("run", "-n", 20, "--data", '{"id":"9"}',
                                    f"{self.grpc}/docking.v1.Users/GetUser")
        self.assertEqual(code, 1)
        trial = report["cells"][0]["trials"][0]
        self.assertEqual((trial["ok"], trial["failed"]), (0, 20))
        self.assertEqual(trial["answers"], {"NOT_FOUND": 20})
        self.assertIn("User ID 9 not found", trial["failures"][0]["first_message"])

    def test_open_loop_sends_what_the_rate_says(self):
        self.serve()
        code, report, err = load_json("run", "--rate", 200, "-d", "2s", f"{self.http}/users")
        self.assertEqual(code, 0, err)
        trial = report["cells"][0]["trials"][0]
        self.assertEqual(trial["offered"], 400)
        self.assertEqual(trial["total"] + trial["cut_off"], 400)
        self.assertEqual(trial["latency_ms"]["lag"]["count"], 400)
        self.assertIn("service", trial["latency_ms"])

    def test_schedule_has_steps_ramps_and_bursts(self):
        self.serve()
        code, report, err = load_json("run", "--schedule", "1s@100,1s@100..300,+50,1s@10",
                                      f"{self.http}/users")
        self.assertEqual(code, 0, err)
        self.assertEqual(report["cells"][0]["trials"][0]["total"], 100 + 200 + 50 + 10)

    def test_a_slow_server_is_charged_for_what_was_due(self):
        # One worker that takes 100 ms, asked 40 times a second for 1 s: the queue grows to 30
        # requests, so that the last one waits for 3 s although each takes 100 ms.
        self.serve("--threading", "blocking", "--workers", "1", "--info-delay", "100ms")
        code, report, err = load_json("run", "--rate", 40, "-d", "1s",
                                      f"{self.grpc}/docking.v1.Info/GetInfo")
        self.assertEqual(code, 0, err)
        latency = report["cells"][0]["trials"][0]["latency_ms"]["ok"]
        self.assertEqual(latency["count"], 40)
        self.assertGreater(latency["max"], 2900)
        self.assertGreater(latency["p50"], 1000)

    def test_templates_and_expectations(self):
        self.serve()
        rows = self.file("ids.csv", "id,name\n1,John Liu\n2,Bruce Lee\n3,Chuck Norris\n")
        code, report, err = load_json("run", "-c", 3, "-n", 30, "--csv", rows, "--expect",
                                      "status=200", f"{self.http}/users/{{{{id}}}}")
        self.assertEqual(code, 0, err)
        self.assertEqual(report["cells"][0]["trials"][0]["ok"], 30)
        code, report, err = load_json("run", "-c", 3, "-n", 30, "--csv", rows, "--expect",
                                      "json:name=Bruce Lee", f"{self.http}/users/{{{{id}}}}")
        trial = report["cells"][0]["trials"][0]
        self.assertEqual((trial["ok"], trial["failed"]), (10, 20), err)
        self.assertEqual(trial["failures"][0]["kind"], "unexpected")

    def test_follow_waits_for_the_result(self):
        self.serve()
        code, report, err = load_json("run", "-c", 1, "-n", 1, "--follow", "--data",
                                      '{"greeting":{"name":"Ann"}}', f"{self.http}/v1/jobs")
        self.assertEqual(code, 0, err)
        latency = report["cells"][0]["trials"][0]["latency_ms"]
        self.assertEqual(latency["acknowledged"]["count"], 1)
        self.assertEqual(latency["ok"]["count"], 1)
        self.assertLess(latency["acknowledged"]["max"], latency["ok"]["max"])

    def test_server_cpu_memory_and_threads(self):
        server = self.serve()
        code, report, err = load_json("run", "-d", "1s", "--pid", server.process.pid,
                                      f"{self.http}/users")
        self.assertEqual(code, 0, err)
        trial = report["cells"][0]["trials"][0]
        self.assertGreater(trial["cpu"]["server_us_per_request"], 0)
        self.assertGreater(trial["server"]["resident_bytes"], 1_000_000)
        self.assertGreater(trial["server"]["threads"], 1)

    def test_a_method_without_an_idea_of_it(self):
        self.serve()
        code, _, err = load("run", f"{self.grpc}/docking.v1.Users/Nothing")
        self.assertEqual(code, 2)
        self.assertIn("docking.v1.Users/ListUsers", err)


class Ends(LoadTest):
    def test_ctrl_c_ends_with_a_report(self):
        self.serve()
        process = subprocess.Popen([LOAD, "run", "-d", "1h", "--no-progress", f"{self.http}/users"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 1, err)
        self.assertRegex(out, r"(?i)interrupted")
        self.assertRegex(out, r"p99")

    def test_memory_does_not_grow_with_requests(self):
        self.serve()
        process = subprocess.Popen([LOAD, "run", "-c", "8", "-d", "6s", "--no-progress",
                                    f"{self.http}/users"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)

        def resident():
            with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
                return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])

        time.sleep(2)
        early = resident()
        time.sleep(3)
        late = resident()
        out, _ = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 0, out)
        self.assertLess(late, early * 1.2 + 1000, "kB resident after 2 s and after 5 s")

    def test_nobody_is_there(self):
        for url in ("http://127.0.0.1:1/", "grpc://127.0.0.1:1/a.B/C", "https://127.0.0.1:1/"):
            code, out, err = load("run", "-d", "1s", url)
            self.assertEqual(code, 1, url)
            self.assertEqual(out, "")
            self.assertIn("127.0.0.1:1", err)
            self.assertIn("refused", err)

    def against(self, answer, url, *args):
        peer = Peer(answer)
        self.addCleanup(peer.close)
        return load("run", "-c", 2, "-n", 10, "--timeout", "1s", "--no-progress", *args,
                    url.format(peer.port))

    def test_a_peer_that_resets(self):
        def reset(connection):
            connection.recv(10_000)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.close()

        code, out, err = self.against(reset, "http://127.0.0.1:{}/")
        self.assertEqual(code, 1, err)
        self.assertRegex(out, r"reset")
        for url in ("h2c://127.0.0.1:{}/", "grpc://127.0.0.1:{}/a.B/C"):
            code, out, err = self.against(reset, url)
            self.assertEqual(code, 1, url)
            self.assertRegex(out + err, r"(?i)reset|closed|broke")

    def test_a_peer_that_says_nothing(self):
        def silence(connection):
            while connection.recv(10_000):
                pass

        code, out, err = self.against(silence, "http://127.0.0.1:{}/")
        self.assertEqual(code, 1, err)
        self.assertRegex(out, r"(?i)time-?out|in time")
        for url in ("h2c://127.0.0.1:{}/", "grpc://127.0.0.1:{}/a.B/C", "https://127.0.0.1:{}/"):
            code, out, err = self.against(silence, url)
            self.assertEqual(code, 1, url)
            self.assertRegex(out + err, r"127\.0\.0\.1:\d+")

    def test_a_peer_that_speaks_something_else(self):
        def garbage(connection):
            connection.sendall(b"220 mail.example.org ESMTP\r\n")
            connection.recv(10_000)

        for url in ("http://127.0.0.1:{}/", "h2c://127.0.0.1:{}/", "grpc://127.0.0.1:{}/a.B/C",
                    "https://127.0.0.1:{}/"):
            code, out, err = self.against(garbage, url)
            self.assertEqual(code, 1, url)
            self.assertTrue(out or err)

    def test_usage(self):
        for args, named in ((["run"], "URL"), (["run", "gopher://a/"], "gopher"),
                            (["run", "http://127.0.0.1:1/", "--rate", "x"], "--rate"),
                            (["run", "http://127.0.0.1:1/", "--fail-if", "p98x>1"], "--fail-if"),
                            (["run", "http://127.0.0.1:1/", "--output", "a.pdf"], "--output"),
                            (["run", "http://127.0.0.1:1/", "--schedule", "1s@"], "schedule"),
                            (["run", "http://127.0.0.1:1/", "--data", "{{nothing"], "--data"),
                            (["sweep", "http://127.0.0.1:1/", "--levels", "0"], "--levels"),
                            (["search", "http://127.0.0.1:1/", "--slo", "fast"], "--slo"),
                            (["search", "http://127.0.0.1:1/"], "needs --slo"),
                            (["sweep", "http://127.0.0.1:1/", "-n", "5"], "--requests"),
                            (["scenario", "/nowhere.yaml"], "/nowhere.yaml"),
                            (["report", "/nowhere.json"], "/nowhere.json"),
                            (["fly"], "fly")):
            code, out, err = load(*args)
            self.assertEqual((code, out), (2, ""), args)
            self.assertIn(named, err)


class Thresholds(LoadTest):
    def test_exit_codes(self):
        self.serve()
        url = f"{self.http}/users"
        code, _, err = load("run", "-c", 1, "-n", 200, "--fail-if", "p50>10s", "--fail-if",
                            "errors>0%", url)
        self.assertEqual(code, 0, err)
        code, _, err = load("run", "-c", 1, "-n", 200, "--fail-if", "p50>1ns", url)
        self.assertEqual(code, 3)
        self.assertRegex(err, r"p50")


class Several(LoadTest):
    def test_compare_pairs_its_trials(self):
        self.serve()
        html = self.file("c.html")
        code, report, err = load_json("compare", "-c", 4, "-d", "150ms", "--warmup", "20ms",
                                      "--trials", 7, "--name", "REST", "--name", "gRPC",
                                      "--output", html, f"{self.http}/users",
                                      f"{self.grpc}/docking.v1.Users/ListUsers")
        self.assertEqual(code, 0, err)
        self.assertEqual([target["name"] for target in report["targets"]], ["REST", "gRPC"])
        self.assertEqual(len(report["cells"]), 3)  # the guard is one
        self.assertTrue(all(len(cell["trials"]) == 7 for cell in report["cells"]))
        orders = sorted(t["order"] for cell in report["cells"] for t in cell["trials"])
        self.assertEqual(orders, list(range(21)))
        throughput = [r for r in report["ratios"] if r["metric"] == "throughput"]
        self.assertTrue(throughput)
        for ratio in throughput:
            self.assertEqual(ratio["pairs"], 7)
            self.assertLessEqual(ratio["low"], ratio["ratio"])
            self.assertLessEqual(ratio["ratio"], ratio["high"])
        self.assertTrue(report["verdicts"])
        with open(html, encoding="utf-8") as file:
            self.assertIn("</html>", file.read())

    def test_compare_starts_the_servers(self):
        port = self.free_port()
        rest = self.free_port()
        command = (f"{BIN}/slipway-server --listen 127.0.0.1:{port} --rest 127.0.0.1:{rest} "
                   f"--admin 127.0.0.1:0 --data {self.directory}/d --log-level warning")
        code, report, err = load_json(
            "compare", "-c", 2, "-d", "100ms", "--trials", 2, "--no-guard", "--restart", "--start",
            command, "--start", "=1", f"grpc://127.0.0.1:{port}/docking.v1.Users/ListUsers",
            f"http://127.0.0.1:{rest}/users")
        self.assertEqual(code, 0, err)
        for cell in report["cells"]:
            for trial in cell["trials"]:
                self.assertIn("server_us_per_request", trial["cpu"])
        with self.assertRaises(OSError):  # it has ended with the generator
            connect(port)

    def test_one_command_in_vain(self):
        for wrong in ("=2", "=3", "=x"):
            code, _, err = load("compare", "--start", "sleep 60", "--start", wrong,
                                "http://127.0.0.1:1/", "http://127.0.0.1:1/b")
            self.assertEqual(code, 2, err)
            self.assertIn(wrong, err)

    def dying_server(self, rest):
        """A command that serves users the first time and does not start the second time."""
        return (f"sh -c 'test -e {self.directory}/again && exit 7; touch {self.directory}/again; "
                f"exec {BIN}/slipway-server --listen 127.0.0.1:0 --rest 127.0.0.1:{rest} "
                f"--admin 127.0.0.1:0 --data {self.directory}/d --log-level warning'")

    def test_a_server_that_goes_away_leaves_what_was_measured(self):
        rest = self.free_port()
        code, report, err = load_json(
            "compare", "-c", 2, "-d", "100ms", "--warmup", "0s", "--trials", 3, "--no-guard",
            "--restart", "--start", self.dying_server(rest), "--start", "=1",
            f"http://127.0.0.1:{rest}/users", f"http://127.0.0.1:{rest}/customers")
        self.assertEqual(code, 1, err)
        self.assertIn("before block 2 of 3", err)
        self.assertEqual([len(cell["trials"]) for cell in report["cells"]], [1, 1])
        self.assertIn("before block 2 of 3", report["notices"][0]["text"])

    def interrupted(self, *args):
        """Ends it when the second server of --start is being waited for; it must leave nothing."""
        scratch = self.file("scratch")
        os.mkdir(scratch)
        process = subprocess.Popen([LOAD, *map(str, args), "--no-progress", "--format", "json"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env={**os.environ, "TMPDIR": scratch})
        self.addCleanup(process.kill)
        deadline = time.monotonic() + PATIENCE
        while not os.path.exists(self.file("waiting")) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(os.listdir(scratch), [], err)
        with open(self.file("waiting"), encoding="ascii") as file:
            with self.assertRaises(ProcessLookupError):
                os.kill(int(file.read()), 0)
        return process.returncode, out, err

    def sleeper(self):
        """A server that never accepts, and tells its process."""
        return (f"echo $$ > {self.directory}/new; mv {self.directory}/new {self.directory}/waiting; "
                "exec sleep 600")

    def test_ctrl_c_while_a_server_starts(self):
        code, out, err = self.interrupted("run", "--start", f"sh -c '{self.sleeper()}'",
                                          f"http://127.0.0.1:{self.free_port()}/")
        self.assertEqual((code, out), (1, ""), err)
        self.assertIn("interrupted", err)

    def test_ctrl_c_between_trials_ends_with_a_report(self):
        rest = self.free_port()
        command = self.dying_server(rest).replace("exit 7", "{ %s; }" % self.sleeper())
        code, out, err = self.interrupted(
            "sweep", "--levels", "1,2", "-d", "100ms", "--warmup", "0s", "--trials", 3, "--restart",
            "--start", command, f"http://127.0.0.1:{rest}/users")
        self.assertEqual(code, 1, err)
        report = json.loads(out)
        self.assertEqual([len(cell["trials"]) for cell in report["cells"]], [1, 1])
        self.assertTrue(any("interrupted" in notice["text"] for notice in report["notices"]))

    def free_port(self):
        with socket.create_server(("127.0.0.1", 0)) as found:
            return found.getsockname()[1]

    def test_a_server_that_does_not_start(self):
        code, _, err = load("run", "--start", "echo no luck; exit 7", "http://127.0.0.1:1/")
        self.assertEqual(code, 1)
        self.assertIn("no luck", err)

    def test_sweep(self):
        self.serve()
        code, report, err = load_json("sweep", "--levels", "1,4,16", "-d", "150ms", "--warmup",
                                      "0s", "--trials", 2, f"{self.http}/users")
        self.assertEqual(code, 0, err)
        self.assertEqual([cell["load"]["concurrency"] for cell in report["cells"]], [1, 4, 16])

    def test_search_finds_the_rate_of_a_server_that_has_one(self):
        # Two workers that take 10 ms each: 200 a second and no more.
        self.serve("--threading", "blocking", "--workers", "2", "--info-delay", "10ms")
        code, report, err = load_json("search", "--slo", "p90<200ms,errors<1%", "--from", 50, "--to",
                                      5000, "-d", "1s", "--warmup", "0s", "--precision", "0.3",
                                      "--confirm", 1, f"{self.grpc}/docking.v1.Info/GetInfo",
                                      timeout=4 * PATIENCE)
        self.assertEqual(code, 0, err)
        best = report["cells"][report["best"]]["load"]["rate_per_s"]
        self.assertGreater(best, 80)
        self.assertLess(best, 250)

    def test_search_whose_objective_is_never_met(self):
        self.serve("--info-delay", "100ms")
        code, _, err = load("search", "--slo", "p50<1ms", "--from", 10, "-d", "500ms", "--warmup",
                            "0s", f"{self.grpc}/docking.v1.Info/GetInfo")
        self.assertEqual(code, 1)
        self.assertIn("p50<1ms", err)

    def test_search_at_a_slow_server_finds_what_it_can(self):
        # 1 s each, as many at a time as come: what is in flight at the end of a trial is not late.
        self.serve("--info-delay", "1s")
        code, report, err = load_json("search", "--slo", "p50<5s,errors<1%", "--from", 20, "--to",
                                      20, "-d", "3s", "--warmup", "0s", "--confirm", 1,
                                      f"{self.grpc}/docking.v1.Info/GetInfo")
        self.assertEqual(code, 0, err)
        self.assertEqual(report["cells"][report["best"]]["load"]["rate_per_s"], 20)

    def test_search_where_most_requests_fail(self):
        # Too few successes to judge p90 by is a failure of the target, not of the search.
        calls = []

        def answer(connection):
            while connection.recv(10_000):
                calls.append(1)
                status = b"200 OK" if len(calls) % 20 == 1 else b"503 Service Unavailable"
                connection.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")

        peer = Peer(answer)
        self.addCleanup(peer.close)
        code, report, err = load_json("search", "--slo", "p90<1s", "--from", 150, "-d", "1s",
                                      "--warmup", "0s", f"http://127.0.0.1:{peer.port}/")
        self.assertEqual(code, 1, err)
        self.assertIn("p90<1s is not met", err)
        self.assertRegex(report["tables"][0]["rows"][0][-1], "p90")

    def test_scenario_measures_one_server(self):
        path = self.file("s.yaml", """
steps:
  - {http: GET /a, target: "http://127.0.0.1:1"}
  - {http: GET /b, target: "http://127.0.0.1:2"}
""")
        code, _, err = load("scenario", path, "--pid", 1, "--pid", 2)
        self.assertEqual(code, 2)
        self.assertIn("--pid", err)

    def test_scenario(self):
        self.serve()
        path = self.file("buyers.yaml", f"""
target: {self.http}
scenarios:
  - name: look
    weight: 3
    steps:
      - name: list
        http: GET /users?role=sales
        expect: [status=200]
        extract: {{ id: "json:[0].id" }}
      - name: customers
        http: GET /customers?salesId={{{{id}}}}
        expect: ["json:[0].salesId=1"]
  - name: ask
    steps:
      - name: method
        target: {self.grpc}
        grpc: docking.v1.Users/GetUser
        data: '{{"id":"2"}}'
        expect: ["json:name=Bruce Lee"]
""")
        code, report, err = load_json("scenario", path, "-c", 3, "-n", 100)
        self.assertEqual(code, 0, err)
        trial = report["cells"][0]["trials"][0]
        self.assertEqual((trial["ok"], trial["failed"]), (100, 0))
        steps = {step["name"]: step["ok"]["count"] for step in trial["steps"]}
        self.assertEqual(steps["look/list"], steps["look/customers"])
        self.assertEqual(steps["look/list"] + steps["ask/method"], 100)


class Reports(LoadTest):
    def setUp(self):
        super().setUp()
        self.serve()
        self.files = {ending: self.file("r." + ending)
                      for ending in ("json", "html", "csv", "hgrm", "hlog", "txt")}
        code, self.text, err = load("compare", "-c", 2, "-d", "200ms", "--warmup", "0s", "--trials",
                                    2, "--no-guard", f"{self.http}/users",
                                    f"{self.grpc}/docking.v1.Users/ListUsers",
                                    *[part for path in self.files.values()
                                      for part in ("--output", path)])
        self.assertEqual(code, 0, err)

    def read(self, ending):
        with open(self.files[ending], encoding="utf-8") as file:
            return file.read()

    def test_every_form(self):
        self.assertEqual(self.read("txt"), self.text)
        rows = list(csv.DictReader(io.StringIO(self.read("csv"))))
        self.assertEqual(len(rows), 4)
        self.assertIn("1/(1-Percentile)", self.read("hgrm"))
        self.assertIn("#[Histogram log format version 1.3]", self.read("hlog"))
        self.assertNotRegex(self.read("html"), r"(src|href)=.?https?:")

    def test_read_again_and_merged(self):
        both = self.file("both.json")
        for one in ("json", "html"):
            code, out, err = load("report", self.files[one])
            self.assertEqual(code, 0, err)
            self.assertEqual(out, self.text)
        code, _, err = load("report", self.files["json"], self.files["html"], "--output", both)
        self.assertEqual(code, 0, err)
        with open(both, encoding="utf-8") as file:
            merged = json.load(file)
        self.assertEqual([len(cell["trials"]) for cell in merged["cells"]], [4, 4])

    def test_what_is_no_report(self):
        for text in ("", "{}", "[1]", "<html></html>", self.read("json")[:2000]):
            code, _, err = load("report", self.file("broken.json", text))
            self.assertEqual(code, 2, text[:20])
            self.assertIn("broken.json", err)

    def test_hdr_tools_read_it(self):
        reader = os.path.join(os.path.dirname(__file__), "..", "clients", "hdr_reader.py")
        python = os.environ.get("SLIPWAY_PYTHON", "/usr/bin/python3")
        done = subprocess.run([python, reader, self.files["hlog"]], capture_output=True,
                              text=True, timeout=PATIENCE)
        if done.returncode == 77:
            self.skipTest(done.stderr.strip())
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads(self.read("json"))
        wanted = sum(t["window"]["ok"] for cell in report["cells"] for t in cell["trials"])
        found = sum(json.loads(line)["count"] for line in done.stdout.splitlines())
        self.assertEqual(found, wanted)


if __name__ == "__main__":
    unittest.main()
