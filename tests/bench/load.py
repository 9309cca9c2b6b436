"""The load tools, each as a function that runs one trial and says what it counted.

A trial that met an error is no trial: these raise BenchError then, since a failed request is cheap and
would flatter whoever failed it.
"""

import dataclasses
import json
import pathlib
import re
import struct

from processes import BenchError, run_counting_cpu, shorten

CONNECTIONS = 64


@dataclasses.dataclass
class Load:
    """What one trial did: requests answered, the tool's own CPU, its command, wall seconds."""
    requests: int
    tool_cpu: float
    command: str
    seconds: float
    detail: dict = dataclasses.field(default_factory=dict)


def headers_of(count):
    """`count` request headers as clients send them, Host (which the tool adds) among them."""
    known = ["Accept: application/json", "Accept-Language: en-GB,en;q=0.9", "User-Agent: bench/1.0",
             "Cache-Control: no-cache", "Authorization: Bearer abcdefghijklmnopqrstuvwxyz0123456789",
             "X-Request-Id: 7d1f3a52-93b1-4b6e-8f55-3f9a1c0de111",
             "X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https",
             "Cookie: session=0123456789abcdef; theme=dark",
             "Referer: http://example.com/a/page", "X-Team: docking"]
    return known[:count - 1]


def wrk(tools, url, seconds, headers=1):
    """HTTP/1.1, closed loop, keep-alive, one thread."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s"]
    for header in headers_of(headers):
        command += ["-H", header]
    command.append(url)
    output, cpu, wall = run_counting_cpu(command, seconds + 30)
    for bad in ("Non-2xx", "Socket errors"):
        if bad in output:
            raise BenchError(next(line for line in output.splitlines() if bad in line).strip()
                             + " from " + url)
    requests = int(re.search(r"(\d+) requests in", output)[1])
    return Load(requests, cpu, shorten(command), wall)


def h2load_h1(tools, url, seconds):
    """HTTP/1.1, closed loop, keep-alive, one thread: h2load's client, as many connections as wrk's."""
    command = ["h2load", "--h1", "-t1", f"-c{CONNECTIONS}", f"-D{seconds}", url]
    return h2load_result(command, seconds)


def h2load_rate(tools, url, seconds, rate, headers=1):
    """HTTP/1.1 at a given rate (requests a second over all connections), whoever answers."""
    per_connection = max(1, round(rate / CONNECTIONS))
    command = ["h2load", "--h1", "-t1", f"-c{CONNECTIONS}", f"-D{seconds}",
               f"--rps={per_connection}"]
    for header in headers_of(headers):
        command += ["-H", header]
    command.append(url)
    return h2load_result(command, seconds)


def grpc_frame(message):
    return b"\0" + struct.pack(">I", len(message)) + message


def h2load_grpc(tools, address, seconds, folder):
    """Unary Users/ListUsers {role: "sales"} as raw frames: the cheapest client, the same for all.
    It counts a failed RPC as an answer, so the caller has tried the method before."""
    body = pathlib.Path(folder) / "list_users.bin"
    body.write_bytes(grpc_frame(b"\x0a\x05sales"))
    command = ["h2load", "-t1", "-c8", "-m8", f"-D{seconds}", "-d", str(body),
               "-H", "content-type: application/grpc", "-H", "te: trailers",
               f"http://{address}/docking.v1.Users/ListUsers"]
    return h2load_result(command, seconds)


def h2load_result(command, seconds):
    output, cpu, wall = run_counting_cpu(command, seconds + 30)
    counts = re.search(r"requests: \d+ total, \d+ started, \d+ done, (\d+) succeeded, "
                       r"(\d+) failed, (\d+) errored", output)
    statuses = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", output)
    if not counts or int(counts[1]) == 0:
        raise BenchError("h2load counted nothing:\n" + output[-400:])
    if int(counts[2]) or any(int(statuses[group]) for group in (2, 3, 4)):
        raise BenchError(f"{counts[0]}; {statuses[0]}; from {shorten(command)}")
    return Load(int(counts[1]), cpu, shorten(command), wall)


def ghz(tools, address, seconds):
    """ghz, closed loop, 64 in flight over 8 connections."""
    command = [tools.ghz(), "--insecure", "--call", "docking.v1.Users/ListUsers", "-d",
               '{"role":"sales"}', "-c", "64", "--connections", "8", "-z", f"{seconds}s",
               "-O", "json", address]
    output, cpu, wall = run_counting_cpu(command, seconds + 60)
    report = json.loads(output)
    # ghz cuts off the calls that are in flight at the end and reports them as errors of its own.
    good = report["statusCodeDistribution"].get("OK", 0)
    if good < 0.99 * report["count"]:
        raise BenchError(f"ghz counted {report['statusCodeDistribution']}")
    return Load(good, cpu, shorten(command), wall)


def slipway_load(tools, url, seconds=None, requests=None, concurrency=CONNECTIONS, connections=None,
                 data=None, timeout=None, rate=None, pid=None, threads=None):
    """Our own tool, closed loop; with `rate` open loop at so many requests a second; `threads`: one for
    each core unless said. The detail is the trial of its JSON report."""
    command = [tools.program("slipway-load"), "run", "-c", str(concurrency), "--format", "json"]
    if connections is not None:
        command += ["--connections", str(connections)]
    if threads is not None:
        command += ["--threads", str(threads)]
    if seconds is not None:
        command += ["-d", f"{seconds}s"]
    if requests is not None:
        command += ["-n", str(requests)]
    if data is not None:
        command += ["--data", data]
    if timeout is not None:
        command += ["--timeout", f"{timeout}s"]
    if rate is not None:
        command += ["--rate", str(rate)]
    if pid is not None:
        command += ["--pid", str(pid)]
    command.append(url)
    output, cpu, wall = run_counting_cpu(command, (seconds or 0) + 120)
    trial = json.loads(output)["cells"][0]["trials"][0]
    if trial["failed"] or trial.get("cut_off") or not trial["ok"]:
        raise BenchError(f"{shorten(command)}: {trial['ok']} ok, {trial['failed']} failed, "
                         f"{trial.get('cut_off', 0)} cut off: {trial.get('failures')}")
    return Load(trial["ok"], cpu, shorten(command), wall, trial)
