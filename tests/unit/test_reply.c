#include "base/mem.h"
#include "support/check_run.h"
#include "support/judge.h"
#include "x509/cert.h"
#include "x509/reply.h"

#include <stdio.h>

/* A root, a CA under it, a server's certificate, and strangers; made by openssl once. */
static char *folder;
static struct cs_bytes spki; /* of the server's key */
static struct cs_bytes leaf; /* the DER of each */
static struct cs_bytes inter;
static struct cs_bytes root;

static struct cs_bytes der_of(const char *name)
{
    return cs_judge_make(folder, "tmp.der", "openssl x509 -in %s.pem -outform DER -out tmp.der",
                         name);
}

static void make_files(void)
{
    cs_autofree char *output = NULL;

    folder = cs_judge_folder();
    int rc = cs_judge(
        &output,
        "cd '%s' && new() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; "
        "openssl pkey -in $1.key -pubout -out $1.pub; }; "
        "ca=basicConstraints=critical,CA:TRUE; for n in root inter leaf other; do new $n; done; "
        "openssl req -x509 -new -key root.key -subj /CN=Root -addext $ca -out root.pem -days 90 && "
        "openssl x509 -new -force_pubkey inter.pub -subj /CN=Inter -CA root.pem -CAkey root.key "
        "-out inter.pem -days 80 && "
        "openssl x509 -new -force_pubkey leaf.pub -subj /CN=edge1 -CA inter.pem -CAkey inter.key "
        "-out leaf.pem -days 30 && "
        /* the CA's namesake with another key, and one more stranger */
        "openssl req -x509 -new -key other.key -subj /CN=Inter -out namesake.pem && "
        "openssl req -x509 -new -key other.key -subj /CN=Other -out other.pem && "
        "openssl req -new -key leaf.key -subj /CN=edge1 -out leaf.csr",
        folder);
    ck_assert_msg(rc == 0, "%s", output);
    spki = cs_judge_make(folder, "leaf.spki",
                         "openssl pkey -in leaf.key -pubout -outform DER -out leaf.spki");
    leaf = der_of("leaf");
    inter = der_of("inter");
    root = der_of("root");
}

static void remove_files(void)
{
    cs_bytes_done(&spki);
    cs_bytes_done(&leaf);
    cs_bytes_done(&inter);
    cs_bytes_done(&root);
    cs_judge_remove(folder);
    free(folder);
}

#define P7        "openssl crl2pkcs7 -nocrl "
#define UTF16(to) "cat leaf.pem root.pem inter.pem | iconv -f ASCII -t " to

/* What a shell makes of those files is the answer; it holds this many CAs of the chain. */
static const struct {
    const char *command;
    size_t chain;
} good[] = {
    {"cat leaf.pem", 0},
    {"openssl x509 -in leaf.pem -outform DER", 0},
    {"openssl x509 -in leaf.pem -outform DER; printf '\\r\\n'", 0},
    {"for n in leaf inter root; do openssl x509 -in $n.pem -outform DER; done", 2},
    {"for n in root leaf inter; do openssl x509 -in $n.pem -outform DER; done", 2},

    /* any order, strangers among them */
    {"cat leaf.pem inter.pem root.pem", 2},
    {"cat root.pem inter.pem leaf.pem", 2},
    {"cat inter.pem leaf.pem root.pem", 2},
    {"cat other.pem namesake.pem inter.pem root.pem leaf.pem", 2},
    {"cat namesake.pem leaf.pem", 0},
    {"cat leaf.pem inter.pem", 1},
    {"cat leaf.pem root.pem", 0}, /* nothing leads there */
    {"cat leaf.pem leaf.pem inter.pem inter.pem", 1},

    /* text around, as mail programs and editors leave it */
    {"echo 'Dear administrator,'; cat leaf.pem; echo; echo 'Bag Attributes'; cat inter.pem", 1},
    {"echo '0 errors'; cat leaf.pem", 0},
    {"sed 's/$/\\r/' leaf.pem inter.pem root.pem", 2},
    {"printf '\\357\\273\\277'; cat leaf.pem inter.pem root.pem", 2},
    {"printf '\\357\\273\\277'; sed 's/$/\\r/' leaf.pem", 0},
    {"printf '\\377\\376'; " UTF16("UTF-16LE"), 2},
    {"printf '\\376\\377'; " UTF16("UTF-16BE"), 2},
    {"sed 's/ CERTIFICATE/ X509 CERTIFICATE/' leaf.pem inter.pem", 1},
    {"cat leaf.pem leaf.csr", 0},
    {"cat leaf.key leaf.pem", 0},
    {"echo -----BEGIN CERTIFICATE-----; openssl x509 -in leaf.pem -outform DER | base64 -w0; echo; "
     "echo -----END CERTIFICATE-----",
     0},
    {"head -c -1 leaf.pem", 0}, /* no line end at the end */

    /* PKCS #7 */
    {P7 "-certfile leaf.pem -certfile inter.pem -certfile root.pem", 2},
    {P7 "-certfile root.pem -certfile leaf.pem -certfile inter.pem -outform DER", 2},
    {P7 "-certfile leaf.pem | sed 's/PKCS7/CERTIFICATE/'", 0},
    {P7 "-certfile leaf.pem | sed 's/PKCS7/CMS/'", 0},

    /* Base64 without armour, as certutil and web pages give it */
    {"sed /-----/d leaf.pem", 0},
    {"sed '/-----/d; s/$/\\r/' leaf.pem", 0},
    {"sed /-----/d leaf.pem | tr -d '\\n'", 0},
    {P7 "-certfile leaf.pem -certfile inter.pem | sed /-----/d", 1},
    {"printf '\\357\\273\\277'; sed /-----/d leaf.pem", 0},
    {"echo; sed /-----/d leaf.pem; echo", 0},
};

START_TEST(test_good)
{
    cs_auto_value(cs_bytes) reply =
        cs_judge_make(folder, "reply", "{ %s ; } >reply", good[_i].command);
    cs_auto_value(cs_bytes) certificate = {0};
    cs_auto_value(cs_bytes) chain = {0};
    struct cs_err err;

    assert_ok(cs_reply_parse(&reply, &spki, &certificate, &chain, &err), &err);
    ck_assert(cs_bytes_equal(&certificate, &leaf));
    /* Issuer first: inter, then root. */
    size_t want = good[_i].chain == 0 ? 0 : good[_i].chain == 1 ? inter.len : inter.len + root.len;
    ck_assert_uint_eq(chain.len, want);
    if (good[_i].chain >= 1) {
        ck_assert_mem_eq(chain.data, inter.data, inter.len);
    }
    if (good[_i].chain == 2) {
        ck_assert_mem_eq(chain.data + inter.len, root.data, root.len);
    }
}
END_TEST

static const struct {
    const char *command;
    cs_rc rc;
    const char *said;
} bad[] = {
    {"cat leaf.csr", CS_E_INPUT, "certificate request"},
    {"openssl req -in leaf.csr -outform DER", CS_E_INPUT, "certificate request"},
    {"sed 's/ CERT/ NEW CERT/' leaf.csr", CS_E_INPUT, "certificate request"},
    {"sed /-----/d leaf.csr", CS_E_INPUT, "certificate request"},
    {"cat leaf.key", CS_E_INPUT, "a private key"},
    {"openssl ec -in leaf.key -outform DER", CS_E_INPUT, "a private key"},
    {"openssl pkey -in leaf.key -outform DER", CS_E_INPUT, "a private key"},
    {"openssl pkcs8 -topk8 -nocrypt -in leaf.key", CS_E_INPUT, "a private key"},
    {"openssl pkcs8 -topk8 -passout pass:x -in leaf.key", CS_E_INPUT, "a private key"},
    {"openssl genrsa -traditional 1024 | openssl rsa -outform DER -traditional", CS_E_INPUT,
     "a private key"},
    {"openssl pkcs12 -export -nokeys -in leaf.pem -passout pass:x", CS_E_INPUT, "PKCS #12"},
    {"openssl pkcs12 -export -nokeys -in leaf.pem -passout pass:x | base64", CS_E_INPUT,
     "PKCS #12"},
    {"openssl pkcs12 -export -nokeys -in leaf.pem -passout pass:x | head -c 100", CS_E_INPUT,
     "PKCS #12"},
    {"echo '<!DOCTYPE html><html>Certificate Pending</html>'", CS_E_INPUT, "web page"},
    {"printf '\\357\\273\\277\\r\\n<html>'", CS_E_INPUT, "web page"},
    {"true", CS_E_INPUT, "empty"},
    {"printf '\\r\\n \\t'", CS_E_INPUT, "empty"},
    {"printf '\\377\\376'", CS_E_INPUT, "empty"},
    {"head -c 1048577 /dev/zero", CS_E_INPUT, "1048577 octets, more than the 1048576"},
    {"head -c 1048576 /dev/zero", CS_E_INPUT, "neither DER, PEM nor Base64"},
    {"echo 'Your request was denied.'", CS_E_INPUT, "neither DER, PEM nor Base64"},
    {"printf 0", CS_E_INPUT, "neither DER, PEM nor Base64"},
    {"printf '0\\202'", CS_E_INPUT, "neither DER, PEM nor Base64"},
    {"echo AAAA", CS_E_INPUT, "nothing that is known"},
    {"echo ====", CS_E_INPUT, "neither DER, PEM nor Base64"},
    {"head -5 leaf.pem", CS_E_INPUT, "PEM block"},
    {"cat inter.pem; sed 's/^M/*/' leaf.pem", CS_E_INPUT, "PEM block"},
    {"echo 'text -----BEGIN CERTIFICATE-----'", CS_E_INPUT, "nothing that is known"},
    {"openssl x509 -in leaf.pem -outform DER | head -c 200", CS_E_INPUT,
     "neither DER, PEM nor Base64"},
    {P7 "-outform DER", CS_E_INPUT, "PKCS #7 file without certificates"},
    {"cat leaf.pem leaf.pem leaf.pem leaf.pem leaf.pem leaf.pem leaf.pem leaf.pem >8; "
     "cat 8 8 8 8 leaf.pem",
     CS_E_INPUT, "more than 32 certificates"},
    {"cat inter.pem root.pem", CS_E_MISMATCH, "none of the 2 certificates"},
    {"cat other.pem", CS_E_MISMATCH, "there is CN=Other"},
    {"openssl x509 -new -force_pubkey other.pub -subj /CN=edge2 -CA inter.pem -CAkey inter.key "
     "-extfile /dev/null; cat root.pem",
     CS_E_MISMATCH, "there is CN=edge2"},
    {P7 "-certfile other.pem", CS_E_MISMATCH, "there is CN=Other"},
};

START_TEST(test_bad)
{
    cs_auto_value(cs_bytes) reply =
        cs_judge_make(folder, "reply", "{ %s ; } >reply 2>/dev/null", bad[_i].command);
    cs_auto_value(cs_bytes) certificate = {0};
    cs_auto_value(cs_bytes) chain = {0};
    struct cs_err err;

    assert_fails(cs_reply_parse(&reply, &spki, &certificate, &chain, &err), bad[_i].rc, &err);
    assert_contains(err.message, bad[_i].said);
    ck_assert(err.hint[0] || strstr(bad[_i].said, "32") || strstr(bad[_i].said, "PEM block"));
    ck_assert_ptr_null(certificate.data);
    ck_assert_ptr_null(chain.data);
}
END_TEST

/* 32 are taken. */
START_TEST(test_most)
{
    cs_auto_value(cs_bytes) reply =
        cs_judge_make(folder, "reply",
                      "for i in 1 2 3 4 5 6 7 8; do cat other.pem; done >8; "
                      "cat 8 8 8 >reply; for i in 1 2 3 4 5 6; do cat other.pem; done >>reply; "
                      "cat inter.pem leaf.pem >>reply");
    cs_auto_value(cs_bytes) certificate = {0};
    cs_auto_value(cs_bytes) chain = {0};
    struct cs_err err;

    assert_ok(cs_reply_parse(&reply, &spki, &certificate, &chain, &err), &err);
    ck_assert_uint_eq(chain.len, inter.len);
}
END_TEST

/* After a renewal with the same key a PKCS #7 may hold both: the younger counts. */
START_TEST(test_youngest)
{
    cs_auto_value(cs_bytes) reply = cs_judge_make(
        folder, "reply",
        "printf '[ca]\\ndefault_ca=c\\n[c]\\ndatabase=index\\nserial=serial\\nnew_certs_dir=.\\n"
        "default_md=sha256\\npolicy=p\\nunique_subject=no\\n[p]\\ncommonName=supplied\\n' >ca.cnf; "
        ": >index; echo 01 >serial; "
        "ca() { openssl ca -batch -config ca.cnf -cert inter.pem -keyfile inter.key -in leaf.csr "
        "-notext -startdate $1 -enddate 20400101000000Z -out $2 2>log || { cat log; return 1; }; "
        "}; "
        "ca 20200101000000Z old.pem && ca 20210101000000Z young.pem && "
        "cat old.pem young.pem inter.pem old.pem >reply");
    cs_auto_value(cs_bytes) young = der_of("young");
    cs_auto_value(cs_bytes) certificate = {0};
    cs_auto_value(cs_bytes) chain = {0};
    struct cs_err err;

    assert_ok(cs_reply_parse(&reply, &spki, &certificate, &chain, &err), &err);
    ck_assert(cs_bytes_equal(&certificate, &young));
    ck_assert_uint_eq(chain.len, inter.len);
}
END_TEST

/* ---- what AD CS answers: the examples of MS-WSTEP section 4, a CMC response and its certificate
 */

static struct cs_bytes recorded(const char *name)
{
    cs_autofree char *path = cs_asprintf("%s/fuzz/corpus/fuzz_reply/%s", getenv("CS_TESTS"), name);

    return cs_judge_read(path);
}

START_TEST(test_recorded)
{
    cs_auto_value(cs_bytes) single = recorded("adcs-issued-1.der");
    cs_auto_value(cs_bytes) response = recorded("adcs-issued-0.der");
    cs_auto_value(cs_cert_parts) parts = {0};
    cs_auto_value(cs_bytes) certificate = {0};
    cs_auto_value(cs_bytes) chain = {0};
    struct cs_err err;

    assert_ok(cs_cert_parts_read(&single, &parts, &err), &err);
    assert_ok(cs_reply_parse(&response, &parts.spki, &certificate, &chain, &err), &err);
    ck_assert(cs_bytes_equal(&certificate, &single));
    /* subordinate and root */
    cs_autofree char *pem = cs_cert_pem(&chain);
    cs_autofree char *path = cs_judge_write(folder, "chain.pem", pem, strlen(pem));
    cs_autofree char *output = NULL;
    ck_assert_int_eq(cs_judge(&output, "grep -c BEGIN %s", path), 0);
    ck_assert_str_eq(output, "2\n");
}
END_TEST

/* Any file with a certificate, without a key to look for: the server's goes before the CAs'. */
static const struct {
    const char *command;
    const struct cs_bytes *found; /* NULL: CS_E_INPUT */
} leaves[] = {
    {"cat leaf.pem", &leaf},
    {"openssl x509 -in leaf.pem -outform DER", &leaf},
    {"cat root.pem leaf.pem inter.pem", &leaf},
    {P7 "-certfile root.pem -certfile leaf.pem", &leaf},
    {"cat root.pem", &root},
    {"cat leaf.csr", NULL},
    {"cat leaf.key", NULL},
    {"echo no certificate", NULL},
};

START_TEST(test_leaf)
{
    cs_auto_value(cs_bytes) file =
        cs_judge_make(folder, "file", "( %s ) >file", leaves[_i].command);
    cs_auto_value(cs_bytes) found = {0};
    struct cs_err err = {0};

    if (!leaves[_i].found) {
        assert_fails(cs_reply_leaf(&file, &found, &err), CS_E_INPUT, &err);
        return;
    }
    assert_ok(cs_reply_leaf(&file, &found, &err), &err);
    ck_assert(cs_bytes_equal(&found, leaves[_i].found));
}
END_TEST

/* Everything, in the order of the file. */
static const struct {
    const char *command;
    const struct cs_bytes *found[4]; /* none: CS_E_INPUT */
} whole[] = {
    {"cat leaf.pem", {&leaf}},
    {"cat root.pem leaf.pem inter.pem", {&root, &leaf, &inter}},
    {"cat root.pem root.pem", {&root, &root}},
    {P7 "-certfile root.pem -certfile inter.pem", {&root, &inter}},
    {"cat leaf.csr", {NULL}},
    {"echo no certificate", {NULL}},
};

START_TEST(test_all)
{
    cs_auto_value(cs_bytes) file = cs_judge_make(folder, "file", "( %s ) >file", whole[_i].command);
    cs_auto_value(cs_bytes) found = {0};
    cs_auto_value(cs_buf) wanted = CS_BUF(65536);
    struct cs_err err = {0};

    for (size_t i = 0; whole[_i].found[i]; i++) {
        cs_buf_add(&wanted, whole[_i].found[i]->data, whole[_i].found[i]->len);
    }
    if (wanted.len == 0) {
        assert_fails(cs_reply_all(&file, &found, &err), CS_E_INPUT, &err);
        return;
    }
    assert_ok(cs_reply_all(&file, &found, &err), &err);
    ck_assert_uint_eq(found.len, wanted.len);
    ck_assert_mem_eq(found.data, wanted.data, wanted.len);
}
END_TEST

static const struct {
    const char *command;
    bool is;
} kinds[] = {
    {"openssl pkcs12 -export -inkey leaf.key -in leaf.pem -passout pass:x", true},
    {"openssl pkcs12 -export -nokeys -in leaf.pem -passout pass:x", true},
    {"openssl pkcs12 -export -nokeys -in leaf.pem -passout pass:x | base64", false},
    /* One that was cut off is one, as far as its first octets tell: X.690 section 8.1.3 has the
     * length in one octet, in several (82 is two), or open (80). */
    {"openssl pkcs12 -export -nokeys -in leaf.pem -passout pass:x | head -c 100", true},
    {"printf '\\60\\3\\2\\1\\3'", true},
    {"printf '\\60\\200\\2\\1\\3'", true},
    {"printf '\\60\\202\\1\\0\\2\\1\\3'", true},
    {"printf '\\60\\202\\1\\0\\2\\1'", false},
    {"printf '\\60\\377\\2\\1\\3'", false},
    {"printf '\\60\\3\\2\\1\\0'", false},
    {"printf '\\61\\3\\2\\1\\3'", false},
    {"printf '\\60'", false},
    {"openssl x509 -in leaf.pem -outform DER", false},
    {"openssl req -in leaf.csr -outform DER", false},
    {"openssl pkey -in leaf.key -outform DER", false},
    {P7 "-certfile root.pem -outform DER", false},
    {"true", false},
};

START_TEST(test_is_pkcs12)
{
    cs_auto_value(cs_bytes) file = cs_judge_make(folder, "file", "( %s ) >file", kinds[_i].command);

    ck_assert_int_eq(cs_reply_is_pkcs12(&file), kinds[_i].is);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reply");
    TCase *tcase = tcase_create("reply");

    tcase_add_unchecked_fixture(tcase, make_files, remove_files);
    add_rows(tcase, test_good, good);
    add_rows(tcase, test_bad, bad);
    add_rows(tcase, test_leaf, leaves);
    add_rows(tcase, test_all, whole);
    add_rows(tcase, test_is_pkcs12, kinds);
    tcase_add_test(tcase, test_most);
    tcase_add_test(tcase, test_youngest);
    tcase_add_test(tcase, test_recorded);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
