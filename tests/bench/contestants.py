"""Who is measured: each contestant is a list of commands that together do one whole job, a key pair
on the token and a request with subject CN, O, C and five dNSNames that is signed there."""
import os
import re
import shutil
import subprocess

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
TOKEN = "bench"
PIN = "1234"
NAMES = [f"san{i}.bench.example.test" for i in range(1, 6)]


class Job:
    """One run: the token it works on, the key's kind and label, and the module to load, which is
    SoftHSM's or @spy, which passes everything on to it and measures."""

    def __init__(self, token, key, label, spy=None):
        self.token = token
        self.key = key
        self.label = label
        self.module = spy or SOFTHSM
        self.environment = dict(token.environment)
        self.split = self.path("split") if spy else None
        if spy:
            self.environment.update(CS_SPY_MODULE=SOFTHSM, CS_SPY_CPU=self.split)

    def path(self, name):
        return os.path.join(self.token.work, name)


class Contestant:
    needs = ()  # programs; without them the contestant is left out, and that is said
    form = "DER"  # of the request it writes

    def __init__(self, name):
        self.name = name

    def missing(self):
        return [program for program in self.needs if not shutil.which(program)]

    def output(self, job):
        return job.path(f"{self.name}.request")

    def prepare(self, job):
        """Before each run, outside the measured time."""

    def commands(self, job):
        """[(arguments, environment)]"""
        raise NotImplementedError


class Floor(Contestant):
    def __init__(self, verb, program):
        super().__init__(f"floor-{verb}")
        self.verb = verb
        self.program = program

    def commands(self, job):
        return [([self.program, self.verb, job.module, TOKEN, PIN, job.key, job.label,
                  self.output(job)], {})]


class Cscert(Contestant):
    """The store is the same before every run: a copy of one that holds one earlier request, so that
    it neither is made in the measured time nor grows from round to round."""

    form = "PEM"

    def __init__(self, program, generation, profile, work):
        super().__init__(f"cscert-{generation}")
        self.program = program
        self.work = work
        self.profile = None
        if profile:
            self.profile = os.path.join(work, f"{generation}.profile")
            with open(self.profile, "w", encoding="ascii") as file:
                file.write(profile)

    def configuration(self, module):
        """One for each module, with the PIN in a file beside it. The lock is the bench's own: it
        does not wait for other runs of cscert."""
        name = os.path.basename(module).replace(".so", "")
        path = os.path.join(self.work, f"{self.name}-{name}.conf")
        if not os.path.exists(path):
            pin = os.path.join(self.work, "pin")
            write_private(pin, PIN + "\n")
            lock = os.path.join(self.work, "lock")
            profile = f"  profile = '{self.profile}'\n" if self.profile else ""
            uri = f"pkcs11:token={TOKEN}?module-path={module}"
            write_private(path, f"token {{\n  uri = '{uri}'\n  pin-source = 'file:{pin}'\n"
                                f"  lock-dir = '{lock}'\n{profile}}}\n")
        return path

    def prepare(self, job):
        state = job.path("state")
        earlier = job.path("state-with-one-request")
        if not os.path.exists(earlier):
            shutil.rmtree(state, ignore_errors=True)
            [(command, _)] = self.commands(job)
            subprocess.run(command, check=True, env=job.environment, stdout=subprocess.DEVNULL)
            job.token.remove_added()
            os.unlink(self.output(job))
            os.rename(state, earlier)
        shutil.rmtree(state, ignore_errors=True)
        shutil.copytree(earlier, state)
        remove_file(self.output(job))

    def commands(self, job, *further):
        algorithm = "ECDH_P256" if job.key == "ec" else "RSA"
        return [([self.program, "new", "--type", "Internal",
                  "--computer-fqdn", "bench.example.test", "--domain-name", ",".join(NAMES),
                  "--organization", "Bench", "--country", "DE", "--key-alg", algorithm,
                  "--output", self.output(job), "--config", self.configuration(job.module),
                  "--state-dir", job.path("state"), *further], {})]


class Gnutls(Contestant):
    """p11tool makes the pair, certtool the request."""

    needs = ("p11tool", "certtool")
    form = "PEM"

    def commands(self, job):
        template = job.path("gnutls.template")
        public = job.path("gnutls.public")
        with open(template, "w", encoding="ascii") as file:
            file.write('cn = "bench.example.test"\norganization = "Bench"\ncountry = DE\n'
                       "signing_key\nencryption_key\n")
            file.writelines(f'dns_name = "{name}"\n' for name in NAMES)
        kind = (["--generate-privkey=ecdsa", "--curve=secp256r1"] if job.key == "ec" else
                ["--generate-privkey=rsa", "--bits=2048"])
        pin = {"GNUTLS_PIN": PIN}
        return [(["p11tool", "--provider", job.module, "--batch", "--login", *kind, "--label",
                  job.label, "--outfile", public, f"pkcs11:token={TOKEN}"], pin),
                (["certtool", "--provider", job.module, "--generate-request", "--hash", "SHA256",
                  "--template", template, "--load-privkey",
                  f"pkcs11:token={TOKEN};object={job.label};type=private", "--load-pubkey", public,
                  "--outfile", self.output(job)], pin)]


class Opensc(Contestant):
    """pkcs11-tool makes the pair, openssl req with libp11's engine the request."""

    needs = ("pkcs11-tool", "openssl")
    form = "PEM"

    def commands(self, job):
        configuration = job.path("openssl.cnf")
        names = ",".join(f"DNS:{name}" for name in NAMES)
        with open(configuration, "w", encoding="ascii") as file:
            file.write("openssl_conf = init\n[init]\nengines = engines\n[engines]\npkcs11 = p11\n"
                       f"[p11]\nengine_id = pkcs11\nMODULE_PATH = {job.module}\nPIN = {PIN}\n"
                       "init = 0\n[req]\ndistinguished_name = dn\nprompt = no\n"
                       "req_extensions = v3\nstring_mask = utf8only\n[dn]\nC = DE\nO = Bench\n"
                       f"CN = bench.example.test\n[v3]\nsubjectAltName = {names}\n")
        kind = "EC:prime256v1" if job.key == "ec" else "rsa:2048"
        key = f"pkcs11:token={TOKEN};object={job.label};type=private;pin-value={PIN}"
        return [(["pkcs11-tool", "--module", job.module, "--token-label", TOKEN, "--login", "--pin",
                  PIN, "--keypairgen", "--key-type", kind, "--usage-sign", "--label", job.label],
                 {}),
                (["openssl", "req", "-new", "-sha256", "-config", configuration, "-engine",
                  "pkcs11", "-keyform", "engine", "-key", key, "-out", self.output(job)], {})]


class Nss(Contestant):
    """certutil makes both. Its database, in which the module is registered, is made once."""

    needs = ("certutil", "modutil")
    form = "PEM"

    def database(self, job):
        return job.path("nss-" + os.path.basename(job.module))

    def prepare(self, job):
        database = self.database(job)
        if os.path.exists(database):
            return
        os.mkdir(database)
        write_private(job.path("pin"), PIN + "\n")
        with open(job.path("noise"), "wb") as file:
            file.write(os.urandom(64))
        quiet = {"check": True, "env": job.environment, "stdout": subprocess.DEVNULL,
                 "stderr": subprocess.DEVNULL}
        subprocess.run(["certutil", "-N", "-d", f"sql:{database}", "--empty-password"], **quiet)
        subprocess.run(["modutil", "-dbdir", f"sql:{database}", "-add", "bench", "-libfile",
                        job.module, "-force"], **quiet)

    def commands(self, job):
        kind = ["-k", "ec", "-q", "nistp256"] if job.key == "ec" else ["-k", "rsa", "-g", "2048"]
        names = ",".join(f"dns:{name}" for name in NAMES)
        return [(["certutil", "-R", "-d", f"sql:{self.database(job)}", "-h", TOKEN, "-f",
                  job.path("pin"), "-z", job.path("noise"), *kind, "-Z", "SHA256", "-s",
                  "CN=bench.example.test,O=Bench,C=DE", "--extSAN", names, "-a", "-o",
                  self.output(job)], {})]


PEERS = {"gnutls": Gnutls, "opensc": Opensc, "nss": Nss}


def direct_profile(source):
    """SoftHSM2's own profile, but the pair is made on the token."""
    path = os.path.join(source, "hsm-config/profiles/softhsm2.profile")
    with open(path, encoding="utf-8") as file:
        text, changed = re.subn(r"(?m)^(generation\s*=\s*')session-copy'", r"\1token'", file.read())
    if changed != 1:
        raise SystemExit(f"bench: {path} does not say session-copy once")
    return text


def write_private(path, text):
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(text)


def remove_file(path):
    if os.path.exists(path):
        os.unlink(path)
