"""The Celery peer of the `jobs` row: greetings in Redis, worked off at least once as ours are, results kept.

Redis is that of the environment variable GREETINGS_REDIS, redis://HOST:PORT.
"""

import os

from celery import Celery
from celery.signals import worker_ready

REDIS = os.environ["GREETINGS_REDIS"]

app = Celery("greetings", broker=f"{REDIS}/0", backend=f"{REDIS}/1")
app.conf.update(
    task_acks_late=True,  # a task whose worker died runs again
    task_default_delivery_mode="persistent",
    worker_prefetch_multiplier=64,
    broker_pool_limit=64,
    broker_connection_retry_on_startup=True,
    result_expires=3600,
)


@app.task(name="greeting")
def greeting(name):
    return {"result": f"Hello {name}...!"}


@worker_ready.connect
def say_so(**_):
    print("working", flush=True)
