#!/usr/bin/env python3
"""Makes docs/TOKENS.md of what the contract test of the keystore measured over each token, and of
the profiles.

    matrix.py SOURCE FACTS           writes SOURCE/docs/TOKENS.md
    matrix.py SOURCE FACTS --check   says whether it is what these facts make (exit code 1: no)

FACTS is the folder that tests/contract/keystore.sh filled, build/.../tests/contract/facts. Only
what is the same in every run is there: no times, no serial numbers.
"""

import difflib
import os
import re
import sys

TOKENS = ("softhsm2", "p11kit-server", "p11kit-remote", "opencryptoki", "tpm2", "vcard")
TITLES = {
    "softhsm2": ("SoftHSM 2", "none"),
    "p11kit-server": ("p11-kit server", "`p11-kit server`, over SoftHSM 2"),
    "p11kit-remote": ("p11-kit remote", "`p11-kit remote`, over SoftHSM 2"),
    "opencryptoki": ("openCryptoki soft token", "pkcsslotd"),
    "tpm2": ("tpm2-pkcs11 over swtpm", "swtpm, dbus-daemon, tpm2-abrmd"),
    "vcard": ("OpenSC over a virtual card", "pcscd, vpcd, a card in software"),
}
KEYS = ("RSA-1024", "RSA-2048", "RSA-3072", "RSA-4096", "ECDH_P256", "ECDH_P384", "ECDH_P521")
EXPORTED = ("RSA-1024", "RSA-2048", "ECDH_P256", "ECDH_P384", "ECDH_P521")
OTHERS = ("RSASSA-PSS and TLS 1.3 with an RSA key, through OpenSSL",
          "certificates of one key", "keys without a CKA_ID", "several at once",
          "a second run while one is open",
          "after one wrong PIN")
MOVES = {"export": "no export", "import": "no import",
         "import exportable": "no import as exportable"}
MOVED_KEYS = ("RSA-2048", "ECDH_P256")
LABEL = re.compile(r'the token "[^"]*"')
AT_LABEL = re.compile(r' on "[^"]*"')

HEAD = """# Tokens

What each token does with cscert, and what it refuses. **Generated**: `tests/tokens/matrix.py`
writes this page of what the contract test of the keystore (`tests/contract/test_keystore.c`) found,
and a test compares the two. The packages are Debian 12's. `tests/tokens/with-token.sh NAME COMMAND`
starts a command with any of them, in namespaces of its own. `hsm-config/p11-kit` has a p11-kit
module file for each, `hsm-config/profiles` the profiles.

"yes" is the whole life of a key: made, its attributes read back and compared, a PKCS#10 request
signed and verified by `openssl req -verify`, the certificate put beside it, found again by another
session, destroyed. "no" is a refusal by cscert before anything is made; why stands below.
"""


MOVED = (
    "Key material that leaves the token (`cscert export` of a key that was made exportable) or "
    "comes to it (`cscert import` of a .pfx with its key), and by which mechanism. A key that is "
    "not exportable is refused by cscert itself on each of them, before the token is asked.")

TAIL = """## Other modules on the machine

Where neither the token URI nor the configuration names a module, cscert loads all that p11-kit
knows (`p11-kit list-modules`). One that does not start is passed over; but some write to the
terminal why, or make files in the user's home: tpm2-pkcs11 does both where there is no TPM. Either
name the module that is meant (`module = 'softhsm2'` in cscert.conf, `?module-name=softhsm2` or
`?module-path=...` in the URI): no other one is started then. Or take the other one out of cscert's
sight: a file of the same name as its own in `/etc/pkcs11/modules` (`tpm2_pkcs11.module`) with its
`module:` line and

    disable-in: cscert, Request-CsCertificate

`TPM2_PKCS11_LOG_LEVEL=0 TSS2_LOG=all+none` in the environment silences most of tpm2-pkcs11.

## A token on another machine

Through p11-kit's remoting nothing can be wrapped: keys can be neither exported nor imported there,
only at the machine that has the token. A server that goes away, or a connection that stalls, ends
the run with an error: at once, or after `timeout-call`, `timeout-login` or `timeout-generate` of
cscert.conf's section `token`. `cscert recover` then finishes or undoes what was begun.
"""


def read_facts(folder, token):
    """[(name, [value...])] in the order in which the test said them."""
    with open(os.path.join(folder, token), encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    return [(row[0], row[1:]) for row in rows]


def values(facts, name):
    return [found for each, found in facts if each == name]


def one(facts, name):
    found = values(facts, name)
    if len(found) != 1:
        raise SystemExit(f"matrix: {len(found)} facts '{name}' and not one: did the test end?")
    return found[0]


def table(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def shorten(text):
    """A refusal without the label that the test gave its token."""
    return AT_LABEL.sub("", LABEL.sub("the token", text))


def overview(all_facts):
    rows = []
    for token in TOKENS:
        manufacturer, model, profile, generation = one(all_facts[token], "token")
        title, needs = TITLES[token]
        rows.append((title, f"`{token}`", f"{manufacturer} / {model}", profile, generation, needs))
    head = ("token", "name", "manufacturer / model", "profile", "generation", "runs beside")
    yield from table(head, rows)


def keys(all_facts, what, names):
    rows = []
    for token in TOKENS:
        answers = (one(all_facts[token], f"{what} {key}")[0] for key in names)
        rows.append((TITLES[token][0], *answers))
    yield from table(("token", *names), rows)


def moved(facts, what):
    """{key: (yes or no, how or why)} of an export or import."""
    return {key: found[0] for key in MOVED_KEYS if (found := values(facts, f"{what} {key}"))}


def move_cell(found):
    """"yes, by CKM_X", "no", or one of them for each key where they differ."""
    texts = {key: "no" if value[0] == "no" else ", by ".join(filter(None, value))
             for key, value in found.items()}
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    return "; ".join(f"{key}: {text}" for key, text in texts.items())


def wrapped(all_facts):
    rows = [(TITLES[token][0], *(move_cell(moved(all_facts[token], what)) for what in MOVES))
            for token in TOKENS]
    yield from table(("token", "export", "import", "import as exportable"), rows)


def move_refusals(facts):
    for what, words in MOVES.items():
        whys = {shorten(why) for answer, why in moved(facts, what).values() if answer == "no"}
        for why in sorted(whys):
            yield f"- {words}: {why}"


def refusals(facts):
    """{message: [key...]} of what was refused."""
    found = {}
    for name, value in facts:
        what, _, key = name.partition(" ")
        if what in ("key", "exportable") and value[0] == "no":
            text = shorten(value[1])
            found.setdefault(text, [])
            if key not in found[text]:
                found[text].append(key)
    return found


def section(token, facts, profiles):
    profile = profiles[one(facts, "token")[2]]
    yield f"### {TITLES[token][0]}"
    yield ""
    for key in ("needs", "note"):
        if profile.get(key):
            yield f"- its profile's {key}: {profile[key]}"
    for text, names in refusals(facts).items():
        yield f"- refused, {', '.join(names)}: {text}"
    yield from move_refusals(facts)
    for kind in ("RSA", "EC"):
        for attribute, answer in values(facts, f"{kind} answers"):
            yield f"- {kind} keys: {attribute} reads back {answer}"
    for name in OTHERS:
        yield f"- {name}: {shorten(one(facts, name)[0])}"
    without = values(facts, "without")
    if without:
        yield ""
        yield "What happens without the lines of its profile (nothing is left on the token):"
        yield ""
        yield from table(("line", "key", "then"),
                         [(f"`{line}`", key, shorten(then)) for line, key, then in without])
    yield ""


def read_profile(path):
    """The values of a profile that are one text."""
    with open(path, encoding="utf-8") as file:
        raw = file.read()
    text = re.sub(r"^\s*#.*$", "", raw, flags=re.MULTILINE)
    found = {key: value for key, value in re.findall(r"^(\w+) = '([^']*)'", text, re.MULTILINE)}
    cannot = re.search(r"cannot = \{([^}]*)\}", text)
    found["cannot"] = re.findall(r"'([^']*)'", cannot[1] if cannot else "")
    confirmed = re.search(r"^# Confirmed: (.*(?:\n#   .*)*)", raw, re.MULTILINE)
    found["confirmed"] = re.sub(r"\n#  +", " ", confirmed[1]) if confirmed else ""
    found["untried"] = bool(re.search(r"^tried = false", text, re.MULTILINE))
    return found


def read_profiles(source):
    folder = os.path.join(source, "hsm-config", "profiles")
    profiles = [read_profile(os.path.join(folder, name)) for name in sorted(os.listdir(folder))]
    return {each["name"]: each for each in profiles}


def paper(profiles):
    rows = [(each["name"], each["exportable"], "; ".join(each["cannot"]), each.get("needs", ""),
             each.get("note", ""), each["confirmed"])
            for each in profiles.values() if each["untried"]]
    head = ("profile", "exportable keys", "cannot make", "needs", "note", "confirmed")
    yield from table(head, rows)


def page(profiles, all_facts):
    yield HEAD.rstrip("\n")
    yield ""
    yield from overview(all_facts)
    yield ""
    yield ("A token behind p11-kit's remoting has no profile of its own: that of the token at the "
           "other end fits.")
    yield ""
    yield "## Keys"
    yield ""
    yield from keys(all_facts, "key", KEYS)
    yield ""
    yield "With `-PrivateKeyExportable $true` (the size of an RSA key makes no difference):"
    yield ""
    yield from keys(all_facts, "exportable", EXPORTED)
    yield ""
    yield MOVED
    yield ""
    yield from wrapped(all_facts)
    yield ""
    yield "## What else was found"
    yield ""
    for token in TOKENS:
        yield from section(token, all_facts[token], profiles)
    yield from TAIL.splitlines()
    yield ""
    yield "## Not tried on hardware"
    yield ""
    yield ('These profiles are written from documentation. cscert says "not tried on hardware" '
           "when it opens such a token, and treats what a profile does not say as it does without.")
    yield ""
    yield from paper(profiles)


def main():
    source, folder = sys.argv[1:3]
    path = os.path.join(source, "docs", "TOKENS.md")
    missing = [token for token in TOKENS if not os.path.exists(os.path.join(folder, token))]
    if missing:
        raise SystemExit(f"matrix: the contract test has not run over {', '.join(missing)}")
    all_facts = {token: read_facts(folder, token) for token in TOKENS}
    text = "\n".join(page(read_profiles(source), all_facts)) + "\n"
    if sys.argv[3:] != ["--check"]:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return 0
    with open(path, encoding="utf-8") as file:
        committed = file.read()
    if committed == text:
        return 0
    sys.stdout.writelines(difflib.unified_diff(committed.splitlines(True), text.splitlines(True),
                                               "docs/TOKENS.md", "what the tests measured"))
    print(f"FAIL: write it anew: tests/tokens/matrix.py {source} {folder}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
