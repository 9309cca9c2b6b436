"""What the data directory is: figures of anything durable say little without it."""

import os
import pathlib
import statistics
import time

from processes import BenchError

IN_MEMORY = {"tmpfs", "ramfs"}
SYNCS = 200


def file_system(directory):
    """Type of the file system that `directory` is on, as the kernel names it."""
    path = pathlib.Path(directory).resolve()
    mounts = {}
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        # The kernel writes a blank in a path as \040, and so on.
        mounts[before.split()[4].encode().decode("unicode_escape")] = after.split()[0]
    return next(mounts[str(place)] for place in (path, *path.parents) if str(place) in mounts)


def need_disk(directory):
    """The type of the file system; an error where a sync costs nothing."""
    kind = file_system(directory)
    if kind in IN_MEMORY:
        raise BenchError(f"{directory} is on {kind}, which is memory: nothing is durable there and a "
                         "sync costs nothing. Name a directory on a disk with --data-dir")
    return kind


def sync_micros(directory):
    """Median time to append 4 KiB to a file and have it synced, in µs."""
    path = pathlib.Path(directory) / "sync-probe"
    page = os.urandom(4096)
    micros = []
    file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        for _ in range(SYNCS):
            start = time.perf_counter()
            os.write(file, page)
            os.fdatasync(file)
            micros.append((time.perf_counter() - start) * 1e6)
    finally:
        os.close(file)
        path.unlink()
    return statistics.median(micros)
