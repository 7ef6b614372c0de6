#include "net/gss.h"

#include "base/mem.h"
#include "net/gssfail.h"

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <stdlib.h>
#include <string.h>

struct cs_gss {
    struct cs_krb5 *krb5;
    gss_cred_id_t cred;
    gss_name_t target;
    gss_ctx_id_t context;
    char *service;
    char *host;
    struct cs_bytes bindings;
    bool dce_style;
};

/* 1.3.6.1.5.5.2 (RFC 4178 section 3.1). An OID's octets are not written to, whatever its type
 * says. */
static char spnego_octets[] = "\x2b\x06\x01\x05\x05\x02";
static gss_OID_desc spnego = {6, spnego_octets};

/* 1.2.840.113554.1.2.2 (RFC 1964 section 1). */
static char kerberos_octets[] = "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";
static gss_OID_desc kerberos = {9, kerberos_octets};

void cs_gss_free(struct cs_gss *gss)
{
    OM_uint32 minor = 0;

    if (!gss) {
        return;
    }
    (void)gss_delete_sec_context(&minor, &gss->context, GSS_C_NO_BUFFER);
    (void)gss_release_name(&minor, &gss->target);
    (void)gss_release_cred(&minor, &gss->cred);
    cs_bytes_done(&gss->bindings);
    free(gss->service);
    free(gss->host);
    free(gss);
}

static cs_rc fail(const struct cs_gss *gss, OM_uint32 major, OM_uint32 minor, const char *operation,
                  struct cs_err *err)
{
    cs_autofree char *what = cs_asprintf("the authentication of %s with %.255s failed",
                                         cs_krb5_client(gss->krb5), gss->host);

    return cs_fail_gss(err, CS_E_CA_UNREACHABLE, major, minor, &spnego, operation, what);
}

/* The cache by its name and Kerberos alone: SPNEGO would else take the default cache, or offer
 * NTLM where its mechanism is installed. */
static cs_rc acquire(struct cs_gss *gss, struct cs_err *err)
{
    gss_key_value_element_desc element = {"ccache", cs_krb5_ccache(gss->krb5)};
    const gss_key_value_set_desc store = {1, &element};
    gss_OID_set_desc outer = {1, &spnego};
    gss_OID_set_desc inner = {1, &kerberos};
    OM_uint32 minor = 0;

    OM_uint32 major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &outer,
                                            GSS_C_INITIATE, &store, &gss->cred, NULL, NULL);
    if (GSS_ERROR(major)) {
        return fail(gss, major, minor, "gss_acquire_cred_from", err);
    }
    major = gss_set_neg_mechs(&minor, gss->cred, &inner);
    return GSS_ERROR(major) ? fail(gss, major, minor, "gss_set_neg_mechs", err) : CS_OK;
}

static cs_rc name_target(struct cs_gss *gss, char *principal, struct cs_err *err)
{
    gss_buffer_desc text = {strlen(principal), principal};
    OM_uint32 minor = 0;

    OM_uint32 major = gss_import_name(&minor, &text, GSS_KRB5_NT_PRINCIPAL_NAME, &gss->target);
    return GSS_ERROR(major) ? fail(gss, major, minor, "gss_import_name", err) : CS_OK;
}

cs_rc cs_gss_new(const struct cs_gss_wish *wish, struct cs_gss **ret_gss, struct cs_err *err)
{
    cs_auto(cs_gss) gss = cs_alloc(1, sizeof *gss);
    cs_autofree char *principal = NULL;

    CS_TRY(cs_krb5_ticket(wish->krb5, wish->service, wish->host, &principal, err));
    gss->krb5 = wish->krb5;
    gss->service = cs_strdup(wish->service);
    gss->host = cs_strdup(wish->host);
    gss->dce_style = wish->dce_style;
    if (wish->bindings) {
        gss->bindings = cs_bytes_copy(wish->bindings->data, wish->bindings->len);
    }
    CS_TRY(acquire(gss, err));
    CS_TRY(name_target(gss, principal, err));
    *ret_gss = cs_steal(&gss);
    return CS_OK;
}

/* The ticket was got a moment ago: what is wrong now is between us and the host. */
static cs_rc fail_step(const struct cs_gss *gss, OM_uint32 major, OM_uint32 minor,
                       struct cs_err *err)
{
    cs_rc rc = fail(gss, major, minor, "gss_init_sec_context", err);

    cs_err_hint(err,
                "that computer's clock may differ from the domain's, or its name may belong to "
                "another account there: `setspn -Q %s/%.200s` on Windows tells",
                gss->service, gss->host);
    return rc;
}

/* What the context must have once it is there. */
static cs_rc check_flags(const struct cs_gss *gss, gss_OID mech, OM_uint32 flags,
                         struct cs_err *err)
{
    static const OM_uint32 privacy =
        GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG | GSS_C_SEQUENCE_FLAG | GSS_C_DCE_STYLE;
    OM_uint32 needed = GSS_C_MUTUAL_FLAG | (gss->dce_style ? privacy : 0);

    if (!mech || mech->length != kerberos.length ||
        memcmp(mech->elements, kerberos.elements, kerberos.length) != 0) {
        return cs_fail(err, CS_E_CA_UNREACHABLE, "%.255s chose another way than Kerberos",
                       gss->host);
    }
    if ((flags & needed) != needed) {
        return cs_fail(err, CS_E_CA_UNREACHABLE,
                       "%.255s agreed to less than mutual authentication%s (flags 0x%x)", gss->host,
                       gss->dce_style ? " and encryption" : "", flags);
    }
    return CS_OK;
}

cs_rc cs_gss_step(struct cs_gss *gss, const struct cs_bytes *token, struct cs_bytes *ret_token,
                  bool *ret_done, struct cs_err *err)
{
    struct gss_channel_bindings_struct bindings = {
        .application_data = {gss->bindings.len, gss->bindings.data}};
    gss_buffer_desc input = {token ? token->len : 0, token ? token->data : NULL};
    gss_buffer_desc output = GSS_C_EMPTY_BUFFER;
    OM_uint32 wanted = GSS_C_MUTUAL_FLAG;
    OM_uint32 flags = 0;
    OM_uint32 minor = 0;
    OM_uint32 ignored = 0;
    gss_OID mech = GSS_C_NO_OID;

    if (gss->dce_style) {
        wanted |= GSS_C_DCE_STYLE | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG | GSS_C_REPLAY_FLAG |
                  GSS_C_SEQUENCE_FLAG;
    }
    if (gss->bindings.len) {
        wanted |= GSS_C_CHANNEL_BOUND_FLAG;
    }
    OM_uint32 major =
        gss_init_sec_context(&minor, gss->cred, &gss->context, gss->target, &spnego, wanted, 0,
                             gss->bindings.len ? &bindings : GSS_C_NO_CHANNEL_BINDINGS, &input,
                             &mech, &output, &flags, NULL);
    struct cs_bytes next = cs_bytes_copy(output.value, output.length);
    (void)gss_release_buffer(&ignored, &output);
    cs_rc rc = GSS_ERROR(major) ? fail_step(gss, major, minor, err) : CS_OK;
    bool done = major == GSS_S_COMPLETE;
    if (rc == CS_OK && done) {
        rc = check_flags(gss, mech, flags, err);
    }
    if (rc != CS_OK) {
        cs_bytes_done(&next);
        return rc;
    }
    *ret_token = next;
    *ret_done = done;
    return CS_OK;
}

/* ---- messages ---- */

enum { IOV_HEAD, IOV_DATA, IOV_TAIL, IOV_TOKEN, IOV_COUNT };

/* The order in which the parts stand on the wire (MS-RPCE section 2.2.2.12). */
static void lay_out(const struct cs_gss_message *message, gss_iov_buffer_desc iov[IOV_COUNT])
{
    iov[IOV_HEAD] =
        (gss_iov_buffer_desc){GSS_IOV_BUFFER_TYPE_SIGN_ONLY, {message->head_len, message->head}};
    iov[IOV_DATA] =
        (gss_iov_buffer_desc){GSS_IOV_BUFFER_TYPE_DATA, {message->data_len, message->data}};
    iov[IOV_TAIL] =
        (gss_iov_buffer_desc){GSS_IOV_BUFFER_TYPE_SIGN_ONLY, {message->tail_len, message->tail}};
    iov[IOV_TOKEN] =
        (gss_iov_buffer_desc){GSS_IOV_BUFFER_TYPE_HEADER, {message->token_len, message->token}};
}

cs_rc cs_gss_token_len(struct cs_gss *gss, size_t data_len, size_t *ret_len, struct cs_err *err)
{
    const struct cs_gss_message message = {.data_len = data_len};
    gss_iov_buffer_desc iov[IOV_COUNT];
    OM_uint32 minor = 0;

    lay_out(&message, iov);
    OM_uint32 major =
        gss_wrap_iov_length(&minor, gss->context, 1, GSS_C_QOP_DEFAULT, NULL, iov, IOV_COUNT);
    if (GSS_ERROR(major)) {
        return fail(gss, major, minor, "gss_wrap_iov_length", err);
    }
    *ret_len = iov[IOV_TOKEN].buffer.length;
    return CS_OK;
}

cs_rc cs_gss_seal(struct cs_gss *gss, const struct cs_gss_message *message, struct cs_err *err)
{
    gss_iov_buffer_desc iov[IOV_COUNT];
    OM_uint32 minor = 0;
    int encrypted = 0;

    lay_out(message, iov);
    OM_uint32 major =
        gss_wrap_iov(&minor, gss->context, 1, GSS_C_QOP_DEFAULT, &encrypted, iov, IOV_COUNT);
    if (GSS_ERROR(major)) {
        return fail(gss, major, minor, "gss_wrap_iov", err);
    }
    if (!encrypted || iov[IOV_TOKEN].buffer.length != message->token_len) {
        return cs_fail(err, CS_E_INTERNAL, "the message to %.255s was not encrypted", gss->host);
    }
    return CS_OK;
}

cs_rc cs_gss_unseal(struct cs_gss *gss, const struct cs_gss_message *message, struct cs_err *err)
{
    gss_iov_buffer_desc iov[IOV_COUNT];
    OM_uint32 minor = 0;
    int encrypted = 0;

    lay_out(message, iov);
    OM_uint32 major = gss_unwrap_iov(&minor, gss->context, &encrypted, NULL, iov, IOV_COUNT);
    if (GSS_ERROR(major)) {
        return fail(gss, major, minor, "gss_unwrap_iov", err);
    }
    if (major != GSS_S_COMPLETE || !encrypted) { /* a repeated or an old message is no error */
        return cs_fail(err, CS_E_CA_UNREACHABLE,
                       "an answer of %.255s is not encrypted or not the next one (0x%x)", gss->host,
                       major);
    }
    return CS_OK;
}
