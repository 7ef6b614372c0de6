/* A CA's answer from outside: whatever it is, it is parsed or refused with a message. */
#include "x509/cert.h"
#include "x509/reply.h"

#include <stdlib.h>

/* P-256's base point (FIPS 186-4 appendix D.1.2.3), the public key of the private key 1: what the
 * seeds certify. */
static const char spki_hex[] = "3059301306072a8648ce3d020106082a8648ce3d030107034200"
                               "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                               "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

static cs_rc read_each(void *ctx, const struct cs_bytes *der, struct cs_err *err)
{
    struct cs_cert_facts facts = {0};

    (void)ctx;
    if (cs_cert_read(der, &facts, err) == CS_OK) {
        cs_cert_facts_done(&facts);
    }
    return CS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cs_auto_value(cs_bytes) reply = cs_bytes_copy(data, size);
    cs_auto_value(cs_bytes) spki = {0};
    cs_auto_value(cs_bytes) certificate = {0};
    cs_auto_value(cs_bytes) chain = {0};
    struct cs_err err = {0};

    if (cs_unhex(spki_hex, &spki, &err) != CS_OK) {
        abort();
    }
    cs_rc rc = cs_reply_parse(&reply, &spki, &certificate, &chain, &err);
    if (rc != CS_OK) {
        /* Refused: with a message, and nothing handed out. */
        if (!err.message[0] || certificate.data || chain.data) {
            abort();
        }
        return 0;
    }
    /* What is handed out is whole certificates. */
    if (cs_cert_each(&certificate, read_each, NULL, &err) != CS_OK ||
        cs_cert_each(&chain, read_each, NULL, &err) != CS_OK) {
        abort();
    }
    return 0;
}
