#include "net/gssfail.h"

#include "base/bytes.h"

#include <stdlib.h>

/* All that GSSAPI says about one status code. */
static void add_status(struct cs_buf *buf, OM_uint32 status, int type, gss_OID mech)
{
    OM_uint32 minor = 0;
    OM_uint32 more = 0;

    do {
        gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
        if (GSS_ERROR(gss_display_status(&minor, status, type, mech, &more, &text))) {
            return;
        }
        cs_buf_puts(buf, buf->len ? ": " : "");
        cs_buf_add(buf, text.value, text.length);
        (void)gss_release_buffer(&minor, &text);
    } while (more);
}

cs_rc cs_fail_gss(struct cs_err *err, cs_rc code, OM_uint32 major, OM_uint32 minor, gss_OID mech,
                  const char *operation, const char *what)
{
    struct cs_buf buf = CS_BUF(512);
    cs_autofree char *words = NULL;

    if (minor) {
        add_status(&buf, minor, GSS_C_MECH_CODE, mech);
    }
    if (buf.len == 0) {
        add_status(&buf, major, GSS_C_GSS_CODE, GSS_C_NO_OID);
    }
    (void)!cs_buf_take_text(&buf, "GSSAPI's message", &words, NULL);
    cs_buf_done(&buf);
    cs_err_set(err, code, "%s: %s", what, words ? words : "unknown");
    cs_err_cause(err, CS_ORIGIN_KERBEROS, (int32_t)minor, words, operation);
    return code;
}
