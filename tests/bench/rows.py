"""The rows. Each is a function of a Context that yields Figures (ratios) and Notes (plain figures)."""

import contextlib
import json
import pathlib
import threading
import time
import urllib.request

import jobs
import load
import trials
from processes import BenchError, Server, free_port
from trials import Note

TARGET = "/users?role=sales"
SALES = [{"id": "1", "name": "John Liu", "role": "sales"},
         {"id": "2", "name": "Bruce Lee", "role": "sales"}]
WAITING = 10_000
COMMON_RATE = 4_000


class Context:
    """What the rows share: tools, a folder for logs and data, how long to measure."""

    def __init__(self, tools, folder, quick, say, open_files):
        self.tools = tools
        self.folder = pathlib.Path(folder)
        self.rounds = 3 if quick else 5
        self.seconds = 2 if quick else 4
        self.quick = quick
        self.say = say
        self.open_files = open_files

    def compare(self, row, what, ours, theirs, aim):
        return trials.compare(row, what, ours, theirs, aim, self.rounds, self.seconds, self.say)

    def server(self, name, command, port, **how):
        log = self.folder / f"{name}-{port or free_port()}.log"
        return Server(name, command, port, log, **{"cwd": self.folder, **how})

    def _log_switch(self, name, logged):
        return str(self.folder / f"{name}-access.log") if logged else "off"

    def backend(self, *switches, name="slipway-server"):
        """Our backend, gRPC only. Its line for each call is off, as the peers have none."""
        port = free_port()
        return self.server(name, [
            self.tools.program("slipway-server"), "--listen", f"127.0.0.1:{port}",
            "--admin", f"127.0.0.1:{free_port()}", "--data", self.folder / f"data-{port}",
            "--log-level", "warning", *switches], port)

    def rest(self, *switches, logged=True, name="slipway-server --rest"):
        """Our backend with the gateway in the same process."""
        port = free_port()
        return self.server(name.replace(" ", ""), [
            self.tools.program("slipway-server"), "--rest", f"127.0.0.1:{port}",
            "--listen", f"127.0.0.1:{free_port()}", "--admin", f"127.0.0.1:{free_port()}",
            "--data", self.folder / f"data-{port}", "--log-level", "warning",
            "--access-log", self._log_switch(f"rest-{port}", logged), *switches], port)

    def gateway(self, backend, *switches, logged=True):
        port = free_port()
        return self.server("slipway-gateway", [
            self.tools.program("slipway-gateway"), "--listen", f"127.0.0.1:{port}",
            "--backend", backend.address, "--admin", f"127.0.0.1:{free_port()}",
            "--log-level", "warning", "--access-log", self._log_switch(f"gateway-{port}", logged),
            *switches], port)

    def go_backend(self, *flags):
        port = free_port()
        return self.server("grpc-go", [
            self.tools.go_peers(), "backend", "-listen", f"127.0.0.1:{port}", *flags], port)

    def go_gateway(self, backend, logged=True):
        port = free_port()
        flags = ["-access-log", self._log_switch(f"go-{port}", True)] if logged else []
        return self.server("grpc-gateway", [
            self.tools.go_peers(), "gateway", "-listen", f"127.0.0.1:{port}",
            "-backend", backend.address, *flags], port)

    def wrk_side(self, name, servers, headers=1):
        """Sales people over REST from the first of `servers`; all of them pay."""
        url = f"http://{servers[0].address}{TARGET}"
        expect_sales(url)
        return trials.Side(name, trials.server_trial(
            servers, lambda seconds: load.wrk(self.tools, url, seconds, headers)))

    def rate_side(self, name, servers):
        url = f"http://{servers[0].address}{TARGET}"
        return trials.Side(name, trials.server_trial(
            servers, lambda seconds: load.h2load_rate(self.tools, url, seconds, COMMON_RATE)))


def expect_sales(url):
    """What is measured must be the right answer; retries while a gateway is still connecting."""
    deadline = time.monotonic() + 10
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                got = json.load(response)
            if got != SALES:
                raise BenchError(f"{url} answered {got}")
            return
        except OSError as error:
            if time.monotonic() > deadline:
                raise BenchError(f"{url}: {error}") from None
            time.sleep(0.1)


def gateway(context):
    """slipway-gateway beside grpc-gateway, both in front of the same slipway-server."""
    aim = 0.35
    context.tools.need("wrk")
    with contextlib.ExitStack() as stack:
        start = stack.enter_context
        backend = start(context.backend())
        theirs = start(context.go_gateway(backend))
        ours = start(context.gateway(backend))
        for headers in (1, 12):
            yield context.compare(
                "gateway", f"GET 2 rows, {plural(headers, 'header')}",
                context.wrk_side("slipway-gateway", [ours], headers),
                context.wrk_side("grpc-gateway", [theirs], headers), aim)
        context.tools.need("h2load")
        yield context.compare(
            "gateway", f"the same at {COMMON_RATE} requests/s",
            context.rate_side("slipway-gateway", [ours]),
            context.rate_side("grpc-gateway", [theirs]), aim)
        ours.stop()
        theirs.stop()
        theirs = start(context.go_gateway(backend, logged=False))
        ours = start(context.gateway(backend, logged=False))
        yield context.compare(
            "gateway", "GET 2 rows, access log off",
            context.wrk_side("slipway-gateway", [ours]),
            context.wrk_side("grpc-gateway", [theirs]), aim)


def rest(context):
    """REST and gRPC in one process, beside grpc-gateway and grpc-go together."""
    aim = 0.2
    context.tools.need("wrk")
    name, peer = "slipway-server --rest", "grpc-gateway + grpc-go"
    with contextlib.ExitStack() as stack:
        start = stack.enter_context
        go_backend = start(context.go_backend())
        theirs = [start(context.go_gateway(go_backend)), go_backend]
        ours = start(context.rest())
        for headers in (1, 12):
            yield context.compare(
                "rest", f"GET 2 rows, {plural(headers, 'header')}",
                context.wrk_side(name, [ours], headers),
                context.wrk_side(peer, theirs, headers), aim)
        context.tools.need("h2load")
        yield context.compare(
            "rest", f"the same at {COMMON_RATE} requests/s",
            context.rate_side(name, [ours]), context.rate_side(peer, theirs), aim)
        ours.stop()
        theirs[0].stop()
        theirs[0] = start(context.go_gateway(go_backend, logged=False))
        ours = start(context.rest(logged=False))
        yield context.compare(
            "rest", "GET 2 rows, access log off",
            context.wrk_side(name, [ours]), context.wrk_side(peer, theirs), aim)


def backend(context):
    """Unary gRPC on completion queues, beside grpc-go under the same load."""
    context.tools.need("h2load")
    with contextlib.ExitStack() as stack:
        theirs = stack.enter_context(context.go_backend())
        ours = stack.enter_context(context.backend())

        def side(name, server):
            url = f"grpc://{server.address}/docking.v1.Users/ListUsers"
            # h2load does not look at grpc-status: make sure before that the method works.
            load.slipway_load(context.tools, url, requests=100, data='{"role":"sales"}')
            return trials.Side(name, trials.server_trial([server], lambda seconds: load.h2load_grpc(
                context.tools, server.address, seconds, context.folder)))

        yield context.compare("backend", "unary ListUsers, 2 rows", side("slipway-server", ours),
                              side("grpc-go", theirs), 1.25)


PACING_RATE = 10_000
PACING_CONNECTIONS = 64
LAG_AIM_MS = 0.2
IN_FLIGHT = 10_000
PAIRS = 9  # the fewest of a comparison of generators


def load_row(context):
    """CPU of the load generator itself, beside ghz and h2load (gRPC), wrk and h2load (HTTP/1.1); pacing."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(context.rest(logged=False))
        grpc = stack.enter_context(context.backend())
        yield from load_pairs(context, f"http://{server.address}{TARGET}", grpc)
        yield in_flight(context, server)
        server.stop()
        yield pacing(context, stack.enter_context(context.rest("--threads", "1", logged=False)))


def load_pairs(context, url, grpc):
    """Our tool beside each of the others, against the same server, a pair at a time."""
    expect_sales(url)
    grpc_url = f"grpc://{grpc.address}/docking.v1.Users/ListUsers"
    data = '{"role":"sales"}'
    grpc_what = "unary ListUsers, 64 in flight, 8 connections"
    http_what = "HTTP/1.1 GET 2 rows, 64 connections"
    tools = context.tools

    def compare(what, peer, ours, theirs, aim):
        return trials.compare(
            "load", f"{what}: {peer}", trials.Side("slipway-load", trials.tool_trial(ours)),
            trials.Side(peer, trials.tool_trial(theirs)), aim, max(PAIRS, context.rounds),
            context.seconds, context.say)

    # One thread, as the others are told; ghz takes what it wants.
    def our_grpc(seconds):
        return load.slipway_load(tools, grpc_url, seconds, connections=8, data=data, threads=1)

    def our_http(seconds):
        return load.slipway_load(tools, url, seconds, threads=1)

    # h2load does not look at grpc-status: make sure before that the method works.
    load.slipway_load(tools, grpc_url, requests=100, data=data)
    tools.ghz()
    yield compare(grpc_what, "ghz", our_grpc,
                  lambda seconds: load.ghz(tools, grpc.address, seconds), 0.17)
    tools.need("h2load")
    yield compare(grpc_what, "h2load", our_grpc,
                  lambda seconds: load.h2load_grpc(tools, grpc.address, seconds, context.folder),
                  1.3)
    tools.need("wrk")
    yield compare(http_what, "wrk", our_http, lambda seconds: load.wrk(tools, url, seconds), 1.0)
    yield compare(http_what, "h2load", our_http,
                  lambda seconds: load.h2load_h1(tools, url, seconds), None)


def pacing(context, server):
    """How late the generator starts what is due in open loop, against a server that has little to do.
    A thread each: where more threads than cores want to run, the lag is the scheduler's slices."""
    done = load.slipway_load(context.tools, f"http://{server.address}/", 2 * context.seconds,
                             rate=PACING_RATE, concurrency=PACING_CONNECTIONS, threads=1)
    lag, cpu = done.detail["latency_ms"]["lag"]["p99"], done.detail["cpu"]
    verdict = "met" if lag <= LAG_AIM_MS else "MISSED"
    return Note(
        "load", f"pacing at {PACING_RATE:,}/s, open loop",
        f"lag p99 {lag * 1000:.0f} µs (aim {LAG_AIM_MS * 1000:.0f}); of all cores' time "
        f"{100 * cpu['steal_share']:.1f} % was stolen by the hypervisor; the generator's threads used "
        f"{100 * cpu['generator_share']:.0f} % of theirs and waited "
        f"{100 * cpu['generator_waited_share']:.1f} % of it for a core",
        {"lag_p99_ms": lag, **cpu}, verdict, [server.shown, done.command])


def in_flight(context, server):
    """10,000 requests at a time, which the server answers as fast as it can."""
    most = min(IN_FLIGHT, max(1, context.open_files - 200))
    done = load.slipway_load(context.tools, f"http://{server.address}{TARGET}", context.seconds,
                             concurrency=most, timeout=60)
    latency = done.detail["latency_ms"]["ok"]
    return Note(
        "load", f"{most:,} in flight, HTTP/1.1",
        f"{done.detail['throughput_per_s']:,.0f} requests/s, p99 {latency['p99']:,.0f} ms, none failed; "
        f"{done.detail['cpu']['generator_us_per_request']:.1f} µs of the generator's CPU a request",
        {"requests": done.requests, "p99_ms": latency["p99"], **done.detail["cpu"]}, "met",
        [server.shown, done.command])


def engines(context):
    """The async HTTP engine beside the httplib engine, in the same program."""
    context.tools.need("wrk")
    workers = load.CONNECTIONS  # fewer would leave connections unserved: each holds a thread
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(context.rest("--http-engine", "async"))
        theirs = stack.enter_context(context.rest(
            "--http-engine", "httplib", "--workers", str(workers), name="httplib"))
        yield context.compare(
            "engines", f"GET 2 rows, {workers} connections",
            context.wrk_side("async", [ours]), context.wrk_side("httplib", [theirs]), None)


class Watcher:
    """Samples memory and threads of processes while something runs."""

    def __init__(self, servers):
        self._servers = servers
        self.before_kb = self._memory()
        self.before_threads = self._threads()
        self.peak_kb, self.peak_threads = self.before_kb, self.before_threads
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def _memory(self):
        return sum(server.status_number("VmRSS") for server in self._servers)

    def _threads(self):
        return sum(server.status_number("Threads") for server in self._servers)

    def _sample(self):
        while not self._done.wait(0.05):
            try:
                self.peak_kb = max(self.peak_kb, self._memory())
                self.peak_threads = max(self.peak_threads, self._threads())
            except (BenchError, OSError):
                return

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self._thread.join()


def waiting(context):
    """10,000 /info at once, each answered after 5 s: time to the last answer, memory, threads."""
    # Each side needs a descriptor for each connection; a gateway's calls share a few.
    requests = min(WAITING, max(1, context.open_files - 200))
    if requests < WAITING:
        context.say(f"the limit of open files is {context.open_files}: {requests} requests instead "
                    f"of {WAITING}")
    delay = ("--info-delay", "5s")

    def measure(name, servers, limit_mb):
        url = f"http://{servers[0].address}/info"
        with Watcher(servers) as watcher:
            done = load.slipway_load(context.tools, url, requests=requests, concurrency=requests,
                                     timeout=60)
        megabytes = watcher.peak_kb / 1024
        per_request = (watcher.peak_kb - watcher.before_kb) * 1024 / requests
        verdict = "" if limit_mb is None else "met" if megabytes <= limit_mb else "MISSED"
        aim = "" if limit_mb is None else f" (aim {limit_mb})"
        last = done.detail["elapsed_s"]
        return Note(
            "waiting", name,
            f"last answer after {last:.2f} s; {megabytes:.0f} MB at most{aim}, "
            f"{per_request:,.0f} bytes per waiting request; "
            f"threads {watcher.before_threads} → {watcher.peak_threads}",
            {"requests": requests, "last_answer_seconds": last, "peak_megabytes": megabytes,
             "bytes_per_request": per_request, "threads_before": watcher.before_threads,
             "threads_peak": watcher.peak_threads}, verdict,
            [server.shown for server in servers] + [done.command])

    with context.rest(*delay) as server:
        yield measure("slipway-server --rest", [server], 250)
    with context.backend(*delay) as backend_server, context.gateway(backend_server) as front:
        expect_sales(f"http://{front.address}{TARGET}")
        yield measure("slipway-gateway + slipway-server", [front, backend_server], None)
    program = context.tools.aiohttp_server()
    port = free_port()
    with context.server("aiohttp", ["/usr/bin/python3", program, port, 5], port) as server:
        yield measure("aiohttp (Python)", [server], None)


def plural(number, word):
    return f"{number} {word}{'' if number == 1 else 's'}"


ROWS = {"gateway": gateway, "rest": rest, "backend": backend, "load": load_row,
        "engines": engines, "waiting": waiting, "jobs": jobs.jobs}
