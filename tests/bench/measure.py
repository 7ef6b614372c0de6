"""What a job costs: processor time, wall time and memory of its processes, and with the
interposing module which part of it the token's module took."""
import os
import shutil
import subprocess
import tempfile

from contestants import PIN, TOKEN, Job, remove_file, write_private

# Of the pair that a job makes.
OBJECTS = 2


class Failed(Exception):
    pass


class Token:
    """A SoftHSM2 token with @count P-256 pairs in a folder of its own."""

    def __init__(self, folder, count, hsmtool):
        self.count = count
        self.objects = os.path.join(folder, "tokens")
        self.work = os.path.join(folder, "work")
        runtime = os.path.join(folder, "runtime")
        for made in (folder, self.objects, self.work, runtime):
            os.mkdir(made, 0o700)
        configuration = os.path.join(folder, "softhsm2.conf")
        with open(configuration, "w", encoding="ascii") as file:
            file.write(f"directories.tokendir = {self.objects}\nobjectstore.backend = file\n"
                       "log.level = ERROR\nslots.removable = false\n")
        self.environment = {"PATH": os.environ["PATH"], "HOME": self.work, "LANG": "C.UTF-8",
                            "XDG_RUNTIME_DIR": runtime, "SOFTHSM2_CONF": configuration}
        pin = os.path.join(folder, "pin")
        write_private(pin, PIN + "\n")
        self._run("softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--pin", PIN,
                  "--so-pin", "12345678")
        self._run(hsmtool, "populate", TOKEN, pin, str(count), "ec")
        self.pristine = self._files()

    def _run(self, *command):
        subprocess.run(command, check=True, env=self.environment, stdout=subprocess.DEVNULL)

    def _files(self):
        return {os.path.join(folder, name) for folder, _, names in os.walk(self.objects)
                for name in names}

    def count_added(self):
        """How many objects the runs have left."""
        return sum(path.endswith(".object") for path in self._files() - self.pristine)

    def remove_added(self):
        """So that every run finds the same pairs; returns how many objects a run left."""
        added = self._files() - self.pristine
        for path in added:
            os.unlink(path)
        return sum(path.endswith(".object") for path in added)


class Cost:
    def __init__(self, wall, user, system, memory, module=0.0, generation=0.0, loading=0.0,
                 calls=0):
        self.wall = wall
        self.user = user
        self.system = system
        self.memory = memory
        self.module = module  # processor time inside the module, but for the next two
        self.generation = generation  # of C_GenerateKeyPair
        self.loading = loading  # of loading the module and what it needs that is not loaded yet
        self.calls = calls

    @property
    def cpu(self):
        return self.user + self.system

    @property
    def client(self):
        return self.cpu - self.module - self.generation - self.loading


def run_one(cost, command, environment, output=subprocess.DEVNULL):
    """One process under @cost: (wall, user, system, memory in KiB)."""
    reader, writer = os.pipe()
    with tempfile.TemporaryFile() as errors:
        with subprocess.Popen([cost, str(writer), *command], env=environment, pass_fds=(writer,),
                              stdin=subprocess.DEVNULL, stdout=output, stderr=errors):
            os.close(writer)
            with os.fdopen(reader) as report:
                words = report.read().split()
        errors.seek(0)
        if len(words) != 5 or words[4] != "0":
            raise Failed(f"{' '.join(command)}: exit {words[4:]}\n{errors.read().decode()}")
    return [float(word) for word in words[:4]]


def read_split(path):
    """What spymod.so wrote to $CS_SPY_CPU: (module, generation, loading, calls)."""
    module = generation = loading = calls = 0
    with open(path, encoding="ascii") as file:
        for line in file:
            name, count, milliseconds = line.split()
            if name == "C_GenerateKeyPair":
                generation += float(milliseconds)
            elif name == "dlopen":
                loading += float(milliseconds)
            elif name != "TOTAL":
                module += float(milliseconds)
            if name.startswith("C_"):
                calls += int(count)
    return module, generation, loading, calls


def run_job(contestant, token, key, label, cost, spy=None):
    """One whole job, which must leave exactly one pair; the token is as before afterwards."""
    job = Job(token, key, label, spy)
    contestant.prepare(job)
    if spy:
        remove_file(job.split)  # preparing may have loaded the module
    os.sync()
    parts = [run_one(cost, command, {**job.environment, **further})
             for command, further in contestant.commands(job)]
    added = token.remove_added()
    if added != OBJECTS:
        raise Failed(f"{contestant.name} left {added} objects on the token, not {OBJECTS}")
    wall, user, system, _ = (sum(column) for column in zip(*parts))
    return Cost(wall, user, system, max(part[3] for part in parts),
                *(read_split(job.split) if spy else ()))


def check_request(contestant, token, key, label, cost):
    """One run that is not counted, and what others see of its request."""
    run_job(contestant, token, key, label, cost)
    path = contestant.output(Job(token, key, label))
    answer = subprocess.run(["openssl", "req", "-in", path, "-inform", contestant.form, "-noout",
                             "-verify", "-text"], capture_output=True, text=True, check=False)
    names = answer.stdout.count("DNS:san")
    if answer.returncode != 0 or "verify OK" not in answer.stderr or names != 5:
        raise Failed(f"{contestant.name}: request with {names} of 5 names: {answer.stderr}")


def rounds(contestants, token, key, count, cost, spy=None):
    """{name: [Cost of round 0, ...]}: each round runs everybody once, and who begins changes, so
    that what disturbs the machine for a while disturbs all."""
    costs = {contestant.name: [] for contestant in contestants}
    for number in range(count):
        start = number % len(contestants)
        for contestant in contestants[start:] + contestants[:start]:
            costs[contestant.name].append(
                run_job(contestant, token, key, f"job{number}-{contestant.name}", cost, spy))
    return costs


def make_folder():
    return tempfile.mkdtemp(prefix="cscert-bench-")


def remove_folder(folder):
    shutil.rmtree(folder, ignore_errors=True)
