"""Jobs over REST, as curl would use them: contract, ownership, tokens, levelling. Real programs."""

import concurrent.futures
import http.client
import http.server
import json
import os
import shutil
import socket
import subprocess
import threading

from harness import ProgramTest, connect, eventually, get, read_until_closed, request


def post(port, target, body, **headers):
    return request(port, "POST", target, body=json.dumps(body), headers=headers)


def call(method, request_message=None, **more):
    body = {"method": method, **more}
    if request_message is not None:
        body["request"] = request_message
    return {"call": body}


def nested(levels):
    """JSON of objects in each other."""
    value = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


class JobsTest(ProgramTest):
    SWITCHES = ()

    def setUp(self):
        super().setUp()
        self.server = self.start_server(*self.SWITCHES)
        self.port = self.server.port("REST")

    def submit(self, body, **headers):
        answer = post(self.port, "/v1/jobs", body, **headers)
        self.assertEqual(answer.status, 202, answer)
        self.assertEqual(answer.headers["location"], "/v1/jobs/" + answer.json["id"])
        self.assertEqual(answer.headers["retry-after"], "1")
        return answer.json["id"]

    def ended(self, job, **headers):
        """The job's status resource once it has ended."""
        def look():
            answer = get(self.port, "/v1/jobs/%s?redirect=false" % job, **headers)
            self.assertIn(answer.status, (200, 202), answer)
            return answer if answer.status == 200 else None
        return eventually("job %s ends" % job, look).json

    def assert_error(self, answer, status, code, *texts):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.json["code"], code, answer)
        for text in texts:
            self.assertIn(text, answer.json["message"])

    def stored(self):
        """How many jobs were ever acknowledged, as the metrics tell."""
        metrics = get(self.server.port("admin"), "/metrics").text
        return sum(float(line.split()[-1]) for line in metrics.splitlines()
                   if line.startswith("slipway_jobs_submitted_total{"))


class Calls(JobsTest):
    """Any gRPC method is a task."""
    SWITCHES = ("--info-delay", "0s")

    def test_answer_is_the_methods_json(self):
        job = self.submit(call("docking.v1.Users/GetUser", {"id": "2"}))
        row = self.ended(job)
        self.assertEqual((row["kind"], row["state"], row["attempt"], row["progress"]),
                         ("call", "SUCCEEDED", 1, 100))
        redirect = get(self.port, "/v1/jobs/" + job)
        self.assertEqual((redirect.status, redirect.headers["location"]),
                         (302, "/v1/jobs/%s/result" % job))
        result = get(self.port, redirect.headers["location"])
        self.assertEqual(result.status, 200)
        self.assertEqual(result.json, get(self.port, "/users/2").json)

    def test_an_error_is_an_answer_too(self):
        job = self.submit(call("docking.v1.Users/GetUser", {"id": "9"}))
        self.assertEqual(self.ended(job)["state"], "SUCCEEDED")
        replayed = get(self.port, "/v1/jobs/%s/result" % job)
        direct = get(self.port, "/users/9")
        self.assertEqual((replayed.status, replayed.json), (direct.status, direct.json))
        self.assertEqual(replayed.status, 404)

    def test_request_bytes(self):
        job = self.submit(call("docking.v1.Users/GetUser", requestBytes="CgEy"))  # id: "2"
        self.assertEqual(self.ended(job)["state"], "SUCCEEDED")
        self.assertEqual(get(self.port, "/v1/jobs/%s/result" % job).json["id"], "2")

    def test_bad_calls_are_refused_and_nothing_is_stored(self):
        for body, texts in [
                (call("docking.v1.Users/Nothing"), ("method", "docking.v1.Users/Nothing")),
                (call("nonsense"), ("method", "nonsense")),
                (call(""), ("method",)),
                (call("docking.v1.Users/GetUser", {"id": 7}), ("request", "id")),
                (call("docking.v1.Users/GetUser", {"nix": "7"}), ("request", "nix")),
                (call("docking.v1.Users/GetUser", "text"), ("request",)),
                (call("docking.v1.Users/GetUser", requestBytes="CgU="), ("requestBytes",)),
                (call("docking.v1.Users/GetUser", {}, target="elsewhere"), ("target", "elsewhere")),
                (call("slipway.v1.Jobs/ListJobs", {}), ("method", "slipway.v1.Jobs/ListJobs")),
                (call("grpc.health.v1.Health/Check", {}), ("method",)),
        ]:
            answer = post(self.port, "/v1/jobs", body)
            self.assertEqual(answer.status // 100, 4, (body, answer))
            for text in texts:
                self.assertIn(text, answer.json["message"], body)
        self.assertEqual(self.stored(), 0)

    def test_bad_options_are_named(self):
        for field, value, text in [
                ("maxAttempts", 101, "maxAttempts"), ("maxAttempts", -1, "maxAttempts"),
                ("idempotencyKey", "k" * 256, "idempotencyKey"),
                ("idempotencyKey", "t\u00e4st", "idempotencyKey"),
                ("resultLifetime", "0.5s", "resultLifetime"),
                ("resultLifetime", "99999999s", "resultLifetime"),
                ("notBefore", "9999-01-01T00:00:00Z", "notBefore")]:
            answer = post(self.port, "/v1/jobs", {"greeting": {"name": "x"}, field: value})
            self.assert_error(answer, 400, 3, text)
        self.assertEqual(self.stored(), 0)

    def test_oversized_request(self):
        # Refused by its length: nothing of the body is sent.
        with connect(self.port) as sock:
            sock.sendall(b"POST /v1/jobs HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n")
            self.assertTrue(read_until_closed(sock).startswith(b"HTTP/1.1 413 "))
        self.assertEqual(self.stored(), 0)


class Life(JobsTest):
    SWITCHES = ("--info-delay", "1h", "--job-concurrency", "call=1")

    def test_cancel_reaches_a_running_call(self):
        job = self.submit(call("docking.v1.Info/GetInfo", {}))
        eventually("it runs", lambda: get(self.port, "/v1/jobs/" + job).json["state"] == "RUNNING")
        cancelled = post(self.port, "/v1/jobs/%s:cancel" % job, {})
        self.assertEqual((cancelled.status, cancelled.json["state"]), (200, "CANCELLED"))
        row = get(self.port, "/v1/jobs/" + job)
        self.assertEqual((row.status, row.json["state"], row.json["error"]["code"]),
                         (200, "CANCELLED", 1))
        # The one place is free again: the handler has heard of it.
        other = self.submit(call("docking.v1.Users/GetUser", {"id": "1"}))
        self.assertEqual(self.ended(other)["state"], "SUCCEEDED")

    def test_delete(self):
        job = self.submit({"greeting": {"name": "Ann"}})
        self.ended(job)
        answer = request(self.port, "DELETE", "/v1/jobs/" + job)
        self.assertEqual((answer.status, answer.json), (200, {}))
        self.assert_error(get(self.port, "/v1/jobs/" + job), 404, 5, job)
        self.assert_error(request(self.port, "DELETE", "/v1/jobs/" + job), 404, 5, job)

    def test_what_has_not_ended_is_not_deleted(self):
        job = self.submit({"greeting": {"name": "Ann"}, "notBefore": "2035-01-01T00:00:00Z"})
        self.assert_error(request(self.port, "DELETE", "/v1/jobs/" + job), 400, 9, "cancel")

    def test_not_before(self):
        job = self.submit({"greeting": {"name": "Ann"}, "notBefore": "2035-01-01T00:00:00Z"})
        row = get(self.port, "/v1/jobs/" + job)
        self.assertEqual((row.status, row.json["state"], row.json["notBefore"]),
                         (202, "ACCEPTED", "2035-01-01T00:00:00Z"))

    def test_expired_result_is_gone(self):
        job = self.submit({"greeting": {"name": "Ann"}, "resultLifetime": "1s"})
        eventually("it is gone", lambda: get(self.port, "/v1/jobs/" + job).status == 410)
        for target in ("/v1/jobs/%s", "/v1/jobs/%s/result"):
            self.assert_error(get(self.port, target % job), 410, 5, job)

    def test_idempotency_key(self):
        body = {"greeting": {"name": "Ann"}, "idempotencyKey": "order 17"}
        first = self.submit(body)
        self.assertEqual(self.submit(body), first)
        body["greeting"]["name"] = "Eve"
        self.assert_error(post(self.port, "/v1/jobs", body), 409, 6, "order 17")
        # Another caller's key is another key.
        self.assertNotEqual(self.submit(body, Authorization="Bearer eve"), first)

    def test_watch_streams_until_the_end(self):
        job = self.submit(call("docking.v1.Info/GetInfo", {}))
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.addCleanup(connection.close)
        connection.request("GET", "/v1/jobs/%s:watch" % job)
        answer = connection.getresponse()
        states = [json.loads(answer.readline())["result"]["state"]]
        while states[-1] != "RUNNING":
            states.append(json.loads(answer.readline())["result"]["state"])
        post(self.port, "/v1/jobs/%s:cancel" % job, {})
        states += [json.loads(line)["result"]["state"] for line in answer.read().splitlines()]
        self.assertEqual(states[-1], "CANCELLED")
        self.assertIn(states, (["ACCEPTED", "RUNNING", "CANCELLED"], ["RUNNING", "CANCELLED"]))

    def test_grpcurl_watches_too(self):
        if shutil.which("grpcurl") is None:
            self.skipTest("grpcurl is not there")
        job = self.submit({"greeting": {"name": "Ann"}})
        self.ended(job)
        run = subprocess.run(
            ["grpcurl", "-plaintext", "-d", json.dumps({"id": job}),
             "127.0.0.1:%d" % self.server.port("gRPC"), "slipway.v1.Jobs/WatchJob"],
            capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(json.loads(run.stdout)["state"], "SUCCEEDED")


class Ownership(JobsTest):
    def test_a_job_belongs_to_its_caller(self):
        job = self.submit({"greeting": {"name": "Ann"}}, Authorization="Bearer ann")
        self.ended(job, Authorization="Bearer ann")
        unknown = get(self.port, "/v1/jobs/" + "0" * 26)
        for headers in ({"Authorization": "Bearer eve"}, {}):
            for answer in (get(self.port, "/v1/jobs/" + job, **headers),
                           get(self.port, "/v1/jobs/%s/result" % job, **headers),
                           request(self.port, "POST", "/v1/jobs/%s:cancel" % job, "{}", headers),
                           request(self.port, "DELETE", "/v1/jobs/" + job, None, headers)):
                self.assertEqual(answer.status, 404, answer)
                self.assertEqual(answer.json["message"].replace(job, "0" * 26),
                                 unknown.json["message"])
        result = get(self.port, "/v1/jobs/%s/result" % job, Authorization="Bearer ann")
        self.assertEqual(result.json, {"result": "Hello Ann...!"})

    def test_lists(self):
        anns = self.submit({"greeting": {"name": "Ann"}}, Authorization="Bearer ann")
        eves = self.submit({"greeting": {"name": "Eve"}}, Authorization="Bearer eve")
        nobodys = self.submit({"greeting": {"name": ""}})

        def listed(port, **headers):
            return [job["id"] for job in get(port, "/v1/jobs", **headers).json["jobs"]]
        self.assertEqual(listed(self.port, Authorization="Bearer ann"), [anns])
        self.assertEqual(listed(self.port, Authorization="Bearer eve"), [eves])
        self.assertEqual(listed(self.port), [])
        self.assertEqual(listed(self.server.port("admin")), [nobodys, eves, anns])

    def test_page_for_operators(self):
        job = self.submit({"greeting": {"name": "<b>"}}, Authorization="Bearer ann")
        page = get(self.server.port("admin"), "/jobs")
        self.assertEqual(page.status, 200)
        self.assertIn("text/html", page.headers["content-type"])
        self.assertIn(job, page.text)

    def test_nothing_of_the_authorization_is_stored(self):
        self.ended(self.submit({"greeting": {"name": "Ann"}}, Authorization="Bearer s3cr3t-t0k3n"),
                   Authorization="Bearer s3cr3t-t0k3n")
        self.server.terminate()
        folder = os.path.join(self.directory, "data")
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                self.assertNotIn(b"s3cr3t-t0k3n", file.read(), name)
        self.assertNotIn("s3cr3t-t0k3n", "\n".join(self.server.lines()))


class PublicList(JobsTest):
    SWITCHES = ("--jobs-list", "public")

    def test_whole_list_without_authorization(self):
        jobs = [self.submit({"greeting": {"name": "n"}}, Authorization="Bearer %d" % i)
                for i in range(3)]
        listed = get(self.port, "/v1/jobs").json["jobs"]
        self.assertEqual([job["id"] for job in listed], jobs[::-1])
        for job in jobs:
            self.ended(job, Authorization="Bearer %d" % jobs.index(job))
        for query, count in (("state=SUCCEEDED", 3), ("state=FAILED", 0), ("kind=greeting", 3),
                             ("kind=call", 0), ("state=3&pageSize=2", 2)):
            self.assertEqual(len(get(self.port, "/v1/jobs?" + query).json["jobs"]), count, query)
        self.assertEqual(get(self.port, "/v1/jobs?state=NIX").status, 400)


class Limit(JobsTest):
    SWITCHES = ("--job-queue-limit", "3")

    def test_above_the_limit_429_and_nothing_is_dropped(self):
        later = {"greeting": {"name": "n"}, "notBefore": "2035-01-01T00:00:00Z"}
        jobs = [self.submit(later) for _ in range(3)]
        answer = post(self.port, "/v1/jobs", later)
        self.assert_error(answer, 429, 8, "3 jobs", "--job-queue-limit")
        self.assertIn("retry-after", answer.headers)
        for job in jobs:
            self.assertEqual(get(self.port, "/v1/jobs/" + job).status, 202)
        post(self.port, "/v1/jobs/%s:cancel" % jobs[0], {})
        self.submit(later)


class Targets(JobsTest):
    """Jobs that call another server, which may be gone."""

    def setUp(self):
        ProgramTest.setUp(self)
        self.grpc_port = self.free_port()
        self.server = self.start_server(
            "--job-target", "dock=127.0.0.1:%d" % self.grpc_port, "--job-target",
            "locked=127.0.0.1:%d?authorization=required" % self.grpc_port, "--job-backoff", "100ms")
        self.port = self.server.port("REST")

    @staticmethod
    def free_port():
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            return sock.getsockname()[1]

    def start_target(self):
        target = self.start("slipway-server", "--listen", "127.0.0.1:%d" % self.grpc_port,
                            "--admin", "127.0.0.1:0", "--data",
                            os.path.join(self.directory, "target"))
        target.port("gRPC")
        return target

    def wait_for_target(self, body):
        """Submits until the target's methods are known."""
        def attempt():
            answer = post(self.port, "/v1/jobs", body)
            self.assertIn(answer.status, (202, 503), answer)
            return answer.json["id"] if answer.status == 202 else None
        return eventually("the target is known", attempt)

    def test_target_that_was_never_there_is_503(self):
        answer = post(self.port, "/v1/jobs", call("docking.v1.Users/GetUser", {"id": "1"}, target="dock"))
        self.assert_error(answer, 503, 14, "dock")
        self.assertEqual(self.stored(), 0)

    def test_a_call_outlives_its_targets_absence(self):
        body = call("docking.v1.Users/GetUser", {"id": "2"}, target="dock")
        body["maxAttempts"] = 100
        target = self.start_target()
        first = self.wait_for_target(body)
        self.assertEqual(self.ended(first)["state"], "SUCCEEDED")
        target.kill()
        job = self.submit(body)
        eventually("it is tried again",
                   lambda: get(self.port, "/v1/jobs/" + job).json["attempt"] >= 2)
        self.start_target()
        row = self.ended(job)
        self.assertEqual(row["state"], "SUCCEEDED")
        self.assertEqual(get(self.port, "/v1/jobs/%s/result" % job).json["id"], "2")

    def test_attempts_exhausted(self):
        body = call("docking.v1.Users/GetUser", {"id": "2"}, target="dock")
        body["maxAttempts"] = 2
        target = self.start_target()
        self.ended(self.wait_for_target(body))
        target.kill()
        row = self.ended(self.submit(body))
        self.assertEqual((row["state"], row["attempt"], row["error"]["code"]), ("FAILED", 2, 14))

    def test_target_that_needs_authorization_is_refused_at_submission(self):
        answer = post(self.port, "/v1/jobs", call("docking.v1.Users/GetUser", {"id": "1"}, target="locked"),
                      Authorization="Bearer ann")
        self.assert_error(answer, 400, 9, "locked", "authorization")
        self.assertEqual(self.stored(), 0)


class Receiver:
    """A real HTTP server that results are delivered to."""

    def __init__(self, status=200):
        receiver = self
        self.status = status
        self.bodies = []
        self.lock = threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.lock:
                    receiver.bodies.append((self.command, self.path, json.loads(body)))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_PUT = do_POST

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.thread = threading.Thread(target=self.http.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return "http://127.0.0.1:%d/results" % self.http.server_address[1]

    def stop(self):
        self.http.shutdown()
        self.http.server_close()


class Tokens(JobsTest):
    SWITCHES = ("--access-log", "off", "--log-level", "warning")

    def setUp(self):
        super().setUp()
        self.receiver = Receiver()
        self.addCleanup(self.receiver.stop)

    def submit_token(self, name, service="greeter", **more):
        body = {"name": name, "service_name": service,
                "redirect_location": {"url": self.receiver.url, "method": "POST"}, **more}
        answer = post(self.port, "/v1/submit-job", body)
        self.assertEqual(answer.status, 202, answer)
        token = answer.json["message_token"]
        self.assertRegex(token, "^[0-9a-f]{32}$")
        self.assertEqual(set(answer.json), {"message_token"})
        return token

    def pool(self, token, service="greeter"):
        answer = post(self.port, "/v1/pool-job", {"service_name": service, "massage_token": token})
        self.assertEqual(answer.json, "Ok")
        self.assertNotIn("location", answer.headers)
        return answer.status

    def pool_until(self, token, status):
        eventually("status %d" % status, lambda: self.pool(token) == status)

    def test_delivered_once_with_everything_that_was_submitted(self):
        token = self.submit_token("Ann", extra={"deep": [1, None, {"x": "y"}]})
        self.pool_until(token, 302)
        method, path, body = self.receiver.bodies.pop()
        self.assertEqual((method, path), ("POST", "/results"))
        self.assertEqual(body, {
            "name": "Ann", "service_name": "greeter", "extra": {"deep": [1, None, {"x": "y"}]},
            "redirect_location": {"url": self.receiver.url, "method": "POST"},
            "result": {"result": "Hello Ann...!"}, "status": 3, "message_token": token})
        self.assertEqual(self.pool(token), 404)
        self.assertEqual(self.receiver.bodies, [])

    def test_deepest_json_goes_the_whole_way(self):
        gateway = self.start_gateway("127.0.0.1:%d" % self.server.port("gRPC"))
        eventually("routes", lambda: get(gateway.port("admin"), "/readyz").status == 200)
        deep = nested(99)  # in the object, which is the first of the 100 levels that are read
        for self.port in (self.port, gateway.port("REST")):
            token = self.submit_token("Ann", deep=deep)
            self.pool_until(token, 302)
            self.assertEqual(self.receiver.bodies.pop()[2]["deep"], deep)

    def test_deeper_json_is_refused_for_its_depth(self):
        for target, body in [("/v1/submit-job", nested(101)),
                             ("/v1/jobs", call("docking.v1.Users/GetUser", nested(99)))]:
            self.assert_error(post(self.port, target, body), 400, 3, "nested deeper than 100 levels")
        # One level less is read, and judged by its fields.
        answer = post(self.port, "/v1/jobs", call("docking.v1.Users/GetUser", nested(98)))
        self.assert_error(answer, 400, 3, "call.request: ", "a")

    def test_service_name_is_a_partition(self):
        token = self.submit_token("Ann")
        self.assertEqual(self.pool(token, "other"), 404)
        self.pool_until(token, 302)

    def test_a_receiver_that_refuses_gets_it_again(self):
        token = self.submit_token("Ann")
        self.receiver.status = 500
        eventually("it was refused", lambda: self.pool(token) == 202 and self.receiver.bodies)
        self.receiver.status = 200
        self.pool_until(token, 302)

    def test_unknown_token(self):
        self.assertEqual(self.pool("0" * 32), 404)
        self.assertEqual(self.pool("nonsense"), 404)

    def test_missing_name_greets_nobody(self):
        answer = post(self.port, "/v1/submit-job", {
            "service_name": "s", "redirect_location": {"url": self.receiver.url, "method": "PUT"}})
        token = answer.json["message_token"]
        eventually("taken", lambda: self.pool(token, "s") == 302)
        method, _, body = self.receiver.bodies.pop()
        self.assertEqual((method, body["result"]), ("PUT", {"result": "Hello ...!"}))
        self.assertNotIn("name", body)

    def test_address_that_may_not_be_called(self):
        for url in ("http://169.254.169.254/latest", "http://10.0.0.1/", "ftp://127.0.0.1/",
                    "http://user@127.0.0.1/", "nonsense"):
            answer = post(self.port, "/v1/submit-job", {
                "name": "x", "service_name": "s", "redirect_location": {"url": url, "method": "POST"}})
            self.assertIn(answer.status, (400, 403), (url, answer))
            self.assertIn("redirect_location", answer.json["message"])
        self.assertEqual(self.stored(), 0)

    def test_ten_thousand_under_five_thousand_names(self):
        count, names = 10_000, 5_000
        local = threading.local()

        def ask(target, body):
            # Its own connection, kept, as a consumer's library would.
            if not hasattr(local, "connection"):
                local.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                local.connection.connect()
                self.addCleanup(local.connection.close)
                local.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            local.connection.request("POST", target, json.dumps(body))
            answer = local.connection.getresponse()
            return answer.status, json.loads(answer.read())

        def submit(i):
            name = "greeting %d" % (i % names)
            status, answer = ask("/v1/submit-job", {
                "name": name, "service_name": name, "number": i,
                "redirect_location": {"url": self.receiver.url, "method": "POST"}})
            self.assertEqual(status, 202)
            return name, answer["message_token"]

        def collect(job):
            name, token = job
            eventually("taken", lambda: ask(
                "/v1/pool-job", {"service_name": name, "massage_token": token})[0] == 302)

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            jobs = list(pool.map(submit, range(count)))
            self.assertEqual(len({token for _, token in jobs}), count)
            list(pool.map(collect, jobs))
        self.assertEqual(sorted(body["number"] for _, _, body in self.receiver.bodies),
                         list(range(count)))
        for _, _, body in self.receiver.bodies:
            self.assertEqual(body["result"], {"result": "Hello greeting %d...!" % (body["number"] % names)})


del JobsTest
