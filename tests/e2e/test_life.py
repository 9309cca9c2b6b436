"""What happens in a program's life: order under load, restarts, peers that misbehave, bad switches."""

import concurrent.futures
import os
import re
import socket
import threading
import unittest

from harness import ProgramTest, connect, eventually, get, read_until_closed, request


def call_info(port, count):
    """`count` GET /info at once; the ids of the answers."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return [a.json["id"] for a in pool.map(lambda _: get(port, "/info"), range(count))]


def events(server, method="/docking.v1.Info/GetInfo"):
    """(received or answered, id) in the order of the log."""
    regex = re.compile(r"(received|answered) %s id=(\S+)" % re.escape(method))
    return [m.groups() for m in map(regex.search, server.lines()) if m]


class Order(ProgramTest):
    COUNT = 100

    def run_info(self, count, *args):
        server = self.start_server(*args)
        ids = call_info(server.port("REST"), count)
        self.assertEqual(len(set(ids)), count)
        server.wait_for("all answers", lambda lines: sum("answered" in l for l in lines) >= count)
        return events(server)

    def test_async_receives_all_before_it_answers_one(self):
        log = self.run_info(self.COUNT, "--threading", "async", "--http-engine", "async", "--info-delay", "3s")
        kinds = [kind for kind, _ in log]
        self.assertEqual(kinds, ["received"] * self.COUNT + ["answered"] * self.COUNT)

    def test_one_blocking_worker_alternates(self):
        log = self.run_info(20, "--threading", "blocking", "--workers", "1", "--info-delay", "5ms")
        for received, answered in zip(log[::2], log[1::2]):
            self.assertEqual((received[0], answered[0]), ("received", "answered"))
            self.assertEqual(received[1], answered[1])

    def test_httplib_engine_never_has_more_open_than_workers(self):
        log = self.run_info(60, "--http-engine", "httplib", "--workers", "8", "--info-delay", "20ms")
        in_flight = highest = 0
        for kind, _ in log:
            in_flight += 1 if kind == "received" else -1
            highest = max(highest, in_flight)
        self.assertLessEqual(highest, 8)
        self.assertGreater(highest, 1)


class Restart(ProgramTest):
    def test_acknowledged_job_survives_kill(self):
        server = self.start_server()
        ids = [request(server.port("REST"), "POST", "/v1/jobs", body='{"greeting":{"name":"n%d"}}' % i).json["id"]
               for i in range(20)]
        server.kill()
        again = self.start_server()
        port = again.port("REST")
        for i, job in enumerate(ids):
            eventually("job done", lambda: get(port, "/v1/jobs/" + job).status == 302)
            self.assertEqual(get(port, "/v1/jobs/%s/result" % job).json, {"result": "Hello n%d...!" % i})

    def test_terminate_finishes_what_is_in_flight(self):
        server = self.start_server("--info-delay", "500ms")
        port = server.port("REST")
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            calls = [pool.submit(get, port, "/info") for _ in range(20)]
            server.wait_for("20 calls", lambda lines: sum("received" in l for l in lines) >= 20)
            code = server.terminate()
        self.assertEqual([c.result().status for c in calls], [200] * 20)
        self.assertEqual(code, 0)


class BackendComesAndGoes(ProgramTest):
    def free_port(self):
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            return sock.getsockname()[1]

    def backend(self, port):
        return self.start("slipway-server", "--listen", "127.0.0.1:%d" % port, "--admin", "127.0.0.1:0",
                          "--data", os.path.join(self.directory, "backend"), "--info-delay", "0")

    def test_gateway_starts_before_its_backend(self):
        port = self.free_port()
        gateway = self.start_gateway("127.0.0.1:%d" % port)
        rest = gateway.port("REST")
        self.assertEqual(get(rest, "/users").status, 503)
        self.assertEqual(get(rest, "/healthz").status, 502)
        self.backend(port)
        eventually("routes", lambda: get(rest, "/users/1").status == 200)
        self.assertEqual(get(rest, "/healthz").status, 200)

    def test_killed_backend_is_503_until_it_is_back(self):
        port = self.free_port()
        backend = self.backend(port)
        backend.port("gRPC")
        gateway = self.start_gateway("127.0.0.1:%d" % port)
        rest = gateway.port("REST")
        eventually("routes", lambda: get(rest, "/users/1").status == 200)
        statuses, stop = [], threading.Event()

        def load():
            while not stop.is_set():
                statuses.append(get(rest, "/users/1").status)

        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        backend.kill()
        eventually("503", lambda: 503 in statuses)
        self.backend(port)
        eventually("recovery", lambda: get(rest, "/users/1").status == 200)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(set(statuses) - {200, 503}, set())
        self.assertIsNone(gateway.process.poll())


    def test_unreadable_rules_are_refused_at_start(self):
        gateway = self.start_gateway("127.0.0.1:1", "--http-rules", os.path.join(self.directory, "none.yaml"))
        self.assertEqual(gateway.wait(), 1)
        self.assertIn("none.yaml", "\n".join(gateway.lines()))


class LargeHeaders(ProgramTest):
    def test_one_clients_headers_do_not_harm_anothers_call(self):
        server = self.start_server("--info-delay", "1s", rest=False)
        gateway = self.start_gateway("127.0.0.1:%d" % server.port("gRPC"), "--threads", "1")
        rest = gateway.port("REST")
        eventually("routes", lambda: get(rest, "/users/1").status == 200)
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            calls = [pool.submit(get, rest, "/info") for _ in range(10)]
            server.wait_for("10 calls", lambda lines: sum("received /docking.v1.Info" in l for l in lines) >= 10)
            large = {"Grpc-Metadata-%d" % i: "x" * 7000 for i in range(8)}
            self.assertEqual(get(rest, "/users/1", **large).status, 200)
            self.assertEqual(get(rest, "/users/1", Authorization="y" * 7000).status, 200)
            self.assertEqual([c.result().status for c in calls], [200] * 10)


class BadPeers(ProgramTest):
    def setUp(self):
        super().setUp()
        self.server = self.start_server("--head-deadline", "300ms", "--body-deadline", "300ms", "--info-delay", "10s")
        self.port = self.server.port("REST")

    def healthy(self):
        self.assertEqual(get(self.port, "/users/1").status, 200)

    def test_half_a_head_is_cut_at_the_deadline(self):
        with connect(self.port) as sock:
            sock.sendall(b"GET /users HTTP/1.1\r\nHost: a\r\n")
            self.assertIn(b" 408 ", read_until_closed(sock).split(b"\r\n")[0])
        self.healthy()

    def test_dribbled_head_is_cut_at_the_deadline(self):
        with connect(self.port) as sock:
            done = threading.Event()

            def dribble():
                try:
                    for byte in b"GET /users HTTP/1.1\r\nX: " + b"x" * 10000:
                        if done.wait(0.02):
                            return
                        sock.send(bytes([byte]))
                except OSError:
                    pass

            thread = threading.Thread(target=dribble)
            thread.start()
            read_until_closed(sock)
            done.set()
            thread.join()
        self.healthy()

    def test_half_a_body_is_cut_at_the_deadline(self):
        with connect(self.port) as sock:
            sock.sendall(b"POST /v1/jobs HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
            self.assertIn(b" 408 ", read_until_closed(sock).split(b"\r\n")[0])
        self.healthy()

    def test_oversized_head(self):
        with connect(self.port) as sock:
            sock.sendall(b"GET /users HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20000 + b"\r\n\r\n")
            self.assertIn(b" 431 ", read_until_closed(sock).split(b"\r\n")[0])
        self.healthy()

    def test_client_that_leaves_cancels_its_call(self):
        with connect(self.port) as sock:
            sock.sendall(b"GET /info HTTP/1.1\r\nHost: a\r\nX-Correlation-Id: leaver\r\n\r\n")
            self.server.wait_for_line(r"received /docking.v1.Info/GetInfo id=leaver")
        self.server.wait_for_line(r"answered /docking.v1.Info/GetInfo id=leaver status=CANCELLED")

    def test_garbage(self):
        for garbage in (b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x00" * 100,
                        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"):
            with connect(self.port) as sock:
                sock.sendall(garbage)
                answer = read_until_closed(sock)
                self.assertNotIn(b" 200 ", answer.split(b"\r\n")[0])
        self.healthy()

    def test_threads_do_not_grow_with_connections(self):
        before = self.server.threads()
        socks = [connect(self.port) for _ in range(200)]
        for sock in socks:
            sock.sendall(b"GET /info HTTP/1.1\r\nHost: a\r\n\r\n")
        self.server.wait_for("200 calls", lambda lines: sum("received" in l for l in lines) >= 200)
        self.assertEqual(self.server.threads(), before)
        for sock in socks:
            sock.close()


class Switches(ProgramTest):
    def refuse(self, code, *args, name="slipway-server", env=None):
        program = self.start(name, *args, env=env)
        self.assertEqual(program.wait(), code, program.lines())
        return "\n".join(program.lines())

    def test_all_bad_values_are_named_at_once(self):
        text = self.refuse(2, "--threads", "many", "--info-delay", "-1s", "--listen", "nowhere")
        for word in ("threads", "many", "info-delay", "-1s", "listen", "nowhere"):
            self.assertIn(word, text)

    def test_config_that_is_a_directory(self):
        self.assertIn(self.directory, self.refuse(2, "--config", self.directory))

    def test_environment_is_read_and_named(self):
        text = self.refuse(2, env={"SLIPWAY_THREADS": "zero"})
        self.assertIn("SLIPWAY_THREADS", text)

    def test_store_and_data_together(self):
        self.assertIn("--store", self.refuse(2, "--store", "sqlite:a.db", "--data", "b"))

    def test_taken_port(self):
        server = self.start_server()
        for what, switch in (("gRPC", "--listen"), ("admin", "--admin"), ("REST", "--rest")):
            taken = "127.0.0.1:%d" % server.port(what)
            args = {"--listen": "127.0.0.1:0", "--admin": "127.0.0.1:0", "--rest": "127.0.0.1:0", switch: taken}
            text = self.refuse(1, "--data", os.path.join(self.directory, "other"),
                               *[word for pair in args.items() for word in pair])
            self.assertIn(taken, text)

    def test_data_directory_that_cannot_be_written(self):
        blocker = os.path.join(self.directory, "file")
        open(blocker, "w").close()
        text = self.refuse(1, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--data", blocker + "/data")
        self.assertIn(blocker, text)

    def test_two_servers_on_one_directory(self):
        self.start_server().port("REST")
        text = self.refuse(1, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--data",
                           os.path.join(self.directory, "data"))
        self.assertIn("data", text)

    def test_yaml_file(self):
        path = os.path.join(self.directory, "slipway.yaml")
        with open(path, "w") as file:
            file.write("listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\nrest: [127.0.0.1:0]\ninfo-delay: 0\ndata: %s\n"
                       % os.path.join(self.directory, "yaml"))
        server = self.start("slipway-server", "--config", path)
        self.assertEqual(get(server.port("REST"), "/info").status, 200)

    def test_log_directory(self):
        logs = os.path.join(self.directory, "logs")
        server = self.start_server("--log-dir", logs, "--info-delay", "0")
        get(server.port("REST"), "/info")
        server.terminate()
        with open(os.path.join(logs, "info.log")) as file:
            self.assertRegex(file.read(), r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6} .*received /docking.v1.Info/GetInfo")


if __name__ == "__main__":
    unittest.main()
