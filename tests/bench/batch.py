#!/usr/bin/env python3
"""batch.py SOURCE BUILD [options]: `cscert new --all --output-dir` for a deployment of 1,000 P-256
certificates, measured against the floor (floor.c), which makes as many pairs and requests in one
session with nothing but the Cryptoki calls that cannot be left out: it keeps no store, writes no
file and waits for no disk.

Each run has a fresh SoftHSM2 token, and cscert a fresh store and folder. cscert's time is the whole
process, with reading the topology and all that it prints; the floor's is its jobs alone. Before
each run the disk is brought to rest. Contestants run in paired rounds, and the ratio is that of a
round, once by the clock and once by processor time. No file is removed before the end: ext4 looks
for a free inode among those that were removed during the last five minutes, by whomever, which can
cost more than all the rest: wait that long after another benchmark. What a run holds in memory is
compared at two sizes: the module keeps every object, so that only what cscert has more than the
floor is its own.
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

# What cscert has to reach: the issue "Topology". The rate in the median of the rounds.
RATE_TO_FLOOR = 0.5
# "Flat": what cscert holds for each certificate more, above the module's 17 KiB. It is what the
# topology has of a computer and some octets for its place in it; plans, requests and results are
# held for two groups of 32 at most.
OWN_GROWTH_KIB = 1.0


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


def span(values):
    """"0.61 (0.58 to 0.70)": the median, the least and the greatest."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def print_speed(rounds, count):
    """{name: {what: ratio to xbatch in each round}}"""
    print(f"\n{count} certificates, P-256, {len(rounds)} rounds; to xbatch, paired:")
    print(f"{'':10} {'wall s':>8} {'per s':>8} {'CPU ms each':>12}   {'rate':20} {'CPU':20}")
    ratios = {}
    for name in sorted(rounds[0], key=["batch", "xbatch", "cscert"].index):
        wall = median_of(rounds, name, "wall")
        cpu = median_of(rounds, name, "cpu") / count
        ratios[name] = {
            "rate": [costs["xbatch"].wall / costs[name].wall for costs in rounds],
            "cpu": [costs[name].cpu / costs["xbatch"].cpu for costs in rounds],
        }
        print(f"{name:10} {wall / 1e3:8.2f} {count / wall * 1e3:8.1f} {cpu:12.2f}"
              f"   {span(ratios[name]['rate']):20} {span(ratios[name]['cpu']):20}", flush=True)
    each = " ".join(f"{ratio:.2f}" for ratio in ratios["cscert"]["rate"])
    print(f"rate of cscert to xbatch in each round: {each}")
    return ratios


def print_memory(sizes):
    """@sizes: {count: {name: KiB}}. KiB of cscert's own for each certificate more."""
    small, large = sorted(sizes)
    growth = {name: (sizes[large][name] - sizes[small][name]) / (large - small)
              for name in ("xbatch", "cscert")}
    print(f"\nPeak memory in MiB: {small} and {large} certificates, KiB for each more")
    for name, each in growth.items():
        print(f"{name:10} {sizes[small][name] / 1024:8.1f} {sizes[large][name] / 1024:8.1f}"
              f" {each:8.2f}")
    return growth["cscert"] - growth["xbatch"]


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="the folder of the sources")
    parser.add_argument("build", help="the folder of an optimised build")
    parser.add_argument("--cscert", help="measure this program instead of the build's")
    parser.add_argument("--certificates", type=int, default=1000)
    parser.add_argument("--small", type=int, default=200, help="a size for memory (200)")
    parser.add_argument("--large", type=int, default=2000, help="the other one (2000)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-direct", dest="direct", action="store_false",
                        help="without the floor that makes its pairs on the token, the slowest")
    parser.add_argument("--json", help="write all figures to this file")
    return parser.parse_args()


def measure_memory(batch, count):
    return {"xbatch": batch.run_floor("xbatch", count).memory,
            "cscert": batch.run_cscert(count).memory}


def run(options, folder):
    batch = Batch(options, folder)
    count = options.certificates
    print(f"Load of the machine before the start: {os.getloadavg()[0]:.1f}")
    rounds = [batch.run_round(number) for number in range(options.rounds)]
    ratios = print_speed(rounds, count)
    memory = {size: measure_memory(batch, size) for size in (options.small, options.large)}
    own = print_memory(memory)
    rate = statistics.median(ratios["cscert"]["rate"])
    targets = [(rate >= RATE_TO_FLOOR, f"certificates a second, store and files included:"
                                       f" {rate:.2f} of xbatch's (at least {RATE_TO_FLOOR})"),
               (own < OWN_GROWTH_KIB, f"cscert's own memory for each certificate: {own:.2f} KiB"
                                      f" (less than {OWN_GROWTH_KIB:.0f})")]
    print()
    for met, sentence in targets:
        print("PASS" if met else "FAIL", sentence)
    if options.json:
        with open(options.json, "w", encoding="ascii") as file:
            json.dump({"certificates": count, "ratios": ratios, "memory_kib": memory,
                       "rounds": [{name: vars(cost) for name, cost in costs.items()}
                                  for costs in rounds], "targets": targets}, file, indent=1)
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
