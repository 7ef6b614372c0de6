/* A PKCS#12 file from outside: a key that can be used with its certificate, or it is refused. The
 * corpus was made with the password "x". */
#include "base/mem.h"
#include "base/strv.h"
#include "x509/cert.h"
#include "x509/pkcs12.h"
#include "x509/pkcs8.h"

#include <stdlib.h>
#include <string.h>

static struct cs_secret *password(void)
{
    static struct cs_secret *secret;
    char text[] = "x";

    if (!secret &&
        (cs_secret_setup(NULL) != CS_OK || cs_secret_take(text, 1, &secret, NULL) != CS_OK)) {
        abort();
    }
    return secret;
}

static cs_rc look(void *ctx, const struct cs_bytes *der, struct cs_err *err)
{
    (void)err;
    *(size_t *)ctx += der->len;
    return CS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cs_auto_value(cs_bytes) file = cs_bytes_copy(data, size);
    cs_auto_value(cs_bytes) certificate = {0};
    cs_auto_value(cs_bytes) chain = {0};
    cs_auto_value(cs_cert_parts) parts = {0};
    cs_auto(cs_secret) pkcs8 = NULL;
    cs_autofree char *name = NULL;
    struct cs_err err = {0};
    size_t seen = 0;

    cs_rc rc = cs_pkcs12_read(&file, password(), &pkcs8, &certificate, &chain, &name, &err);
    if (rc != CS_OK) {
        if (rc != err.code || !err.message[0] || pkcs8 || certificate.data || chain.data || name) {
            abort();
        }
        return 0;
    }
    if (cs_cert_parts_read(&certificate, &parts, &err) != CS_OK ||
        (name && !cs_text_is_clean(name)) || cs_cert_each(&chain, look, &seen, &err) != CS_OK ||
        seen != chain.len) {
        abort();
    }
    if (pkcs8) {
        /* Its public half is the certificate's; that the rest fits is another question. */
        cs_auto_value(cs_bytes) spki = {0};
        if (cs_pkcs8_spki(pkcs8, &spki, &err) != CS_OK || !cs_cert_key_equal(&spki, &parts.spki)) {
            abort();
        }
        (void)!cs_pkcs8_check(pkcs8, &parts.spki, &err);
    }
    return 0;
}
