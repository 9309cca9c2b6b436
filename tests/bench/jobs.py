"""The row `jobs`: durable submissions, greetings end to end, and what a long queue costs."""

import contextlib
import statistics

import disk
import queues
from processes import BenchError
from tools import MissingPeer
from trials import Figure, Note

SUBMISSIONS_AIM = 8_000
JOBS_AIM = 4_000
BACKLOG_AIM = 2.0
# At most so many in a trial of the peers that do fewer a second, so that each takes seconds.
AT_MOST = {queues.River: 10_000, queues.Celery: 1_000}


def jobs(context):
    """Durable jobs beside River (PostgreSQL) and Celery (Redis); a long queue beside an empty one."""
    yield disk_note(context, "disk")
    # PostgreSQL's user must be able to pass.
    context.folder.chmod(0o711)
    yield from beside_peers(context)
    yield from with_backlog(context)
    # Far from the figure before: others used the disk meanwhile.
    yield disk_note(context, "disk, afterwards")


def disk_note(context, what):
    kind = disk.need_disk(context.folder)
    micros = disk.sync_micros(context.folder)
    return Note("jobs", what, f"{kind}; 4 KiB written and synced in {micros:,.0f} µs (median of "
                f"{disk.SYNCS})", {"file_system": kind, "sync_micros": micros}, "", [])


def beside_peers(context):
    count = 5_000 if context.quick else 20_000
    with contextlib.ExitStack() as stack:
        sides, missing = open_queues(context, stack)
        yield from missing
        submitted = rounds(context, "submissions", sides,
                           lambda side: side.submit(context.seconds))
        yield from compare("submissions acknowledged durable", submitted, SUBMISSIONS_AIM)
        # In ours, those submitted so far still wait for their time; the peers begin with nothing.
        sides[0] = queues.Slipway(context, stack)
        worked = rounds(context, "end to end", sides,
                        lambda side: side.work_off(min(count, AT_MOST.get(type(side), count))))
    yield from compare("greetings end to end", worked, JOBS_AIM)
    ours, *theirs = worked.items()
    for peer in theirs:
        yield cpu_figure(f"greeting end to end: beside {peer[0]}", ours, peer)


def open_queues(context, stack):
    """Ours and the peers that can be had; Notes on those that cannot."""
    sides, missing = [queues.Slipway(context, stack)], []
    for peer in (queues.River, queues.Celery):
        try:
            sides.append(peer(context, stack))
        except (MissingPeer, BenchError, OSError) as error:
            missing.append(Note("jobs", peer.name, f"not measured: {error}", {"why": str(error)}, "",
                                []))
    return sides, missing


def rounds(context, what, sides, trial):
    """{name: trials}: each side once a round, the order reversed in each second one. The first round
    warms up and does not count."""
    results = {side.name: [] for side in sides}
    for number in range(context.rounds + 1):
        for side in sides if number % 2 == 0 else reversed(sides):
            done = trial(side)
            if number > 0:
                results[side.name].append(done)
        if number > 0:
            context.say(f"jobs, {what}: {number}/{context.rounds}: " + ", ".join(
                f"{name} {trials[-1].rate:,.0f}/s" for name, trials in results.items()))
    return results


def median(trials, field):
    return statistics.median(getattr(trial, field) for trial in trials)


def spread(values):
    return f"{min(values):.2f}–{max(values):.2f}"


def compare(what, results, aim):
    """A Note on our rate, and one for each peer's."""
    (_, ours), *theirs = results.items()
    rate, micros = median(ours, "rate"), median(ours, "micros")
    rates = [trial.rate for trial in ours]
    yield Note("jobs", what, f"{rate:,.0f}/s ({min(rates):,.0f}–{max(rates):,.0f}), aim ≥ {aim:,}; "
               f"{micros:.1f} µs CPU of the server each",
               {"rate": rate, "rates": rates, "aim": aim, "cpu_micros": micros},
               "met" if rate >= aim else "MISSED", ours[0].commands)
    for name, trials in theirs:
        ratios = [mine.rate / other.rate for mine, other in zip(ours, trials)]
        theirs_rate = median(trials, "rate")
        yield Note("jobs", f"  {name}", f"{theirs_rate:,.0f}/s; ours is "
                   f"{statistics.median(ratios):.2f} × that ({spread(ratios)})",
                   {"what": what, "rate": theirs_rate, "ratio": statistics.median(ratios),
                    "ratios": ratios}, "", trials[0].commands)


def cpu_figure(what, ours, theirs, aim=None):
    """CPU of all servers for each job."""
    (our_name, mine), (their_name, others) = ours, theirs
    ratios = [a.micros / b.micros for a, b in zip(mine, others)]
    return Figure(
        row="jobs", what=what, ours=our_name, theirs=their_name, our_micros=median(mine, "micros"),
        their_micros=median(others, "micros"), ratio=statistics.median(ratios),
        spread=(min(ratios), max(ratios)), aim=aim, our_rate=median(mine, "rate"),
        their_rate=median(others, "rate"), commands=mine[0].commands + others[0].commands)


def with_backlog(context):
    """Submissions while many jobs wait, beside the same while few do: CPU, latency, memory."""
    backlog = 100_000 if context.quick else 1_000_000
    count = 3_000 if context.quick else 10_000
    with contextlib.ExitStack() as stack:
        full, empty = queues.Slipway(context, stack), queues.Slipway(context, stack)
        full.submit(jobs=count)  # what any use costs is not the queue's
        before = full.server.status_number("VmRSS") / 1024
        context.say(f"jobs: queueing {backlog:,}")
        full.submit(jobs=backlog)
        after = full.server.status_number("VmRSS") / 1024
        waiting = full.metric('slipway_jobs{kind="greeting",state="accepted"}')
        if waiting < backlog:
            raise BenchError(f"only {waiting:,.0f} of {backlog:,} jobs wait")
        named = [(f"{backlog:,} wait", full), ("few wait", empty)]
        results = {name: [] for name, _ in named}
        for number in range(context.rounds + 1):
            for name, side in named if number % 2 == 0 else reversed(named):
                trial = side.submit(jobs=count)
                if number > 0:
                    results[name].append(trial)
    ours, theirs = results.items()
    yield cpu_figure(f"submission: {ours[0]}, beside {theirs[0]}", ours, theirs, BACKLOG_AIM)
    latencies = [median(trials, "p99_ms") for trials in (ours[1], theirs[1])]
    ratio = statistics.median(a.p99_ms / b.p99_ms for a, b in zip(ours[1], theirs[1]))
    yield Note("jobs", f"p99 with {backlog:,} waiting", f"{latencies[0]:.1f} ms, with few "
               f"{latencies[1]:.1f} ms: {ratio:.2f} × (aim ≤ {BACKLOG_AIM})",
               {"p99_ms": latencies[0], "p99_few_ms": latencies[1], "ratio": ratio},
               "met" if ratio <= BACKLOG_AIM else "MISSED", [])
    yield Note("jobs", "memory of the server", f"{before:.0f} MB before {backlog:,} jobs were queued, "
               f"{after:.0f} MB after: {(after - before) * 1024 * 1024 / backlog:.1f} bytes each",
               {"before_megabytes": before, "after_megabytes": after, "jobs": backlog}, "", [])
