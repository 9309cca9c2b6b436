"""Paired trials: every round measures each side once, in turns, so that what the machine does besides
falls on all of them; the figure is the median of the rounds' ratios."""

import dataclasses
import math
import statistics
from typing import Callable


@dataclasses.dataclass
class Side:
    """One of those compared. `trial(seconds)` answers (CPU µs per request, requests/s, commands)."""
    name: str
    trial: Callable


@dataclasses.dataclass
class Figure:
    """A line of the table. ratio is ours over theirs, spread where it lies from round to round or, with
    `is_interval`, with 95 % confidence; aim is the largest ratio that meets it."""
    row: str
    what: str
    ours: str
    theirs: str
    our_micros: float
    their_micros: float
    ratio: float
    spread: tuple
    aim: float | None
    our_rate: float
    their_rate: float
    commands: list
    is_interval: bool = False

    def verdict(self):
        if self.aim is None:
            return ""
        return "met" if self.ratio <= self.aim else "MISSED"


@dataclasses.dataclass
class Note:
    """A figure that is no ratio of CPU: what was measured, as text, and the numbers for --json."""
    row: str
    what: str
    text: str
    numbers: dict
    verdict: str
    commands: list


def median_interval(values):
    """Two of the sorted values between which the true median lies with at least 95 % confidence,
    whatever the distribution: the ranks of the sign test. Nothing of fewer than six values."""
    ordered = sorted(values)
    count = len(ordered)
    outside, rank = 0.0, 0  # the probability that the median is below the value of this rank
    while True:
        outside += math.comb(count, rank) / 2 ** count
        if 2 * outside > 0.05:
            break
        rank += 1
    return (ordered[rank - 1], ordered[count - rank]) if rank > 0 else None


def compare(row, what, ours, theirs, aim, rounds, seconds, say):
    """Warms both up, then runs `rounds` pairs, the order reversed in each second one."""
    for side in (ours, theirs):
        side.trial(1)
    results = {ours.name: [], theirs.name: []}
    for number in range(rounds):
        order = (ours, theirs) if number % 2 == 0 else (theirs, ours)
        for side in order:
            results[side.name].append(side.trial(seconds))
        mine, other = results[ours.name][-1], results[theirs.name][-1]
        say(f"{row}, {what}: {number + 1}/{rounds}: {mine[0]:.1f} / {other[0]:.1f} µs")
    mine, other = results[ours.name], results[theirs.name]
    ratios = [a[0] / b[0] for a, b in zip(mine, other)]
    interval = median_interval(ratios)
    return Figure(
        row=row, what=what, ours=ours.name, theirs=theirs.name,
        our_micros=statistics.median(r[0] for r in mine),
        their_micros=statistics.median(r[0] for r in other),
        ratio=statistics.median(ratios), spread=interval or (min(ratios), max(ratios)),
        is_interval=interval is not None, aim=aim,
        our_rate=statistics.median(r[1] for r in mine),
        their_rate=statistics.median(r[1] for r in other),
        commands=mine[0][2] + other[0][2])


def server_trial(servers, load):
    """A trial that charges the CPU of `servers` (one or several processes) to the requests that
    `load(seconds)` had answered."""
    def trial(seconds):
        before = sum(server.cpu_seconds() for server in servers)
        done = load(seconds)
        used = sum(server.cpu_seconds() for server in servers) - before
        commands = [server.shown for server in servers] + [done.command]
        return used * 1e6 / done.requests, done.requests / done.seconds, commands
    return trial


def tool_trial(load):
    """A trial that charges the load tool's own CPU."""
    def trial(seconds):
        done = load(seconds)
        return done.tool_cpu * 1e6 / done.requests, done.requests / done.seconds, [done.command]
    return trial
