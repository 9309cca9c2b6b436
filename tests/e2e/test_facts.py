"""Facts from a rate-limited upstream, over REST: the three ways, and an upstream that misbehaves."""

import http.server
import json
import os
import re
import threading
import time
import unittest

from harness import PATIENCE, ProgramTest, connect, eventually, get


class Upstream:
    """An upstream of our own, which answers as `mode` says until it is stopped."""

    def __init__(self, port=0):
        self.mode = "fact"
        self.calls = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        upstream = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                with upstream._lock:
                    upstream.calls += 1
                try:
                    getattr(self, "answer_" + upstream.mode)()
                except OSError:
                    pass  # the caller has left

            def answer(self, status, body, **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def answer_fact(self):
                self.answer(200, json.dumps({"fact": "A fact.", "length": 7}).encode())

            def answer_garbage(self):
                self.answer(200, b"\x00\xff<html>")

            def answer_not_utf8(self):
                self.answer(200, b'{"fact": "\xff\xfe", "length": 2}')

            def answer_error(self):
                self.answer(500, b"{}")

            def answer_wrong_url(self):
                self.answer(404, b"{}")

            def answer_storm(self):
                self.answer(429, b"{}", Retry_After="86400")

            def answer_close(self):
                self.connection.close()

            def answer_endless(self):
                self.send_response(200)
                self.end_headers()
                while not upstream._stopping.is_set():
                    self.wfile.write(b" " * 65536)

            def answer_stall(self):
                upstream._stopping.wait(PATIENCE)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 1024
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_port
        self.url = "http://127.0.0.1:%d/fact" % self.port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self):
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class FactsTest(ProgramTest):
    def serve(self, *args):
        self.server = self.start_server(*args)
        self.rest = self.server.port("REST")
        self.admin = self.server.port("admin")

    def serve_upstream(self, *args):
        upstream = Upstream()
        self.addCleanup(upstream.stop)
        self.serve("--fact-upstream", upstream.url, *args)
        return upstream

    def get_facts(self, target):
        answer = get(self.rest, target)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.headers["content-type"], "application/json")
        facts = answer.json
        self.assertIsInstance(facts, list)
        for fact in facts:
            self.assertIsInstance(fact, str)
            self.assertTrue(fact)
        return facts

    def metric(self, series):
        text = get(self.admin, "/metrics").text
        found = re.search(r"^%s (\S+)$" % re.escape(series), text, re.MULTILINE)
        return float(found.group(1)) if found else 0.0

    def upstream_calls(self, result):
        return self.metric('slipway_upstream_requests_total{result="%s"}' % result)

    def files(self):
        return len(os.listdir("/proc/%d/fd" % self.server.process.pid))

    def resident_mb(self):
        with open("/proc/%d/status" % self.server.process.pid) as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024


class Shapes(FactsTest):
    def setUp(self):
        super().setUp()
        self.serve()

    def test_facts_are_a_list_of_texts(self):
        for path in ("/cat/3", "/cat_async/3", "/cat_async_limited/3"):
            self.assertEqual(len(self.get_facts(path)), 3, path)

    def test_none_is_an_empty_list(self):
        for path in ("/cat/0", "/cat_async/0", "/cat_async_limited/0"):
            self.assertEqual(self.get_facts(path), [], path)
        self.assertEqual(self.upstream_calls("ok"), 0)

    def test_the_stream_gives_each_fact(self):
        answer = get(self.rest, "/cat_stream/5")
        self.assertEqual(answer.status, 200, answer)
        facts = [json.loads(line)["result"] for line in answer.text.splitlines() if line]
        self.assertEqual(sorted(fact["index"] for fact in facts), [0, 1, 2, 3, 4])
        self.assertTrue(all(fact["text"] for fact in facts))

    def test_bad_counts_name_the_field(self):
        for way in ("cat", "cat_async", "cat_async_limited", "cat_stream"):
            for count in ("-1", "abc", "100000000", "10001", "99999999999999999999", "1.5"):
                answer = get(self.rest, "/%s/%s" % (way, count))
                self.assertEqual(answer.status, 400, (way, count, answer))
                body = json.loads(answer.text.splitlines()[0])
                self.assertIn("count", body.get("error", body)["message"])
        self.assertEqual(self.upstream_calls("ok"), 0)

    def test_hello(self):
        for path, text in (("/hello", "Hello"), ("/hello/", "Hello"), ("/hello/Ann", "Hello Ann"),
                           ("/hello/J%C3%BCrgen%20B", "Hello Jürgen B")):
            answer = get(self.rest, path)
            self.assertEqual((answer.status, answer.text), (200, text), path)
            self.assertTrue(answer.headers["content-type"].startswith("text/plain"), answer)


class Limits(FactsTest):
    SWITCHES = ("--fact-limit", "100", "--fact-window", "2s", "--fact-latency", "50ms")

    def timed(self, what, least, function):
        begin = time.monotonic()
        result = function()
        elapsed = time.monotonic() - begin
        print("\n%s: %.2f s; the least possible: %.2f s (%.3f ×)" % (what, elapsed, least, elapsed / least))
        return result

    def test_in_turn(self):
        self.serve(*self.SWITCHES)
        facts = self.timed("/cat/20", 20 * 0.05, lambda: self.get_facts("/cat/20"))
        self.assertEqual(len(facts), 20)
        self.assertEqual(len(set(facts)), 20, "the embedded upstream gives them in turn")

    def test_at_once_gives_what_the_limit_allows(self):
        self.serve(*self.SWITCHES)
        answer = self.timed("/cat_async/250", 0.05, lambda: get(self.rest, "/cat_async/250"))
        self.assertEqual(answer.status, 200, answer)
        got = len(answer.json)
        # A second window opens only if 250 connections take longer than 2 s.
        self.assertGreaterEqual(got, 100)
        self.assertEqual(answer.headers["grpc-metadata-facts-asked"], "250")
        self.assertEqual(int(answer.headers["grpc-metadata-facts-refused"]), 250 - got)
        self.assertEqual(self.upstream_calls("ok"), got)
        self.server.wait_for_line(r"at once: 250 wanted, 250 asked, %d got, %d refused" % (got, 250 - got))

    def test_limited_loses_none(self):
        self.serve(*self.SWITCHES)
        facts = self.timed("/cat_async_limited/250", 2 * 2 + 0.05, lambda: self.get_facts("/cat_async_limited/250"))
        self.assertEqual(len(facts), 250)
        self.assertEqual(self.upstream_calls("ok"), 250)
        self.assertLessEqual(self.upstream_calls("refused"), 2.5)
        self.server.wait_for_line(r"limiter: \S+ waited \d+ ms for .*: the limit was used up")
        self.server.wait_for_line(r"limited: 250 wanted, \d+ asked, 250 got")

    def test_five_at_the_same_time_share_the_limit(self):
        self.serve(*self.SWITCHES)
        answers = [None] * 5

        def ask(i):
            answers[i] = get(self.rest, "/cat_async_limited/100")

        def ask_all():
            threads = [threading.Thread(target=ask, args=(i,)) for i in range(5)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        self.timed("5 × /cat_async_limited/100", 4 * 2 + 0.05, ask_all)
        self.assertEqual([(a.status, len(a.json)) for a in answers], [(200, 100)] * 5)
        self.assertEqual(self.upstream_calls("ok"), 500)
        refused = self.upstream_calls("refused")
        print("refused calls of the upstream: %d of %d" % (refused, 500 + refused))
        self.assertLessEqual(refused, 5)

    def test_a_small_request_does_not_wait_for_a_large_one(self):
        self.serve("--fact-limit", "20", "--fact-window", "500ms")
        large = threading.Thread(target=get, args=(self.rest, "/cat_async_limited/200"))
        large.start()
        eventually("the large one waits", lambda: self.metric("slipway_limiter_waiting") == 1)
        self.assertEqual(len(self.get_facts("/cat_async_limited/5")), 5)
        self.assertTrue(large.is_alive())
        large.join()

    def test_in_turn_fails_when_refused(self):
        self.serve("--fact-limit", "5")
        answer = get(self.rest, "/cat/6")
        self.assertEqual(answer.status, 429, answer)
        self.assertEqual(answer.json["code"], 8)
        self.assertIn("5 of 6 facts had arrived", answer.json["message"])

    def test_the_largest_count_is_a_switch(self):
        self.serve("--fact-max", "5")
        self.assertEqual(len(self.get_facts("/cat/5")), 5)
        answer = get(self.rest, "/cat/6")
        self.assertEqual(answer.status, 400, answer)
        self.assertIn("count: 6 is not allowed: 0 to 5", answer.json["message"])

    def test_bad_switches_are_named(self):
        server = self.start_server("--fact-upstream", "cats", "--fact-limit", "0", "--fact-window", "-1s")
        self.assertEqual(server.wait(), 2)
        text = "\n".join(server.lines())
        for name in ("--fact-upstream", "--fact-limit", "--fact-window"):
            self.assertIn(name, text)


class Faults(FactsTest):
    WAYS = ("/cat/3", "/cat_async/3", "/cat_async_limited/3")

    def assert_unavailable(self, path, *texts):
        answer = get(self.rest, path)
        self.assertEqual((answer.status, answer.json["code"]), (503, 14), answer)
        for text in texts:
            self.assertIn(text, answer.json["message"])

    def test_an_upstream_that_misbehaves(self):
        upstream = self.serve_upstream("--fact-limit", "10000")
        self.get_facts("/cat_async_limited/50")
        files, resident = self.files(), self.resident_mb()
        for mode, text in (("garbage", "no fact"), ("not_utf8", "no fact"), ("endless", "no fact"),
                           ("error", "500"), ("wrong_url", "404"), ("close", "")):
            upstream.mode = mode
            for path in self.WAYS:
                with self.subTest(mode=mode, path=path):
                    self.assert_unavailable(path, upstream.url, text)
        upstream.mode = "fact"
        self.assertEqual(len(self.get_facts("/cat_async_limited/50")), 50)
        eventually("the connections are closed or kept as before", lambda: self.files() <= files + 4)
        print("\nresident: %.1f MB before, %.1f MB after" % (resident, self.resident_mb()))
        self.assertLess(self.resident_mb(), resident + 32)

    def test_an_upstream_that_is_killed_and_comes_back(self):
        upstream = self.serve_upstream()
        self.assertEqual(len(self.get_facts("/cat/2")), 2)
        upstream.stop()
        for path in self.WAYS:
            self.assert_unavailable(path, upstream.url)
        again = Upstream(upstream.port)
        self.addCleanup(again.stop)
        self.assertEqual(len(self.get_facts("/cat_async_limited/90")), 90)

    def test_a_refusal_for_a_day_is_passed_on(self):
        upstream = self.serve_upstream()
        upstream.mode = "storm"
        # One call: of several, some would still be on their way when the first is refused.
        answer = get(self.rest, "/cat_async_limited/1")
        self.assertEqual((answer.status, answer.json["code"]), (429, 8), answer)
        self.assertIn("86400 s", answer.json["message"])
        self.assertEqual(upstream.calls, 1)
        answer = get(self.rest, "/cat_async_limited/20")
        self.assertEqual((answer.status, answer.json["code"]), (429, 8), answer)
        self.assertIn(upstream.url, answer.json["message"])
        self.assertEqual(upstream.calls, 1, "it is not asked before the day is over")
        answer = get(self.rest, "/cat_async/20")
        self.assertEqual((answer.status, answer.json), (200, []), answer)
        self.assertEqual(answer.headers["grpc-metadata-facts-refused"], "20")
        upstream.mode = "fact"
        self.assertEqual(len(self.get_facts("/cat/1")), 1)
        self.assertEqual(len(self.get_facts("/cat_async_limited/20")), 20)

    def leave(self, path, when):
        sock = connect(self.rest)
        sock.sendall(("GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path).encode())
        eventually("the request is under way", when)
        sock.close()

    def test_a_caller_that_leaves_while_it_waits(self):
        self.serve("--fact-limit", "10", "--fact-window", "1h")
        files = self.files()
        self.leave("/cat_async_limited/1000", lambda: self.metric("slipway_limiter_waiting") == 1)
        eventually("nobody waits", lambda: self.metric("slipway_limiter_waiting") == 0)
        eventually("the connections are closed", lambda: self.files() <= files + 4)
        self.server.wait_for_line(r"limited: 1000 wanted, 10 asked, 10 got")

    def test_a_caller_that_leaves_an_upstream_that_stalls(self):
        upstream = self.serve_upstream("--fact-limit", "1000")
        upstream.mode = "stall"
        files = self.files()
        for path in ("/cat/5", "/cat_async/50", "/cat_async_limited/50", "/cat_stream/50"):
            before = upstream.calls
            expected = 1 if path == "/cat/5" else 50
            self.leave(path, lambda: upstream.calls == before + expected)
        eventually("every call is given up", lambda: self.upstream_calls("cancelled") == 151)
        eventually("the connections are closed", lambda: self.files() <= files + 4)
        upstream.mode = "fact"
        self.assertEqual(len(self.get_facts("/cat/1")), 1)

    def test_a_deadline_ends_it(self):
        self.serve("--fact-limit", "10", "--fact-window", "1h")
        answer = get(self.rest, "/cat_async_limited/11", **{"Grpc-Timeout": "300m"})
        self.assertEqual((answer.status, answer.json["code"]), (504, 4), answer)
        eventually("nobody waits", lambda: self.metric("slipway_limiter_waiting") == 0)


if __name__ == "__main__":
    unittest.main()
