/* The lab CA on the real store, with keys in memory; judged by openssl and python3-cryptography. */
#include "base/clock.h"
#include "base/mem.h"
#include "support/labca_bed.h"
#include "x509/cert.h"
#include "x509/csr.h"

#include <sys/stat.h>

#define DAY 86400

/* ---- issue ---- */

static const struct {
    const struct cs_key_spec *ca;
    const struct cs_key_spec *key;
    bool client;
    const char *usage;
    const char *purposes;
} issues[] = {
    {&p256, &p256, false, "Digital Signature, Key Agreement\n", "TLS Web Server Authentication\n"},
    {&rsa2048, &rsa2048, true, "Digital Signature, Key Encipherment\n",
     "TLS Web Server Authentication, TLS Web Client Authentication\n"},
    {&rsa2048, &p256, false, "Digital Signature, Key Agreement\n",
     "TLS Web Server Authentication\n"},
};

START_TEST(test_issue)
{
    init_ca(issues[_i].ca);
    cs_auto_value(cs_bytes) csr =
        new_csr("edge1.litwareinc.net", issues[_i].key, issues[_i].client);
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err;

    assert_ok(submit(&csr, &answer, &err), &err);
    ck_assert_int_eq(answer.disposition, CS_CA_ISSUED);
    ck_assert_str_eq(answer.request_id, "1");
    ck_assert_ptr_null(answer.message);
    write_pem("cert.pem", &answer.certificate);
    write_pem("ca.pem", &answer.chain);

    assert_says("openssl verify -x509_strict -crl_check -purpose sslserver "
                "-verify_hostname sip.litwareinc.net -CAfile ca.pem -CRLfile lab.crl cert.pem",
                "cert.pem: OK");
    cs_autofree char *text = says("openssl x509 -in cert.pem -noout -text");
    assert_contains(text, "X509v3 Basic Constraints: critical\n                CA:FALSE");
    assert_contains(text, "X509v3 Key Usage: critical");
    assert_contains(text, issues[_i].usage);
    assert_contains(text, issues[_i].purposes);
    assert_contains(text, "DNS:edge1.litwareinc.net, DNS:sip.litwareinc.net\n");
    assert_contains(text, "URI:http://crl.litwareinc.test/lab.crl");
    assert_contains(text, "CA Issuers - URI:http://crl.litwareinc.test/lab.cer");
    assert_contains(text, "not for production");

    /* SKI and AKI as openssl makes them: the CA's SKI is the certificate's AKI. */
    cs_autofree char *ski = says("openssl x509 -in ca.pem -noout -ext subjectKeyIdentifier | "
                                 "tail -1 | tr -d ' \\n'");
    assert_says("openssl x509 -in cert.pem -noout -ext authorityKeyIdentifier | tr -d ' \\n'", ski);

    assert_says("/usr/bin/python3 -c 'from cryptography import x509\n"
                "c = x509.load_pem_x509_certificate(open(\"cert.pem\", \"rb\").read())\n"
                "print(c.version, 0 < c.serial_number < 2 ** 128, len(list(c.extensions)))'",
                "Version.v3 True 8");
}
END_TEST

/* The flow's own check takes it without a warning. */
START_TEST(test_check)
{
    cs_auto(cs_plan) plan = cs_plan_new();
    cs_auto_value(cs_ca_answer) answer = {0};
    cs_auto_value(cs_bytes) spki = {0};
    cs_auto_value(cs_strv) warnings = {0};
    struct cs_err err;

    init_ca(&p256);
    cs_auto_value(cs_bytes) csr = new_csr("edge1.litwareinc.net", &p256, true);
    assert_ok(submit(&csr, &answer, &err), &err);
    plan->key_spec = p256;
    plan->client_eku = true;
    plan->subject.common_name = cs_strdup("edge1.litwareinc.net");
    cs_plan_add_name(plan, "edge1.litwareinc.net", "", "");
    cs_plan_add_name(plan, "sip.litwareinc.net", "", "");
    assert_ok(cs_csr_check(&csr, &spki, &err), &err);
    assert_ok(cs_cert_check(&answer.certificate, plan, &spki, cs_clock_now(), &warnings, &err),
              &err);
    ck_assert_uint_eq(warnings.count, 0);
}
END_TEST

/* Days that are configured, and those that the certificate has. It begins 5 minutes ago. */
static const struct {
    long days;
    int64_t valid;
} validities[] = {
    {0, 365 * (int64_t)DAY + 300},
    {1, DAY + 300},
    {-5, 365 * (int64_t)DAY + 300},
    {3660, 3650 * (int64_t)DAY + 300}, /* not longer than the CA */
    {9223372036854775807L, 3650 * (int64_t)DAY + 300},
};

START_TEST(test_validity)
{
    cs_auto_value(cs_ca_answer) answer = {0};
    cs_auto_value(cs_cert_facts) facts = {0};
    cs_auto_value(cs_cert_facts) ca = {0};
    struct cs_err err;

    init_ca(&p256);
    cs_auto_value(cs_bytes) csr = new_csr("edge1.litwareinc.net", &p256, false);
    config.validity_days = validities[_i].days;
    assert_ok(submit(&csr, &answer, &err), &err);
    assert_ok(cs_cert_read(&answer.certificate, &facts, &err), &err);
    assert_ok(cs_cert_read(&answer.chain, &ca, &err), &err);
    if (validities[_i].days > 3650) {
        ck_assert_int_eq(facts.not_after, ca.not_after);
    } else {
        ck_assert_int_eq(facts.not_after - facts.not_before, validities[_i].valid);
    }
    ck_assert_int_le(facts.not_after, ca.not_after);
}
END_TEST

START_TEST(test_same_request)
{
    cs_auto_value(cs_ca_answer) first = {0};
    cs_auto_value(cs_ca_answer) again = {0};
    cs_auto_value(cs_ca_answer) other = {0};
    struct cs_err err;

    init_ca(&p256);
    cs_auto_value(cs_bytes) csr = new_csr("edge1.litwareinc.net", &p256, false);
    cs_auto_value(cs_bytes) csr2 = new_csr("edge2.litwareinc.net", &p256, false);
    assert_ok(submit(&csr, &first, &err), &err);
    unsigned opened = cs_softkeys_calls(soft, CS_SOFTKEYS_OPEN);
    assert_ok(submit(&csr, &again, &err), &err);
    ck_assert_uint_eq(cs_softkeys_calls(soft, CS_SOFTKEYS_OPEN), opened);
    ck_assert_str_eq(again.request_id, first.request_id);
    ck_assert(cs_bytes_equal(&again.certificate, &first.certificate));
    assert_ok(submit(&csr2, &other, &err), &err);
    ck_assert_str_eq(other.request_id, "2");

    cs_auto_value(cs_cert_parts) a = {0};
    cs_auto_value(cs_cert_parts) b = {0};
    assert_ok(cs_cert_parts_read(&first.certificate, &a, &err), &err);
    assert_ok(cs_cert_parts_read(&other.certificate, &b, &err), &err);
    ck_assert(!cs_bytes_equal(&a.serial, &b.serial));
}
END_TEST

/* ---- two runs at once ---- */

static cs_rc open_after_approval(struct cs_keystore_source *source, struct cs_keystore **ret_store,
                                 struct cs_err *err)
{
    struct cs_keystore_source *real = cs_softkeys_source(soft);
    struct cs_err problem = {0};

    (void)source;
    assert_ok(cs_labca_approve(store, real, &config, 1, &problem), &problem);
    return real->open(real, ret_store, err);
}

/* Between our row and our signature somebody approves the request: that certificate is the answer,
 * and no error that would let the caller think that there is none. */
START_TEST(test_overtaken)
{
    struct cs_keystore_source overtaken = {open_after_approval};
    cs_auto_value(cs_ca_answer) answer = {0};
    cs_auto_value(cs_labca_request) row = {0};
    cs_auto(cs_ca) ca = NULL;
    struct cs_err err = {0};

    init_ca(&p256);
    cs_auto_value(cs_bytes) csr = new_csr("edge1.litwareinc.net", &p256, false);
    const struct cs_ca_submission submission = {.csr = &csr};
    assert_ok(cs_labca_open(store, &overtaken, &config, &ca, &err), &err);
    assert_ok(ca->ops->submit(ca, &submission, &answer, &err), &err);
    ck_assert_int_eq(err.code, CS_OK);
    ck_assert_int_eq(answer.disposition, CS_CA_ISSUED);
    assert_ok(cs_store_labca_request_get(store, 1, &row, &err), &err);
    ck_assert(cs_bytes_equal(&row.certificate, &answer.certificate));
}
END_TEST

/* ---- hold, approve, deny, revoke ---- */

START_TEST(test_hold)
{
    cs_auto_value(cs_ca_answer) pending = {0};
    cs_auto_value(cs_ca_answer) polled = {0};
    cs_auto_value(cs_ca_answer) issued = {0};
    struct cs_err err;

    init_ca(&p256);
    config.hold = true;
    cs_auto_value(cs_bytes) csr = new_csr("edge1.litwareinc.net", &p256, false);
    assert_ok(submit(&csr, &pending, &err), &err);
    ck_assert_int_eq(pending.disposition, CS_CA_PENDING);
    assert_contains(pending.message, "cscert ca approve 1");
    ck_assert_ptr_null(pending.certificate.data);
    assert_ok(poll_ca("1", &polled, &err), &err);
    ck_assert_int_eq(polled.disposition, CS_CA_PENDING);
    /* Nothing was signed, so that no PIN was needed. */
    ck_assert_uint_eq(cs_softkeys_calls(soft, CS_SOFTKEYS_OPEN), 0);

    assert_ok(cs_labca_approve(store, cs_softkeys_source(soft), &config, 1, &err), &err);
    assert_ok(poll_ca("1", &issued, &err), &err);
    ck_assert_int_eq(issued.disposition, CS_CA_ISSUED);
    write_pem("cert.pem", &issued.certificate);
    write_pem("ca.pem", &issued.chain);
    assert_says("openssl verify -crl_check -CAfile ca.pem -CRLfile lab.crl cert.pem", "OK");

    assert_fails(cs_labca_approve(store, cs_softkeys_source(soft), &config, 1, &err), CS_E_USAGE,
                 &err);
    assert_contains(err.message, "request 1 of the lab CA is issued");
    assert_fails(cs_labca_deny(store, &config, 1, NULL, &err), CS_E_USAGE, &err);
}
END_TEST

START_TEST(test_deny)
{
    cs_auto_value(cs_ca_answer) pending = {0};
    cs_auto_value(cs_ca_answer) denied = {0};
    struct cs_err err;

    init_ca(&p256);
    config.hold = true;
    cs_auto_value(cs_bytes) csr = new_csr("edge1.litwareinc.net", &p256, false);
    assert_ok(submit(&csr, &pending, &err), &err);
    struct cs_labca_config other = config;
    other.authority = "another";
    assert_fails(cs_labca_deny(store, &other, 1, NULL, &err), CS_E_USAGE, &err);
    assert_contains(err.message, "not \"another\"");
    assert_ok(cs_labca_deny(store, &config, 1, _i ? "wrong department" : NULL, &err), &err);
    assert_ok(poll_ca("1", &denied, &err), &err);
    ck_assert_int_eq(denied.disposition, CS_CA_DENIED);
    assert_contains(denied.message, _i ? "wrong department" : "denied by");
    assert_fails(cs_labca_approve(store, cs_softkeys_source(soft), &config, 1, &err), CS_E_USAGE,
                 &err);
    assert_fails(cs_labca_revoke(store, cs_softkeys_source(soft), &config, 1, &err), CS_E_USAGE,
                 &err);
    assert_fails(cs_labca_deny(store, &config, 99, NULL, &err), CS_E_USAGE, &err);
    ck_assert_uint_eq(cs_softkeys_calls(soft, CS_SOFTKEYS_OPEN), 0);
}
END_TEST

START_TEST(test_revoke)
{
    cs_auto_value(cs_ca_answer) first = {0};
    cs_auto_value(cs_ca_answer) second = {0};
    cs_auto_value(cs_ca_answer) revoked = {0};
    struct cs_err err;
    struct stat info;

    init_ca(_i ? &rsa2048 : &p256);
    cs_auto_value(cs_bytes) csr = new_csr("edge1.litwareinc.net", &p256, false);
    cs_auto_value(cs_bytes) csr2 = new_csr("edge2.litwareinc.net", &p256, false);
    assert_ok(submit(&csr, &first, &err), &err);
    assert_ok(submit(&csr2, &second, &err), &err);
    write_pem("one.pem", &first.certificate);
    write_pem("two.pem", &second.certificate);
    write_pem("ca.pem", &first.chain);
    /* numbers 1 and 2 went to the two issues */
    assert_says("openssl crl -in lab.crl -noout -crlnumber", "crlNumber=0x02\n");
    assert_says("openssl crl -in lab.crl -noout -text", "No Revoked Certificates");

    assert_ok(cs_labca_revoke(store, cs_softkeys_source(soft), &config, 1, &err), &err);
    assert_ok(poll_ca("1", &revoked, &err), &err);
    ck_assert_int_eq(revoked.disposition, CS_CA_REVOKED);
    assert_contains(revoked.message, "revoked");
    ck_assert_ptr_null(revoked.certificate.data);

    assert_says("openssl verify -crl_check -CAfile ca.pem -CRLfile lab.crl one.pem; true",
                "certificate revoked");
    assert_says("openssl verify -crl_check -CAfile ca.pem -CRLfile lab.crl two.pem", "two.pem: OK");
    assert_says("openssl crl -in lab.crl -noout -crlnumber", "crlNumber=0x03\n");
    cs_autofree char *text = says("openssl crl -in lab.crl -CAfile ca.pem -noout -text");
    assert_contains(text, "verify OK");
    assert_contains(text, "Version 2");
    assert_contains(text, "Cessation Of Operation");
    assert_contains(text, "Authority Key Identifier");
    assert_says("/usr/bin/python3 -c 'from cryptography import x509\n"
                "c = x509.load_der_x509_crl(open(\"lab.crl\", \"rb\").read())\n"
                "s = x509.load_pem_x509_certificate(open(\"one.pem\", \"rb\").read())\n"
                "print(len(c), c.get_revoked_certificate_by_serial_number(s.serial_number) "
                "is not None, (c.next_update - c.last_update).total_seconds())'",
                "1 True 605100.0\n"); /* 7 days and 5 minutes */
    ck_assert_int_eq(stat(crl_file, &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0644);

    assert_fails(cs_labca_revoke(store, cs_softkeys_source(soft), &config, 1, &err), CS_E_USAGE,
                 &err);
    assert_ok(cs_labca_revoke(store, cs_softkeys_source(soft), &config, 2, &err), &err);
    assert_says("openssl crl -in lab.crl -noout -text | grep -c 'Serial Number'", "2\n");
}
END_TEST

/* Without a list there is nothing to sign, and no PIN is asked for. */
START_TEST(test_revoke_without_list)
{
    cs_auto_value(cs_ca_answer) issued = {0};
    cs_auto_value(cs_ca_answer) revoked = {0};
    struct cs_err err;

    config.crl_file = NULL;
    init_ca(&p256);
    cs_auto_value(cs_bytes) csr = new_csr("edge1.litwareinc.net", &p256, false);
    assert_ok(submit(&csr, &issued, &err), &err);
    unsigned opened = cs_softkeys_calls(soft, CS_SOFTKEYS_OPEN);
    assert_ok(cs_labca_revoke(store, cs_softkeys_source(soft), &config, 1, &err), &err);
    ck_assert_uint_eq(cs_softkeys_calls(soft, CS_SOFTKEYS_OPEN), opened);
    assert_ok(poll_ca("1", &revoked, &err), &err);
    ck_assert_int_eq(revoked.disposition, CS_CA_REVOKED);
}
END_TEST

/* ---- what is refused ---- */

#define NEW_P256 "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"

/* Requests that openssl makes and the lab CA denies; what it says. */
static const struct {
    const char *command;
    const char *said;
} refused[] = {
    {"openssl req -new -newkey rsa:512 -nodes -keyout k -subj /CN=a -outform DER", "512 bits"},
    {"openssl req -new -newkey ed25519 -nodes -keyout k -subj /CN=a -outform DER", "ED25519"},
    {"openssl ecparam -name secp256k1 -genkey -out k && openssl req -new -key k -subj /CN=a "
     "-outform DER",
     "secp256k1"},
    {NEW_P256 " -keyout k -subj /O=a -outform DER", "names no server"},
    {NEW_P256 " -keyout k -subj '/CN=Ken Myer' -outform DER", "Ken Myer"},
    {NEW_P256 " -keyout k -subj /CN=a -addext subjectAltName=DNS:a,DNS:a_b -outform DER", "a_b"},
    {NEW_P256 " -keyout k -subj /CN=a -addext "
              "subjectAltName=DER:30058203610062 -outform DER",
     "NUL"},
    {NEW_P256 " -keyout k -subj /CN=a -addext "
              "extendedKeyUsage=DER:0500 -outform DER",
     "extendedKeyUsage"},
    {NEW_P256 " -keyout k -subj /CN=edge1.litwareinc.net "
              "-outform DER | LC_ALL=C sed s/edge1/edge2/",
     "does not verify"},
    {"echo hello", "PKCS#10"},
    {"head -c 200000 /dev/zero", "200000 octets"},
};

START_TEST(test_refused)
{
    cs_auto_value(cs_bytes) csr =
        cs_judge_make(folder, "csr", "{ %s ; } >csr 2>/dev/null", refused[_i].command);
    cs_auto_value(cs_ca_answer) answer = {0};
    cs_auto_value(cs_ca_answer) polled = {0};
    struct cs_err err;

    init_ca(&p256);
    assert_ok(submit(&csr, &answer, &err), &err);
    ck_assert_int_eq(answer.disposition, CS_CA_DENIED);
    assert_contains(answer.message, refused[_i].said);
    ck_assert_ptr_null(answer.certificate.data);
    assert_ok(poll_ca(answer.request_id, &polled, &err), &err);
    ck_assert_int_eq(polled.disposition, CS_CA_DENIED);
    ck_assert_str_eq(polled.message, answer.message);
    ck_assert_uint_eq(cs_softkeys_calls(soft, CS_SOFTKEYS_OPEN), 0);
}
END_TEST

/* What a stranger's request asks for and what it gets. */
static const struct {
    const char *command;
    const char *has;
    const char *has_not;
} strangers[] = {
    {"-subj /CN=Edge1.LitwareInc.net", "DNS:edge1.litwareinc.net\n", "Client Authentication"},
    {"-subj / -addext subjectAltName=DNS:a.litwareinc.net", "Subject Alternative Name: critical",
     "Client Authentication"},
    {"-subj /CN=x -addext subjectAltName=DNS:a.litwareinc.net,IP:10.0.0.1,email:a@b.c",
     "DNS:a.litwareinc.net\n", "IP Address"},
    {"-subj /CN=x -addext extendedKeyUsage=clientAuth,codeSigning", "Client Authentication\n",
     "Code Signing"},
    {"-subj /CN=x -addext basicConstraints=critical,CA:TRUE -addext keyUsage=keyCertSign",
     "CA:FALSE", "Certificate Sign"},
};

START_TEST(test_strangers)
{
    cs_auto_value(cs_bytes) csr =
        cs_judge_make(folder, "csr", NEW_P256 " -keyout k -outform DER %s >csr 2>/dev/null",
                      strangers[_i].command);
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err;

    init_ca(&p256);
    assert_ok(submit(&csr, &answer, &err), &err);
    ck_assert_msg(answer.disposition == CS_CA_ISSUED, "%s", answer.message);
    write_pem("cert.pem", &answer.certificate);
    cs_autofree char *text = says("openssl x509 -in cert.pem -noout -text");
    assert_contains(text, strangers[_i].has);
    ck_assert_msg(!strstr(text, strangers[_i].has_not), "%s", text);
}
END_TEST

static const struct {
    const char *request_id;
    cs_rc rc;
} numbers[] = {
    {NULL, CS_E_CA_REFUSED}, {"", CS_E_CA_REFUSED},   {"0", CS_E_CA_REFUSED},
    {"-1", CS_E_CA_REFUSED}, {"1x", CS_E_CA_REFUSED}, {"99999999999999999999", CS_E_USAGE},
    {"2", CS_E_USAGE},       {"1", CS_E_CA_REFUSED}, /* another CA's */
};

START_TEST(test_poll_numbers)
{
    cs_auto_value(cs_ca_answer) answer = {0};
    cs_auto_value(cs_ca_answer) polled = {0};
    struct cs_err err;

    init_ca(&p256);
    cs_auto_value(cs_bytes) csr = new_csr("edge1.litwareinc.net", &p256, false);
    assert_ok(submit(&csr, &answer, &err), &err);
    assert_ok(cs_labca_init(store, soft, "other", &p256, &err), &err);
    config.authority = "other";
    assert_fails(poll_ca(numbers[_i].request_id, &polled, &err), numbers[_i].rc, &err);
    assert_fails(cs_labca_revoke(store, cs_softkeys_source(soft), &config, 1, &err), CS_E_USAGE,
                 &err);
}
END_TEST

/* ---- what fails ---- */

/* The token fails at one call: no certificate and a request that the next submission takes up. */
START_TEST(test_token_fails)
{
    struct cs_err err;
    unsigned nth = 1;

    init_ca(&p256);
    cs_auto_value(cs_bytes) csr = new_csr("edge1.litwareinc.net", &p256, false);
    config.crl_file = NULL;
    for (;; nth++) {
        cs_auto_value(cs_ca_answer) answer = {0};
        cs_softkeys_fail_at(soft, nth);
        cs_rc rc = submit(&csr, &answer, &err);
        cs_softkeys_fail_at(soft, 0);
        if (rc == CS_OK) {
            ck_assert_int_eq(answer.disposition, CS_CA_ISSUED);
            ck_assert_str_eq(answer.request_id, "1");
            break;
        }
        assert_contains(err.message, "as told");
        ck_assert_int_eq(cs_softkeys_open_count(soft), 0);
        cs_auto_value(cs_ca_answer) polled = {0};
        assert_ok(poll_ca("1", &polled, &err), &err);
        ck_assert_int_eq(polled.disposition, CS_CA_PENDING);
    }
    /* open, find, sign */
    ck_assert_uint_eq(nth, 4);
}
END_TEST

START_TEST(test_bad_signature)
{
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err;

    init_ca(_i ? &rsa2048 : &p256);
    cs_auto_value(cs_bytes) csr = new_csr("edge1.litwareinc.net", &p256, false);
    cs_softkeys_signature(soft, CS_SOFTKEYS_WRONG);
    assert_fails(submit(&csr, &answer, &err), CS_E_TOKEN_REFUSED, &err);
    assert_contains(err.message, "does not verify");
}
END_TEST

START_TEST(test_key_gone)
{
    cs_auto_value(cs_ca_answer) answer = {0};
    cs_auto_value(cs_labca_row) row = {0};
    bool found = false;
    size_t count = 0;
    struct cs_err err;

    init_ca(&p256);
    cs_auto_value(cs_bytes) csr = new_csr("edge1.litwareinc.net", &p256, false);
    assert_ok(cs_store_labca_get(store, NULL, &row, &found, &err), &err);
    assert_ok(soft->ops->destroy(soft, row.key_id, &count, &err), &err);
    assert_fails(submit(&csr, &answer, &err), CS_E_TOKEN_ABSENT, &err);
    assert_contains(err.message, "mylab");

    /* Another key under that CKA_ID. */
    struct cs_key_request request = {.spec = p256, .label = "other"};
    struct cs_key *key = NULL;
    memcpy(request.id, row.key_id, sizeof request.id);
    assert_ok(soft->ops->generate(soft, &request, &key, &err), &err);
    soft->ops->key_free(key);
    assert_fails(submit(&csr, &answer, &err), CS_E_MISMATCH, &err);
}
END_TEST

/* The certificate is issued all the same, and the answer says what is missing. */
START_TEST(test_list_cannot_be_written)
{
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err;

    init_ca(&p256);
    cs_auto_value(cs_bytes) csr = new_csr("edge1.litwareinc.net", &p256, false);
    cs_autofree char *nowhere = cs_asprintf("%s/none/lab.crl", folder);
    config.crl_file = nowhere;
    assert_ok(submit(&csr, &answer, &err), &err);
    ck_assert_int_eq(answer.disposition, CS_CA_ISSUED);
    ck_assert_ptr_nonnull(answer.certificate.data);
    assert_contains(answer.message, "issued, but the revocation list was not written");
    assert_contains(answer.message, nowhere);

    assert_fails(cs_labca_revoke(store, cs_softkeys_source(soft), &config, 1, &err), CS_E_OUTPUT,
                 &err);
    assert_contains(err.message, "request 1 is revoked, but");
    cs_auto_value(cs_ca_answer) polled = {0};
    assert_ok(poll_ca("1", &polled, &err), &err);
    ck_assert_int_eq(polled.disposition, CS_CA_REVOKED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("labca");
    TCase *tcase = tcase_create("labca");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    add_rows(tcase, test_issue, issues);
    tcase_add_test(tcase, test_check);
    add_rows(tcase, test_validity, validities);
    tcase_add_test(tcase, test_same_request);
    tcase_add_test(tcase, test_hold);
    tcase_add_test(tcase, test_overtaken);
    tcase_add_loop_test(tcase, test_deny, 0, 2);
    tcase_add_loop_test(tcase, test_revoke, 0, 2);
    tcase_add_test(tcase, test_revoke_without_list);
    add_rows(tcase, test_refused, refused);
    add_rows(tcase, test_strangers, strangers);
    add_rows(tcase, test_poll_numbers, numbers);
    tcase_add_test(tcase, test_token_fails);
    tcase_add_loop_test(tcase, test_bad_signature, 0, 2);
    tcase_add_test(tcase, test_key_gone);
    tcase_add_test(tcase, test_list_cannot_be_written);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
