#!/usr/bin/python3
"""The peer of the `waiting` row: aiohttp answering /info after a delay, one coroutine per request.

    waiting_server.py PORT SECONDS
"""

import asyncio
import sys
import uuid

from aiohttp import web


def application(seconds):
    async def info(_request):
        await asyncio.sleep(seconds)
        return web.json_response({"result": "success", "id": str(uuid.uuid4())})

    app = web.Application()
    app.router.add_get("/info", info)
    return app


if __name__ == "__main__":
    web.run_app(application(float(sys.argv[2])), host="127.0.0.1", port=int(sys.argv[1]),
                backlog=16384, access_log=None, print=None)
