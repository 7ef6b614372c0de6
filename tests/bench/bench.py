#!/usr/bin/env python3
"""bench.py SOURCE BUILD [options]: the whole job (key pair on the token, request signed there),
measured against the floor, which makes only the Cryptoki calls that cannot be left out (floor.c).

Contestants run in paired rounds on the same SoftHSM2 token, which has N key pairs before each run.
What counts is processor time (user and system, of all processes of a job): on a machine that has
other work wall time says little, and of processor time the ratio within a round says most. Every
figure is a median. Prints a line for each target; the exit code is 1 if one was missed."""
import argparse
import json
import math
import os
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True  # the folder of the sources stays as it is

import contestants as who
import measure

# What cscert has to reach: the issue "The main job, whole".
DIRECT_RATIO = {1: 1.25, 1000: 1.05}
COPY_RATIO = {1: 0.80}
CLIENT_EXTRA_MS = 4.0


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.targets = []  # (met, sentence)
        self.figures = []
        self.cost = self.program("tests/bench/cost")
        self.floor = self.program("tests/bench/floor")
        self.hsmtool = self.program("tests/support/cs-hsmtool")
        self.spy = self.program("tests/support/spymod.so")

    def program(self, path):
        path = os.path.join(os.path.realpath(self.options.build), path)
        if not os.path.exists(path):
            raise SystemExit(f"bench: there is no {path}: build it first")
        return path

    def make_contestants(self):
        floor = who.Floor("csr", self.floor)
        copy = who.Floor("xcsr", self.floor)
        cscert = self.options.cscert or self.program("cli/cscert")
        profile = who.direct_profile(self.options.source)
        ours = [who.Cscert(cscert, "direct", profile, self.folder),
                who.Cscert(cscert, "session-copy", None, self.folder)]
        peers = []
        for name in filter(None, self.options.peers.split(",")):
            peer = who.PEERS[name](name)
            if peer.missing():
                print(f"{name} is left out: no {', '.join(peer.missing())}")
            else:
                peers.append(peer)
        return [floor, copy, *ours, *peers]

    def target(self, met, sentence):
        self.targets.append((met, sentence))

    # ---- the whole job ----

    def whole_job(self, contestants, token):
        for contestant in contestants:
            measure.check_request(contestant, token, "ec", f"check-{contestant.name}", self.cost)
        costs = measure.rounds(contestants, token, "ec", self.options.rounds, self.cost)
        print(f"\nWhole job, P-256, {token.count} pairs on the token, {self.options.rounds} rounds")
        print(f"{'':20} {'wall ms':>8} {'CPU ms':>8} {'user':>7} {'system':>7} {'least':>7}"
              f" {'MiB':>6}   CPU to floor (95 % of its median)   wall to floor")
        base = costs["floor-csr"]
        for name, rows in costs.items():
            self.print_whole(token.count, name, rows, base)
        self.whole_targets(token.count, costs)

    def print_whole(self, pairs, name, rows, base):
        cpu = ratios(rows, base, "cpu")
        low, high = confidence(cpu)
        wall = statistics.median(ratios(rows, base, "wall"))
        print(f"{name:20} {median(rows, 'wall'):8.1f} {median(rows, 'cpu'):8.2f}"
              f" {median(rows, 'user'):7.2f} {median(rows, 'system'):7.2f}"
              f" {min(row.cpu for row in rows):7.2f} {median(rows, 'memory') / 1024:6.1f}"
              f"   {statistics.median(cpu):12.3f} ({low:.3f}-{high:.3f}) {wall:22.2f}", flush=True)
        self.figures.append({"part": "whole job", "pairs": pairs, "key": "ec", "name": name,
                             "rounds": len(rows), "wall_ms": median(rows, "wall"),
                             "cpu_ms": median(rows, "cpu"), "memory_kib": median(rows, "memory"),
                             "cpu_to_floor": statistics.median(cpu), "wall_to_floor": wall})

    def whole_targets(self, pairs, costs):
        for name, limits in (("cscert-direct", DIRECT_RATIO), ("cscert-session-copy", COPY_RATIO)):
            if pairs in limits:
                ratio = statistics.median(ratios(costs[name], costs["floor-csr"], "cpu"))
                self.target(ratio <= limits[pairs],
                            f"CPU of the whole job, {name}, {pairs} pairs: {ratio:.3f} times"
                            f" floor-csr (at most {limits[pairs]:.2f})")

    # ---- inside and outside the module ----

    def split(self, contestants, token, key):
        costs = measure.rounds(contestants, token, key, self.options.split_rounds, self.cost,
                               self.spy)
        print(f"\nCPU ms outside C_GenerateKeyPair, {'P-256' if key == 'ec' else 'RSA-2048'},"
              f" {token.count} pairs, {self.options.split_rounds} rounds")
        print("(cscert has libcrypto when it loads the module, the floor loads it with the module)")
        print(f"{'':20} {'module':>8} {'loading':>8} {'own':>8} {'own-floor':>10}"
              f" {'with loading':>13} {'generation':>11} {'calls':>6}")
        base = costs["floor-csr"]
        for name, rows in costs.items():
            extra = median_difference(rows, base, lambda row: row.client)
            with_loading = median_difference(rows, base, lambda row: row.client + row.loading)
            print(f"{name:20} {median(rows, 'module'):8.2f} {median(rows, 'loading'):8.2f}"
                  f" {median(rows, 'client'):8.2f} {extra:10.2f} {with_loading:13.2f}"
                  f" {median(rows, 'generation'):11.2f} {median(rows, 'calls'):6.0f}", flush=True)
            self.figures.append({"part": "split", "pairs": token.count, "key": key, "name": name,
                                 "rounds": len(rows), "module_ms": median(rows, "module"),
                                 "loading_ms": median(rows, "loading"),
                                 "own_ms": median(rows, "client"), "own_minus_floor_ms": extra,
                                 "own_and_loading_minus_floor_ms": with_loading,
                                 "generation_ms": median(rows, "generation"),
                                 "calls": median(rows, "calls")})
            if name.startswith("cscert"):
                self.target(extra <= CLIENT_EXTRA_MS,
                            f"own CPU outside the module, {name}, {key}, {token.count} pairs:"
                            f" {extra:.2f} ms more than floor-csr (at most {CLIENT_EXTRA_MS:.0f})")

    # ---- what the keys read back ----

    def attributes(self, contestant, token):
        """As an independent program reads them."""
        label = "attributes"
        job = who.Job(token, "ec", label)
        contestant.prepare(job)
        [(command, _)] = contestant.commands(job, "--friendly-name", label)
        subprocess.run(command, check=True, env=token.environment, stdout=subprocess.DEVNULL)
        answer = subprocess.run([self.floor, "attrs", who.SOFTHSM, who.TOKEN, who.PIN, label],
                                check=True, env=token.environment, capture_output=True, text=True)
        token.remove_added()
        return answer.stdout.splitlines()

    def compare_attributes(self, contestants, token):
        direct, copied = (self.attributes(each, token) for each in contestants
                          if isinstance(each, who.Cscert))
        differing = [f"{a} | {b}" for a, b in zip(direct, copied) if a != b]
        print(f"\nAttributes of both halves, direct | session-copy: {len(direct)} compared")
        for line in differing:
            print(f"    {line}")
        self.target(not differing and len(direct) == len(copied),
                    f"attributes read back the same in both modes: {len(differing)} differ")

    def run(self):
        contestants = self.make_contestants()
        print(f"Load of the machine before the start: {os.getloadavg()[0]:.1f}"
              " (figures of a loaded one are too high, and cscert's more than the floor's)")
        first = True
        for pairs in self.options.sizes:
            token = measure.Token(os.path.join(self.folder, f"token-{pairs}"), pairs, self.hsmtool)
            if first:
                self.compare_attributes(contestants, token)
                first = False
            self.whole_job(contestants, token)
            for key in self.options.split_keys:
                self.split(contestants, token, key)

    def report(self):
        print()
        for met, sentence in self.targets:
            print("PASS" if met else "FAIL", sentence)
        if self.options.json:
            with open(self.options.json, "w", encoding="ascii") as file:
                json.dump({"figures": self.figures, "targets": self.targets}, file, indent=1)
        return 0 if all(met for met, _ in self.targets) else 1


def median(rows, what):
    return statistics.median(getattr(row, what) for row in rows)


def median_difference(rows, base, what):
    return statistics.median(what(row) - what(floor) for row, floor in zip(rows, base))


def ratios(rows, base, what):
    return [getattr(row, what) / getattr(floor, what) for row, floor in zip(rows, base)]


def confidence(values):
    """Where the median lies with 95 %: the ranks that a binomial distribution with p = 1/2 leaves
    out at either end."""
    ordered = sorted(values)
    tail, rank = 0.0, 0
    while rank < len(ordered) // 2:
        tail += math.comb(len(ordered), rank) / 2 ** len(ordered)
        if tail > 0.025:
            break
        rank += 1
    return ordered[max(rank - 1, 0)], ordered[len(ordered) - max(rank, 1)]


def numbers(text):
    return [int(word) for word in text.split(",")]


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="the folder of the sources")
    parser.add_argument("build", help="the folder of an optimised build")
    parser.add_argument("--cscert", help="measure this program instead of the build's")
    parser.add_argument("--sizes", type=numbers, default=[1, 1000],
                        help="pairs on the token before each run (1,1000)")
    parser.add_argument("--rounds", type=int, default=61)
    parser.add_argument("--split-rounds", type=int, default=15,
                        help="rounds with the module's share taken apart")
    parser.add_argument("--split-keys", type=lambda text: text.split(","), default=["ec", "rsa"])
    parser.add_argument("--peers", default="",
                        help="further contestants: " + ",".join(who.PEERS))
    parser.add_argument("--json", help="write all figures to this file")
    return parser.parse_args()


def main():
    options = parse_options()
    folder = measure.make_folder()
    try:
        bench = Bench(options, folder)
        bench.run()
        return bench.report()
    except measure.Failed as failed:
        print(f"bench: {failed}", file=sys.stderr)
        return 1
    finally:
        measure.remove_folder(folder)


if __name__ == "__main__":
    sys.exit(main())
