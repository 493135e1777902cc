#!/usr/bin/env python3
"""Fills a real influxd 1.x with telegraf-like values: always the same ones.

    benches/fill.py DIR [--values 20000000] [--hosts 50] [--index inmem|tsi1] [--influxd PROGRAM]

Four measurements a host (cpu, mem, disk, system), every 10 seconds from 2020-09-13 on: 29 fields, floats, integers, a
string and a boolean. The server listens on free ports of 127.0.0.1, keeps its files in DIR/{data,wal,meta}, and is
stopped at the end, its cache written to TSM files. Needs Python 3.8 and influxd (Debian's package influxdb is 1.6.7).
"""

import argparse
import gzip
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

FIELDS = 10 + 8 + 7 + 4
BATCH = 20_000
START = 1_600_000_000


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """influxd, from start to stop."""

    def __init__(self, program, root, index):
        self.program = program
        self.url = f"http://127.0.0.1:{free_port()}"
        self.rpc = f"127.0.0.1:{free_port()}"
        settings = {
            "REPORTING_DISABLED": "true",
            "META_DIR": f"{root}/meta",
            "DATA_DIR": f"{root}/data",
            "DATA_WAL_DIR": f"{root}/wal",
            "DATA_INDEX_VERSION": index,
            "MONITOR_STORE_ENABLED": "false",
            "HTTP_BIND_ADDRESS": self.url[len("http://") :],
            "HTTP_LOG_ENABLED": "false",
            "HTTP_MAX_BODY_SIZE": "0",
            "BIND_ADDRESS": self.rpc,
        }
        environment = dict(os.environ, **{f"INFLUXDB_{name}": value for name, value in settings.items()})
        self.log = open(f"{root}/influxd.log", "w")
        self.process = subprocess.Popen(
            [program, "run", "-config", "/dev/null"], env=environment, stdout=self.log, stderr=self.log
        )
        while True:
            if self.process.poll() is not None:
                sys.exit(f"influxd has ended; see {root}/influxd.log")
            try:
                urllib.request.urlopen(f"{self.url}/ping").close()
                return
            except OSError:
                time.sleep(0.1)

    def post(self, path, body=b"", **parameters):
        request = urllib.request.Request(f"{self.url}{path}?{urllib.parse.urlencode(parameters)}", data=body)
        if body:
            request.add_header("Content-Encoding", "gzip")
        with urllib.request.urlopen(request, timeout=300) as answer:
            return answer.read()

    def write(self, lines):
        self.post("/write", gzip.compress("\n".join(lines).encode(), 1), db="telegraf", precision="s")

    def stop(self):
        # A backup writes the cache to TSM files first.
        with tempfile.TemporaryDirectory() as backup:
            arguments = [self.program, "backup", "-portable", "-db", "telegraf", "-host", self.rpc, backup]
            subprocess.run(arguments, check=True, stdout=self.log, stderr=self.log)
        self.process.terminate()
        self.process.wait()


class Host:
    """The state of one machine, which walks at random."""

    def __init__(self, number, rnd):
        self.number, self.random = number, rnd
        self.tags = f"host=web{number:05d},dc=eu-{number % 3},rack=r{number % 17:02d}"
        self.user, self.system, self.used = (rnd.random() * 100 for _ in range(3))

    def step(self, value):
        return min(100, max(0, value + self.random.random() * 4 - 2))

    def lines(self, nth):
        rnd, tags, at = self.random.random, self.tags, START + nth * 10
        self.user, self.system, self.used = map(self.step, (self.user, self.system, self.used))
        user, system = self.user, self.system * (100 - self.user) / 100
        yield (
            f"cpu,cpu=cpu-total,{tags} usage_user={user:.4f},usage_system={system:.4f},"
            f"usage_idle={100 - user - system:.4f},usage_nice=0,usage_iowait={rnd() * 2:.4f},usage_irq=0,"
            f"usage_softirq={rnd() * 0.3:.4f},usage_steal=0,usage_guest=0,usage_guest_nice=0 {at}"
        )
        total = 16_000_000_000
        used = int(total * self.used / 100)
        yield (
            f"mem,{tags} total={total}i,used={used}i,free={total - used}i,cached={int(used * 0.3)}i,"
            f"buffered={int(rnd() * 1e8)}i,active={int(used * 0.6)}i,used_percent={used / total * 100},"
            f"available_percent={100 - used / total * 100} {at}"
        )
        disk, inodes = 400_000_000_000 + nth * 4096 * self.number, 400_000 + nth // 10
        yield (
            f"disk,device=sda1,fstype=ext4,{tags},path=/ total=1000000000000i,used={disk}i,"
            f"free={1_000_000_000_000 - disk}i,inodes_total=61054976i,inodes_used={inodes}i,"
            f"inodes_free={61_054_976 - inodes}i,used_percent={disk / 1e10} {at}"
        )
        up = 1_000_000 + nth * 10
        clock = f"{up // 86400} days, {up // 3600 % 24:2d}:{up // 60 % 60:02d}"
        healthy = "true" if nth % 97 else "false"
        yield f'system,{tags} load1={rnd() * 8:.2f},uptime={up}i,uptime_format="{clock}",healthy={healthy} {at}'


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dir")
    parser.add_argument("--values", type=int, default=20_000_000)
    parser.add_argument("--hosts", type=int, default=50)
    parser.add_argument("--index", choices=["inmem", "tsi1"], default="inmem")
    parser.add_argument("--influxd", default="influxd")
    arguments = parser.parse_args()
    os.makedirs(arguments.dir, exist_ok=True)
    server = Server(arguments.influxd, os.path.abspath(arguments.dir), arguments.index)
    try:
        server.post("/query", q="CREATE DATABASE telegraf")
        rnd = random.Random(7)
        hosts = [Host(number, rnd) for number in range(arguments.hosts)]
        steps = max(1, arguments.values // (arguments.hosts * FIELDS))
        begun, batch = time.monotonic(), []
        for nth in range(steps):
            for host in hosts:
                batch.extend(host.lines(nth))
                if len(batch) >= BATCH:
                    server.write(batch)
                    batch = []
        if batch:
            server.write(batch)
        server.stop()
    except BaseException:
        server.process.kill()
        raise
    values = steps * arguments.hosts * FIELDS
    print(f"{values} values in {time.monotonic() - begun:.0f} s; data, wal and meta are in {arguments.dir}")


main()
