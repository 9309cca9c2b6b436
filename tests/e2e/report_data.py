"""Reports to draw, made from a simple model of servers: each has a latency without load, a capacity,
and costs a request so much CPU time. The same seed makes the same report."""

import base64
import math
import random
import statistics
import struct
import zlib

LEVELS = [1, 4, 16, 64, 256, 1024, 2048, 4096, 10000]
PERCENTILES = [("p50", 50), ("p75", 75), ("p90", 90), ("p95", 95), ("p99", 99), ("p99.9", 99.9),
               ("p99.99", 99.99)]


class Server:
    """`base_ms` without load, `capacity` a second, `spread` of the tail."""

    def __init__(self, name, base_ms, capacity, server_us, generator_us, spread=1.0, **target):
        self.name = name
        self.base_ms = base_ms
        self.capacity = capacity
        self.server_us = server_us
        self.generator_us = generator_us
        self.spread = spread
        self.target = {"name": name, "url": "http://127.0.0.1:8080/v1/users",
                       "protocol": "http/1.1",
                       "tls": False, "engine": "native", "method": "GET",
                       "address": "127.0.0.1:8080", "request_bytes": 0, **target}

    def throughput(self, concurrency):
        free = concurrency / (self.base_ms / 1000)
        rate = free * self.capacity / (free**3 + self.capacity**3) ** (1 / 3)
        return rate * (1 - 0.05 * math.log10(max(concurrency, 1)) / 4)

    def quantile(self, median, percentile):
        """Of a log-normal body with a heavier tail."""
        if percentile <= 0:
            return median * 0.45
        z = statistics.NormalDist().inv_cdf(min(percentile / 100, 0.9999999))
        tail = max(z - 2, 0)
        return median * math.exp(0.28 * self.spread * z + 0.16 * self.spread * tail * tail)


def estimate(values):
    """The median, and an interval from the spread of the trials."""
    values = [value for value in values if value is not None]
    if not values:
        return None
    middle = statistics.median(values)
    if len(values) < 6:
        return {"value": middle, "low": min(values), "high": max(values), "interval": False}
    error = 1.25 * statistics.stdev(values) / math.sqrt(len(values)) * 1.96
    return {"value": middle, "low": middle - error, "high": middle + error, "interval": True}


def enough(percentile, count):
    return count * (1 - percentile / 100) >= 10


def latencies(server, median, count):
    found = {"count": count, "min": server.quantile(median, 0), "mean": median * 1.08}
    for name, percentile in PERCENTILES:
        if enough(percentile, count):
            found[name] = server.quantile(median, percentile)
    found["max"] = server.quantile(median, 100 - 50 / max(count, 1))
    return found


def spectrum(server, median, count):
    points = []
    for i in range(41):
        percentile = 100 * (1 - 10 ** (-i / 8))
        if enough(percentile, count):
            points.append([round(percentile, 6), server.quantile(median, percentile)])
    return points


def hdr(values_ns):
    """HdrHistogram V2, compressed, two digits from 1 µs to an hour."""
    digits, lowest, highest = 2, 1000, 3_600_000_000_000
    half_bits = math.ceil(math.log2(2 * 10**digits)) - 1
    half, unit = 1 << half_bits, int(math.log2(lowest))
    counts = {}
    for value in values_ns:
        bucket = max(0, int(value).bit_length() - unit - half_bits - 1)
        index = ((bucket + 1) << half_bits) + (int(value) >> (bucket + unit)) - half
        counts[index] = counts.get(index, 0) + 1
    payload, at = b"", 0
    for index in sorted(counts):
        if index > at:
            payload += zigzag(at - index)
        payload += zigzag(counts[index])
        at = index + 1
    inner = struct.pack(">iiiiqqd", 0x1C849313, len(payload), 0, digits, lowest, highest,
                        1.0) + payload
    packed = zlib.compress(inner)
    return base64.b64encode(struct.pack(">ii", 0x1C849314, len(packed)) + packed).decode()


def zigzag(number):
    value, out = (number << 1) ^ (number >> 63), bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def timeline(server, rate, median, seconds, rng, stall=None, failed=0):
    slices = []
    for second in range(seconds):
        warm = 1 + 0.5 * math.exp(-second)
        middle = median * warm * rng.uniform(0.97, 1.03) * (8 if second == stall else 1)
        ok = int(rate / warm * rng.uniform(0.97, 1.02) * (0.3 if second == stall else 1))
        sample = [1e6 * server.quantile(middle, 100 * rng.random()) for _ in range(300)]
        slices.append({"ok": ok, "failed": failed, "p50": middle,
                       "p99": server.quantile(middle, 99), "max": server.quantile(middle, 99.99),
                       "histogram": hdr(sample)})
    return {"interval_s": 1, "slices": slices}


def trial(server, load, rate, median, block, order, rng, **options):
    wobble = rng.gauss(1, 0.02)
    throughput, middle = rate * wobble, median / wobble
    seconds = max(int(load["duration_s"]), 1)
    failed = options.get("failed", 0)
    ok = int(throughput * seconds)
    idle = 1 / math.sqrt(load["concurrency"])
    server_us = server.server_us * rng.gauss(1, 0.012) * (1 + 0.35 * idle)
    generator_us = server.generator_us * rng.gauss(1, 0.012) * (1 + 0.5 * idle)
    latency = {"ok": latencies(server, middle, ok)}
    if load["model"] != "closed":
        latency["service"] = latencies(server, middle * 0.7, ok)
        latency["lag"] = {"count": ok, "min": 0.002, "mean": 0.02, "p50": 0.015, "p90": 0.05,
                          "p99": 0.11, "max": 1.9}
    cpu = {"generator_s": generator_us * ok / 1e6, "machine_s": 2.1, "steal_s": 0.01,
           "machine_time_s": seconds * 2,
           "generator_us_per_request": generator_us,
           "machine_us_per_request": (server_us + generator_us) * 1.18 + 1,
           "generator_share": min(generator_us * throughput / 1e6, 0.99),
           "generator_waited_share": 0.02,
           "steal_share": 0.004}
    found = {"block": block, "order": order, "started_s": order * seconds, "elapsed_s": seconds,
             "total": ok + failed, "ok": ok, "failed": failed, "cut_off": 0, "offered": 0,
             "interrupted": False, "throughput_per_s": throughput, "bytes_sent": ok * 96,
             "bytes_received": ok * 420, "reconnects": 0, "threads": 1, "latency_ms": latency,
             "cpu": cpu, "answers": {"200": ok, **({"503": failed} if failed else {})},
             "timeline": timeline(server, throughput, middle, seconds, rng, options.get("stall"),
                                  failed // seconds)}
    if options.get("server_cpu", True):
        cpu["server_us_per_request"] = server_us
        cpu["server_s"] = server_us * ok / 1e6
        found["server"] = {"resident_bytes": int(9e6 + 21e3 * load["concurrency"] * server.spread),
                           "threads": 2 + int(load["concurrency"] ** 0.5 * (server.spread - 1) * 9)}
    if failed:
        found["failures"] = [{"sort": "503", "kind": "http_status", "code": 503, "count": failed,
                              "first_message": "The queue is full: 128 requests wait already."}]
    return found


def metric(found, name):
    if name == "throughput":
        return found["throughput_per_s"]
    if name.endswith("_cpu"):
        return found["cpu"].get(name.replace("_cpu", "_us_per_request"))
    return found["latency_ms"].get("ok", {}).get(name)


METRICS = ["throughput", "p50", "p90", "p99", "p99.9", "server_cpu", "generator_cpu", "machine_cpu"]


def summarise(server, cell, median):
    trials = cell["trials"]
    cell["summary"] = {name: value for name in METRICS
                       if (value := estimate([metric(each, name) for each in trials]))}
    count = sum(each["ok"] for each in trials)
    cell["latency_ms"] = latencies(server, median, count)
    cell["spectrum"] = {"ok": spectrum(server, median, count)}
    if cell["load"]["model"] != "closed":
        # The queue shows in the tail first.
        points = spectrum(server, median, count)
        cell["spectrum"]["ok"] = [[p, ms * (1 + 3.5 * (p / 100) ** 30)] for p, ms in points]
        cell["spectrum"]["service"] = points


def load_of(model, level, seconds, **more):
    concurrency = level if model == "closed" else 512
    return {"model": model, "concurrency": concurrency, "connections": min(concurrency, 512),
            "threads": 1,
            "catch_up": 0, "think_s": 0, "random_think": False, "requests": 0,
            "duration_s": seconds,
            "warmup_s": 0.5, "timeout_s": 20, "drain_s": 20,
            **({} if model == "closed" else {"rate_per_s": level}), **more}


def measure(servers, levels, blocks, seed=7, model="closed", seconds=6, guard_level=None,
            **options):
    """Cells of all servers at all levels, their trials interleaved in random order."""
    rng = random.Random(seed)
    cells = [{"target": i, "guard": False, "load": load_of(model, level, seconds), "trials": []}
             for level in levels for i in range(len(servers))]
    if guard_level is not None:
        cells.append({"target": 0, "guard": True, "load": load_of(model, guard_level, seconds),
                      "trials": []})
    order = 0
    for block in range(blocks):
        for cell in rng.sample(cells, len(cells)):
            server = servers[cell["target"]]
            rate, median = behaviour(server, cell["load"])
            extra = dict(options)
            if block == 2 and cell["target"] == 1:
                extra["stall"] = 3
            fails = options.get("fails_at") and cell["load"]["concurrency"] >= options["fails_at"]
            if fails and cell["target"] == 1:
                extra["failed"] = 180 + block
            cell["trials"].append(trial(server, cell["load"], rate, median, block, order, rng,
                                        **extra))
            order += 1
    for cell in cells:
        server = servers[cell["target"]]
        summarise(server, cell, behaviour(server, cell["load"])[1])
    return cells


def behaviour(server, load):
    if load["model"] == "closed":
        rate = server.throughput(load["concurrency"])
        return rate, load["concurrency"] / rate * 1000 * 0.93
    use = min(load["rate_per_s"] / server.capacity, 0.985)
    return min(load["rate_per_s"], server.capacity), server.base_ms * (1 + 0.7 * use / (1 - use))


def ratios_of(cells):
    """Every cell against the first target's under the same load, pair by pair."""
    found = []
    for index, cell in enumerate(cells):
        base = next((i for i, other in enumerate(cells) if other["target"] == 0
                     and not other["guard"]
                     and other["load"] == cell["load"]), None)
        if base is None or base == index:
            continue
        for name in METRICS:
            pairs = [(metric(a, name), metric(b, name))
                     for a, b in zip(cells[base]["trials"], cell["trials"])]
            logs = [math.log(b / a) for a, b in pairs if a and b]
            if not logs:
                continue
            each = estimate(logs)
            found.append({"base": base, "other": index, "metric": name,
                          "ratio": math.exp(each["value"]),
                          "low": math.exp(each["low"]), "high": math.exp(each["high"]),
                          "interval": each["interval"], "pairs": len(logs)})
    return found


def report(command, servers, cells, **more):
    return {"schema": "slipway-load/1", "program": "slipway-load 0.1.0", "command": command,
            "started": "2026-11-21T21:00:00Z", "seed": 7,
            "machine": {"kernel": "Linux 6.1.0", "cpu_model": "AMD EPYC 7763 64-Core Processor",
                        "cpus": 2,
                        "memory_bytes": 25_000_000_000},
            "targets": [server.target for server in servers], "cells": cells,
            "ratios": ratios_of(cells),
            "verdicts": [], "notices": [], "tables": [], **more}


ASYNC = Server("async", 0.11, 62_000, 9.4, 6.1)
BLOCKING = Server("blocking", 0.10, 41_000, 15.2, 6.4, 1.5, address="127.0.0.1:8081",
                  url="http://127.0.0.1:8081/v1/users",
                  command="slipway-server --engine blocking --workers 100")


def knees(cells):
    """Of each target the cell up to which throughput grows, by 5 % over all smaller levels."""
    found = {}
    best = {}
    for index, cell in enumerate(cells):
        target, rate = cell["target"], cell["summary"]["throughput"]["value"]
        if not cell.get("guard") and rate >= 1.05 * best.get(target, 0):
            found[target] = index
        if not cell.get("guard"):
            best[target] = max(rate, best.get(target, 0))
    return sorted(found.values())


def comparison():
    servers = [ASYNC, BLOCKING]
    cells = measure(servers, LEVELS, 9, guard_level=64, fails_at=4096)
    return report("compare", servers, cells, knees=knees(cells), command_line=[
        "slipway-load", "compare", "--name", "async", "http://127.0.0.1:8080/v1/users", "--name",
        "blocking",
        "http://127.0.0.1:8081/v1/users", "-c", "1..10000", "--blocks", "9", "-d", "6s", "--html",
        "async vs blocking.html"],
        verdicts=["blocking serves 0.66× as many requests a second as async at c=1,024 "
                  "(95 % interval 0.65 to 0.67).",
                  "A request costs blocking's server 1.62× as much CPU time (1.60 to 1.64).",
                  "The p50 at c=1 shows no difference: 0.99× (0.97 to 1.01).",
                  "async repeated against itself differs by at most 1.4 %, so smaller differences "
                  "mean nothing here."],
        notices=[{"level": "note",
                  "text": "The guard passed: async against itself at c=64 gave 1.00× "
                  "(0.99 to 1.01)."},
                 {"level": "warning",
                  "text": "0.4 % of all processor time was taken by the hypervisor for other "
                  "machines."}])


def open_loop():
    servers = [ASYNC, BLOCKING]
    cells = measure(servers, [5000, 10000, 20000, 30000, 38000, 40500], 9, model="poisson")
    cells[-1]["latency_ms"] = dict(cells[-1]["latency_ms"])
    return report("search", servers, cells, slo="p99<1ms,errors<0.1%", best=6,
                  command_line=["slipway-load", "search", "--slo", "p99<1ms,errors<0.1%",
                                "http://127.0.0.1:8080/v1/users"],
                  verdicts=["async holds p99<1ms,errors<0.1% up to 40,500 requests a second, "
                            "blocking up to 30,000."],
                  tables=[{"title": "Steps of the search", 
                           "columns": ["step", "rate", "p99", "errors", "verdict"],
                           "rows": [["1", "1,000/s", "310 µs", "0 %", "met"],
                                    ["2", "40,500/s", "0.95 ms", "0 %", "met"],
                                    ["3", "60,000/s", "12.1 ms", "0 %", "missed"]]}])


def single():
    server = Server("/docking.v1.Users/List", 0.09, 71_000, 8, 5.2, protocol="grpc", method="",
                    url="grpc://127.0.0.1:9090/docking.v1.Users/List", address="127.0.0.1:9090",
                    request_bytes=12)
    cells = measure([server], [64], 1, seconds=30, server_cpu=False)
    return report("run", [server], cells,
                  command_line=["slipway-load", "run", "-c", "64", "-d", "30s", server.target["url"]],
                  notices=[{"level": "invalid",
                            "text": "The generator used 97 % of its threads' time: what is measured is "
                            "mostly itself. Give it more threads or less load."}])


def pair():
    """Two targets at one level, the smallest comparison."""
    servers = [ASYNC, BLOCKING]
    return report("compare", servers, measure(servers, [64], 9, guard_level=64),
                  command_line=["slipway-load", "compare", "a", "b"],
                  verdicts=["blocking serves 0.79× as many requests a second as async."])


def reproduce():
    servers = [ASYNC, BLOCKING, Server("blocking, 1 worker", 5000, 0.2, 400, 300),
               Server("grpc++", 0.2, 30_000, 21, 30)]
    cells = measure(servers[:2], [100, 1000, 10000], 1, seconds=2)
    rows = [["(a) /info of 5 s, 100 at once", "blocking, 1 worker", "500 s, 40 time out", "500 s",
             "60 of 100", "3", "9.1 MB", "412 µs"],
            ["(a) /info of 5 s, 100 at once", "blocking, 8 workers", "65 s", "65.1 s", "100", "10",
             "9.4 MB", "398 µs"],
            ["(a) /info of 5 s, 100 at once", "async", "5 s", "5.01 s", "100", "3", "9.9 MB",
             "91.2 µs"],
            ["(a) /info of 5 s, 10,000 at once", "async", "not given", "5.4 s", "10,000", "3",
             "181 MB", "88.0 µs"],
            ["(b) ten sales people in a row", "async", "10.165 s", "10.1 s", "10", "3", "9.8 MB",
             "1.02 ms"],
            ["(b) ten sales people at once", "async", "1.546 s", "1.52 s", "10", "3", "9.8 MB",
             "0.97 ms"]]
    return report("reproduce", servers, cells,
                  command_line=["slipway-load", "reproduce", "--quick", "--out", "results"],
                  verdicts=["Ten sales people at once take 1.52 s instead of 10.1 s in a row; "
                            "published were 1.546 s and 10.165 s."],
                  tables=[{"title": "Published beside measured",
                           "columns": ["What", "Server", "Published", "Measured", "Answered",
                                       "Threads", "Memory", "CPU a request"], "rows": rows}])


def crowd():
    """Eight targets at seventeen levels, without the servers' CPU."""
    names = ["h1 async", "h1 blocking", "h2c", "h2 TLS", "gRPC native", "gRPC C++",
             "REST in process", "REST through the gateway, with TLS"]
    servers = [Server(name, 0.08 + 0.03 * i, 70_000 / (1 + 0.25 * i), 8 + i, 5 + i, 1 + i / 9)
               for i, name in enumerate(names)]
    levels = sorted({round(10 ** (i / 4)) for i in range(17)})
    return report("compare", servers, measure(servers, levels, 2, seconds=2, server_cpu=False),
                  command_line=["slipway-load", "compare"] + names,
                  verdicts=[f"{name} is slower than h1 async at c=100." for name in names[1:]])


def only_failures():
    cell = {"target": 0, "guard": False, "load": load_of("closed", 8, 2),
            "summary": {"throughput": {
        "value": 0, "low": 0, "high": 0, "interval": False}}, "trials": [{
            "block": 0, "order": 0, "elapsed_s": 2, "total": 412, "ok": 0, "failed": 412,
            "cut_off": 3, "throughput_per_s": 0,
            "latency_ms": {"failed": {"count": 412, "min": 0.1, "mean": 0.2, "p50": 0.2, "max": 2}},
            "cpu": {"generator_share": 0.1},
            "failures": [{"sort": "connect", "kind": "connect", "code": 0, "count": 412,
                          "first_message": "cannot connect to 127.0.0.1:1: Connection refused"}],
            "timeline": {"interval_s": 1,
                         "slices": [{"ok": 0, "failed": 200}, {"ok": 0, "failed": 212}]}}]}
    return report("run", [ASYNC], [cell],
                  notices=[{"level": "invalid", "text": "No request succeeded."}])


def scenario():
    server = Server("shop", 1.2, 4000, 90, 40, protocol="http/1.1 + grpc",
                    steps=["buy/log in", "buy/list", "miss/GET /users/99"])
    cells = measure([server], [10], 7)
    for each in cells[0]["trials"]:
        each["steps"] = [{"name": name, "ok": latencies(server, 1.1 * i, each["ok"] // 3),
                          "failed": i - 1}
                         for i, name in enumerate(server.target["steps"], 1)]
    return report("scenario", [server], cells)


def growing():
    """A sweep that ends before throughput does, its server unknown."""
    cells = measure([ASYNC], LEVELS[:3], 3, seconds=2, server_cpu=False)
    return report("sweep", [ASYNC], cells, knees=knees(cells))


def hostile():
    """Every string tries to become markup."""
    evil = ("</script><script>document.title='broken'</script>"
            "<img src=x onerror=\"document.title='broken'\"><!-- \u2028")
    server = Server(evil, 0.2, 5000, 10, 10, url=evil, method=evil, command=evil, steps=[evil])
    cells = measure([server], [1, 8], 2, seconds=2, failed=3)
    for each in cells[0]["trials"]:
        each["failures"][0]["first_message"] = evil
        each["failures"][0]["sort"] = evil
    return report("run", [server], cells, command_line=[evil], verdicts=[evil], slo=evil,
                  notices=[{"level": "warning", "text": evil}],
                  tables=[{"title": evil, "columns": [evil], "rows": [[evil]]}])


def empty():
    return {"schema": "slipway-load/1"}


ALL = {each.__name__: each for each in (
    comparison, open_loop, single, pair, reproduce, crowd, only_failures, scenario, growing, hostile,
    empty)}
