#!/usr/bin/python3
"""A client of the Docking API as other people write them: Python, `requests` and `aiohttp`.

It knows nothing of this project but URLs and JSON. It asks for the sales people, draws ten of them
(with replacement), and asks for each draw by name and for its customers: first one request after the
other, then all at once. Both must give the same answers; it prints how long each took.

    tests/clients/docking_client.py http://127.0.0.1:8080
    tests/clients/docking_client.py --server build/release/bin/slipway-server -- --docking-delay 500ms

With --server it starts that program on free ports, with the switches after `--`, and stops it at the
end. With a delay of 500 ms a call, 20 calls take about 10 s in a row; at once, about 1 s for the two
steps. Python's libraries are the packages python3-requests and python3-aiohttp.

Exit status: 0 all answers equal and as expected, 1 not, 2 usage.
"""

import argparse
import asyncio
import contextlib
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import time

import aiohttp
import requests

DRAWS = 10


class Mismatch(Exception):
    """An answer that is not what the contract says."""


def check(condition, message):
    if not condition:
        raise Mismatch(message)


def check_one(person, users, customers):
    """What is known about the answers for one draw."""
    check(person in users, f"/users?name={person['name']} does not contain {person}")
    for customer in customers:
        check(set(customer) == {"id", "name", "salesId"}, f"unexpected fields in {customer}")
        check(customer["salesId"] == person["id"],
              f"/customers?salesId={person['id']} answered {customer}")


def ask_in_a_row(base, draws):
    """Answers [(users, customers), …], by one requests.Session."""
    answers = []
    with requests.Session() as session:
        def get(path, **query):
            response = session.get(base + path, params=query, timeout=60)
            response.raise_for_status()
            return response.json()

        for person in draws:
            answers.append((get("/users", name=person["name"]),
                            get("/customers", salesId=person["id"])))
    return answers


async def ask_at_once(base, draws):
    """The same answers, all draws in flight together; each draw still asks its second question after
    its first, as a program does that needs the first answer."""
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as session:
        async def get(path, **query):
            async with session.get(base + path, params=query) as response:
                return await response.json()

        async def ask(person):
            users = await get("/users", name=person["name"])
            return users, await get("/customers", salesId=person["id"])

        return list(await asyncio.gather(*(ask(person) for person in draws)))


def run(base, seed):
    sales = requests.get(f"{base}/users", params={"role": "sales"}, timeout=60)
    sales.raise_for_status()
    people = sales.json()
    check(isinstance(people, list) and people, f"/users?role=sales answered {people!r}")
    for person in people:
        check(set(person) == {"id", "name", "role"}, f"unexpected fields in {person}")
        check("sales" in person["role"].lower(), f"{person} is not in sales")
    print(f"{len(people)} sales people; {DRAWS} draws, --seed {seed}")
    draws = random.Random(seed).choices(people, k=DRAWS)

    start = time.monotonic()
    in_a_row = ask_in_a_row(base, draws)
    row_seconds = time.monotonic() - start
    start = time.monotonic()
    at_once = asyncio.run(ask_at_once(base, draws))
    once_seconds = time.monotonic() - start

    for person, (users, customers) in zip(draws, in_a_row):
        check_one(person, users, customers)
    check(at_once == in_a_row, f"at once: {at_once}\nin a row: {in_a_row}")
    print(f"in a row {row_seconds:6.2f} s  (requests, {2 * DRAWS} calls)")
    print(f"at once  {once_seconds:6.2f} s  (aiohttp, the same calls)")
    print("answers equal")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def started(program, switches):
    """Runs slipway-server on free ports and a data folder of its own; yields its base URL."""
    rest, grpc, admin = free_port(), free_port(), free_port()
    with tempfile.TemporaryDirectory() as data:
        server = subprocess.Popen(
            [program, "--rest", f"127.0.0.1:{rest}", "--listen", f"127.0.0.1:{grpc}",
             "--admin", f"127.0.0.1:{admin}", "--data", data, *switches])
        try:
            wait_until_ready(f"http://127.0.0.1:{admin}/readyz", server)
            yield f"http://127.0.0.1:{rest}"
        finally:
            server.terminate()
            try:
                server.wait(timeout=30)
            except subprocess.TimeoutExpired:
                server.kill()
                raise Mismatch("the server did not end within 30 s of SIGTERM") from None
        check(server.returncode == 0, f"the server ended with status {server.returncode}")


def wait_until_ready(url, server):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        check(server.poll() is None, f"the server ended at once, status {server.returncode}")
        try:
            if requests.get(url, timeout=5).status_code == 200:
                return
        except requests.RequestException:
            pass
        time.sleep(0.05)
    raise Mismatch(f"{url} was not ready within 60 s")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("url", nargs="?", help="base URL of a running server")
    parser.add_argument("--server", type=pathlib.Path, help="start this slipway-server instead")
    parser.add_argument("--seed", type=int, default=None, help="of the draws; default: a new one")
    # What stands behind `--` is the server's.
    arguments = sys.argv[1:]
    end = arguments.index("--") if "--" in arguments else len(arguments)
    arguments, switches = arguments[:end], arguments[end + 1:]
    options = parser.parse_args(arguments)
    if (options.url is None) == (options.server is None):
        parser.error("give either a base URL or --server PROGRAM")
    seed = options.seed if options.seed is not None else random.randrange(2**32)
    try:
        if options.server is None:
            run(options.url.rstrip("/"), seed)
        else:
            with started(options.server, switches) as base:
                run(base, seed)
    except (Mismatch, requests.RequestException, aiohttp.ClientError, ValueError) as error:
        sys.exit(f"docking_client: {error}")


if __name__ == "__main__":
    main()
