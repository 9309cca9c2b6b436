"""Submits greetings to Celery, one by one from many threads, and prints what it did as JSON.

    submit_greetings.py PROCESSES THREADS (--jobs N | --seconds S)

`jobs` that Redis has taken, the `seconds` it took, and `start` as Unix time. The connections are open, and
one task of each thread is submitted, before the clock starts.
"""

import argparse
import json
import multiprocessing
import os
import threading
import time

from celery import Celery


def submit(options, barrier, counts):
    # Without a result backend of its own: otherwise each submission also subscribes to its result.
    app = Celery("submitter", broker=os.environ["GREETINGS_REDIS"] + "/0")
    app.conf.update(broker_pool_limit=options.threads, task_default_delivery_mode="persistent")
    app.amqp  # made here, since threads that make it at once disturb each other
    share = options.jobs // (options.processes * options.threads)

    def run():
        def send(queue="celery"):
            app.send_task("greeting", ("Ada",), queue=queue, ignore_result=False)

        send("warmup")
        barrier.wait()
        end = time.monotonic() + options.seconds if options.seconds else None
        count = 0
        while count < share if end is None else time.monotonic() < end:
            send()
            count += 1
        with counts.get_lock():
            counts.value += count

    threads = [threading.Thread(target=run) for _ in range(options.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("processes", type=int)
    parser.add_argument("threads", type=int)
    parser.add_argument("--jobs", type=int, default=0)
    parser.add_argument("--seconds", type=float)
    options = parser.parse_args()
    barrier = multiprocessing.Barrier(options.processes * options.threads + 1)
    counts = multiprocessing.Value("q", 0)
    processes = [multiprocessing.Process(target=submit, args=(options, barrier, counts))
                 for _ in range(options.processes)]
    for process in processes:
        process.start()
    barrier.wait(60)
    wall, start = time.time(), time.monotonic()
    for process in processes:
        process.join()
    print(json.dumps({"jobs": counts.value, "seconds": time.monotonic() - start, "start": wall}))


if __name__ == "__main__":
    main()
