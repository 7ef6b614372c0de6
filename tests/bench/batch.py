#!/usr/bin/env python3
"""batch.py SOURCE BUILD [options]: `cscert new --all --output-dir` for a deployment of 1,000 P-256
certificates, measured against the floor (floor.c), which makes as many pairs and requests in one
session with nothing but the Cryptoki calls that cannot be left out: it keeps no store, writes no
file and waits for no disk.

Each run has a fresh SoftHSM2 token, and cscert a fresh store and folder. cscert's time is the whole
process, with reading the topology and all that it prints; the floor's is its jobs alone.
Contestants run in paired rounds, and the ratio is that of a round. No file is removed before the
end: ext4 looks for a free inode among those that were removed a moment ago, which costs more than
all the rest. What a run holds in memory is compared at two sizes: the module keeps every object,
so that only what cscert has more than the floor is its own.
Prints a line for each target; the exit code is 1 if one was missed."""
import argparse
import glob
import json
import os
import statistics
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the folder of the sources stays as it is

import contestants as who
import measure

# What cscert has to reach: the issue "Topology".
RATE_TO_FLOOR = 0.5
# KiB for each certificate above the module's, which is 17: the plan with its reasons, in the
# deployment and in the result, and the result with room for two errors. All else is as large for
# one certificate as for thousands.
OWN_GROWTH_KIB = 16.0


class Batch:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.runs = 0
        self.cost = self.program("tests/bench/cost")
        self.floor = self.program("tests/bench/floor")
        self.hsmtool = self.program("tests/support/cs-hsmtool")
        self.cscert = options.cscert or self.program("cli/cscert")
        self.generator = os.path.join(options.source, "tests/support/topology_gen.py")
        self.configuration = who.Cscert(self.cscert, "session-copy", None,
                                        folder).configuration(who.SOFTHSM)

    def program(self, path):
        path = os.path.join(os.path.realpath(self.options.build), path)
        if not os.path.exists(path):
            raise SystemExit(f"batch: there is no {path}: build it first")
        return path

    def document(self, form, count):
        path = os.path.join(self.folder, f"{form}-{count}.xml")
        if not os.path.exists(path):
            with open(path, "wb") as file:
                subprocess.run([sys.executable, self.generator, form, "--certificates",
                                str(count)], check=True, stdout=file)
        return path

    def token(self):
        self.runs += 1
        return measure.Token(os.path.join(self.folder, f"token-{self.runs}"), 0, self.hsmtool)

    def run(self, token, command, count):
        """(Cost, what it printed); the token must then hold @count pairs."""
        os.sync()
        with tempfile.TemporaryFile() as output:
            wall, user, system, memory = measure.run_one(self.cost, command, token.environment,
                                                         output)
            output.seek(0)
            text = output.read().decode()
        added = token.count_added()
        if added != measure.OBJECTS * count:
            raise measure.Failed(f"{command[1]} left {added} objects, not"
                                 f" {measure.OBJECTS * count}")
        return measure.Cost(wall, user, system, memory), text

    def run_floor(self, verb, count):
        token = self.token()
        cost, text = self.run(token, [self.floor, verb, who.SOFTHSM, who.TOKEN, who.PIN, "ec",
                                      str(count)], count)
        cost.wall, cpu = (float(word) for word in text.split())  # of the jobs alone
        cost.user, cost.system = cpu, 0.0
        return cost

    def run_cscert(self, count):
        token = self.token()
        output = os.path.join(token.work, "out")
        command = [self.cscert, "new", "--all", "--topology", self.document("topology", count),
                   "--simple-urls", self.document("simple-urls", count), "--output-dir", output,
                   "--key-alg", "ECDH_P256", "--config", self.configuration, "--state-dir",
                   os.path.join(token.work, "state")]
        cost, _ = self.run(token, command, count)
        self.check_files(output, count)
        return cost

    def check_files(self, folder, count):
        files = sorted(glob.glob(os.path.join(folder, "*.csr")))
        if len(files) != count:
            raise measure.Failed(f"{len(files)} request files, not {count}")
        for path in (files[0], files[-1]):
            answer = subprocess.run(["openssl", "req", "-in", path, "-noout", "-verify"],
                                    capture_output=True, text=True, check=False)
            if answer.returncode != 0 or "verify OK" not in answer.stderr:
                raise measure.Failed(f"{path}: {answer.stderr}")

    def run_round(self, number):
        """{name: Cost}; who begins changes from round to round."""
        count = self.options.certificates
        jobs = [("xbatch", lambda: self.run_floor("xbatch", count)),
                ("cscert", lambda: self.run_cscert(count))]
        if self.options.direct:
            jobs.append(("batch", lambda: self.run_floor("batch", count)))
        start = number % len(jobs)
        return {name: job() for name, job in jobs[start:] + jobs[:start]}


def median_of(rounds, name, what):
    return statistics.median(getattr(costs[name], what) for costs in rounds)


def print_speed(rounds, count):
    print(f"\n{count} certificates, P-256, {len(rounds)} rounds")
    print(f"{'':10} {'wall s':>8} {'per s':>8} {'CPU ms each':>12}   rate to xbatch (each round)")
    figures = []
    for name in sorted(rounds[0], key=["batch", "xbatch", "cscert"].index):
        wall = median_of(rounds, name, "wall")
        cpu = median_of(rounds, name, "cpu") / count
        ratios = [costs["xbatch"].wall / costs[name].wall for costs in rounds]
        each = " ".join(f"{ratio:.2f}" for ratio in ratios)
        print(f"{name:10} {wall / 1e3:8.2f} {count / wall * 1e3:8.1f} {cpu:12.2f}"
              f"   {statistics.median(ratios):.2f} ({each})", flush=True)
        figures.append({"name": name, "certificates": count, "wall_ms": wall, "cpu_ms_each": cpu,
                        "rate_to_xbatch": ratios})
    return figures


def print_memory(sizes):
    """@sizes: {count: {name: KiB}}. KiB of cscert's own for each certificate more."""
    small, large = sorted(sizes)
    growth = {name: (sizes[large][name] - sizes[small][name]) / (large - small)
              for name in ("xbatch", "cscert")}
    print(f"\nPeak memory in MiB: {small} and {large} certificates, KiB for each more")
    for name, each in growth.items():
        print(f"{name:10} {sizes[small][name] / 1024:8.1f} {sizes[large][name] / 1024:8.1f}"
              f" {each:8.1f}")
    return growth["cscert"] - growth["xbatch"]


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="the folder of the sources")
    parser.add_argument("build", help="the folder of an optimised build")
    parser.add_argument("--cscert", help="measure this program instead of the build's")
    parser.add_argument("--certificates", type=int, default=1000)
    parser.add_argument("--small", type=int, default=100, help="the other size for memory (100)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-direct", dest="direct", action="store_false",
                        help="without the floor that makes its pairs on the token, the slowest")
    parser.add_argument("--json", help="write all figures to this file")
    return parser.parse_args()


def run(options, folder):
    batch = Batch(options, folder)
    count = options.certificates
    print(f"Load of the machine before the start: {os.getloadavg()[0]:.1f}")
    small = {"xbatch": batch.run_floor("xbatch", options.small).memory,
             "cscert": batch.run_cscert(options.small).memory}
    rounds = [batch.run_round(number) for number in range(options.rounds)]
    figures = print_speed(rounds, count)
    large = {name: median_of(rounds, name, "memory") for name in small}
    own = print_memory({options.small: small, count: large})
    ratio = statistics.median(costs["xbatch"].wall / costs["cscert"].wall for costs in rounds)
    targets = [(ratio >= RATE_TO_FLOOR, f"certificates a second, store and files included:"
                                        f" {ratio:.2f} of xbatch's (at least {RATE_TO_FLOOR})"),
               (own <= OWN_GROWTH_KIB, f"cscert's own memory for each certificate: {own:.1f} KiB"
                                       f" (at most {OWN_GROWTH_KIB:.0f})")]
    print()
    for met, sentence in targets:
        print("PASS" if met else "FAIL", sentence)
    if options.json:
        with open(options.json, "w", encoding="ascii") as file:
            json.dump({"speed": figures, "memory_kib": {options.small: small, count: large},
                       "targets": targets}, file, indent=1)
    return 0 if all(met for met, _ in targets) else 1


def main():
    options = parse_options()
    folder = measure.make_folder()
    try:
        return run(options, folder)
    except measure.Failed as failed:
        print(f"batch: {failed}", file=sys.stderr)
        return 1
    finally:
        measure.remove_folder(folder)


if __name__ == "__main__":
    sys.exit(main())
