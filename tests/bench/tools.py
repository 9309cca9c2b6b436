"""Programs that the rows run: ours from the release build, the peers built once into build/bench/."""

import os
import pathlib
import re
import shutil
import subprocess

from processes import BenchError

PLUGINS = {
    "protoc-gen-go": "google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12",
    "protoc-gen-go-grpc": "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2",
    "protoc-gen-grpc-gateway":
        "github.com/grpc-ecosystem/grpc-gateway/v2/protoc-gen-grpc-gateway@v2.32.0",
}
CELERY = "celery[redis]==5.7.0"
GHZ = "github.com/bojand/ghz/cmd/ghz@v0.93.0"
GO_MODULE = "slipway/peers/docking"
PROTOS = ["docking/v1/users.proto", "docking/v1/customers.proto", "docking/v1/info.proto"]


class MissingPeer(BenchError):
    """A peer that cannot be had on this machine: its row is skipped, which is not a failure."""


def run(command, **kwargs):
    done = subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, **kwargs)
    if done.returncode != 0:
        raise BenchError(f"{' '.join(map(str, command))}\n{done.stdout[-1500:]}")
    return done.stdout


class Tools:
    def __init__(self, root, programs, say):
        self.root = pathlib.Path(root)
        self.programs = pathlib.Path(programs)
        self.cache = self.root / "build" / "bench"
        self.cache.mkdir(parents=True, exist_ok=True)
        self._say = say

    def program(self, name):
        path = self.programs / name
        if not path.exists():
            raise BenchError(f"{path} is not there; run scripts/build")
        return path

    def need(self, command):
        """A load tool of the distribution, by its command."""
        if shutil.which(command) is None:
            raise MissingPeer(f"{command} is not installed (scripts/packages.txt, [bench])")

    def aiohttp_server(self):
        if subprocess.run(["/usr/bin/python3", "-c", "import aiohttp"], check=False,
                          stderr=subprocess.DEVNULL).returncode != 0:
            raise MissingPeer("the package python3-aiohttp is not installed")
        return self.python_peer("waiting_server.py")

    def python_peer(self, name):
        return self.root / "tests" / "bench" / "peers" / "python" / name

    def celery(self):
        """The Python of an environment of its own that has Celery; made with pip when it is missing."""
        folder = self.cache / "celery"
        python, made = folder / "bin" / "python", folder / "made-of"
        if not made.exists() or made.read_text() != CELERY:
            self._say(f"pip install {CELERY}")
            shutil.rmtree(folder, ignore_errors=True)
            try:
                run(["/usr/bin/python3", "-m", "venv", folder])
                run([python, "-m", "pip", "install", "--quiet", CELERY])
            except (BenchError, OSError) as error:
                raise MissingPeer(f"no Celery: {error}") from None
            made.write_text(CELERY)
        return python

    def redis(self):
        self.need("redis-server")
        return "redis-server"

    def postgres(self):
        """The folder of PostgreSQL's programs, the newest where there are several."""
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"),
                       key=lambda path: int(path.parts[-3]))
        if not found:
            raise MissingPeer("postgresql is not installed (scripts/packages.txt, [bench])")
        return found[-1].parent

    def ghz(self):
        return self._installed("ghz", GHZ)

    def go_peers(self):
        """The program with grpc-go, grpc-gateway and River, built again when its sources or ours change."""
        self._need_go()
        source = self.root / "tests" / "bench" / "peers" / "go"
        work = self.cache / "go-peers"
        program = work / "peers"
        inputs = [*source.iterdir(), *(self.root / "proto" / name for name in PROTOS)]
        if program.exists() and all(path.stat().st_mtime < program.stat().st_mtime
                                    for path in inputs):
            return program
        self._say("building the Go peers (grpc-go, grpc-gateway, River)")
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(source, work)
        self._generate(work)
        run(["go", "build", "-o", program, "."], cwd=work)
        return program

    def peer_versions(self):
        """The versions of the peers that we install, for the table's foot."""
        text = (self.root / "tests" / "bench" / "peers" / "go" / "go.mod").read_text()
        versions = dict(re.findall(r"^\s*(\S+) (v\S+)$", text, re.MULTILINE))
        return (f"grpc-go {versions['google.golang.org/grpc']}, grpc-gateway "
                f"{versions['github.com/grpc-ecosystem/grpc-gateway/v2']}, River "
                f"{versions['github.com/riverqueue/river']}, {CELERY}")

    def _generate(self, work):
        names = ",".join(f"M{proto}={GO_MODULE}" for proto in PROTOS)
        for plugin, package in PLUGINS.items():
            kind = plugin.removeprefix("protoc-gen-")
            run(["protoc", f"-I{self.root / 'proto'}",
                 f"--plugin={plugin}={self._installed(plugin, package)}",
                 f"--{kind}_out={names},module={GO_MODULE.rpartition('/')[0]}:{work}", *PROTOS])

    def _installed(self, name, package):
        program = self.cache / "bin" / name
        if not program.exists():
            self._need_go()
            self._say(f"go install {package}")
            run(["go", "install", package], env={**os.environ, "GOBIN": str(program.parent)})
        return program

    def _need_go(self):
        if shutil.which("go") is None:
            raise MissingPeer("Go is missing: put `go` (1.26 or newer) on the path for the Go peers")
