#include "ca/icprmsg.h"

#include "base/mem.h"
#include "base/strv.h"
#include "net/utf16.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* CR_IN_PKCS10 in the byte of the request's type (MS-WCCE section 3.2.1.4.2.1); none for a
 * question about a request (section 3.2.1.4.2.1.3). */
#define FLAGS_PKCS10 0x100U

/* The longest names in octets of UTF-16, far more than the directory has room for (64 characters
 * each). */
#define NAME_MAX_OCTETS 2048

/* What the deferred part of a pointer is called; any number but 0 (C706 section 14.3.12.3). */
#define REFERENT 0x20000U

/* ---- the question ---- */

/* [string] wchar_t: maximum, offset and length in characters with the NUL (C706 section
 * 14.3.4.2). */
static cs_rc put_string(struct cs_buf *buf, const char *what, const char *text, struct cs_err *err)
{
    struct cs_buf wide = CS_BUF(NAME_MAX_OCTETS);

    cs_rc rc = cs_utf16_put(&wide, what, text, err);
    if (rc == CS_OK && wide.overflow) {
        rc = cs_fail(err, CS_E_USAGE, "%s is too long", what);
    }
    if (rc == CS_OK) {
        cs_ndr_put_u32(buf, (uint32_t)(wide.len / 2));
        cs_ndr_put_u32(buf, 0);
        cs_ndr_put_u32(buf, (uint32_t)(wide.len / 2));
        cs_buf_add(buf, wide.data, wide.len);
        cs_ndr_put_align(buf, 4);
    }
    cs_buf_done(&wide);
    return rc;
}

/* CERTTRANSBLOB (MS-WCCE section 2.2.2.2): no octets are a NULL pointer. */
static void put_blob(struct cs_buf *buf, const void *data, size_t len)
{
    cs_ndr_put_u32(buf, (uint32_t)len);
    cs_ndr_put_u32(buf, len ? REFERENT : 0);
    if (len) {
        cs_ndr_put_u32(buf, (uint32_t)len);
        cs_buf_add(buf, data, len);
        cs_ndr_put_align(buf, 4);
    }
}

/* The attributes are lines "Name:Value" in UTF-16LE; the NUL at their end counts (MS-WCCE section
 * 2.2.2.7). */
static cs_rc put_attributes(struct cs_buf *buf, const char *template_name, struct cs_err *err)
{
    struct cs_buf wide = CS_BUF(NAME_MAX_OCTETS);

    if (!template_name) {
        put_blob(buf, NULL, 0);
        return CS_OK;
    }
    if (!*template_name || !cs_text_is_clean(template_name)) { /* a line end would begin another */
        cs_autofree char *shown = cs_terminal_escape(template_name);
        return cs_fail(err, CS_E_USAGE, "\"%.200s\" is no name of a template", shown);
    }
    cs_autofree char *line = cs_asprintf("CertificateTemplate:%s", template_name);
    cs_rc rc = cs_utf16_put(&wide, "the template's name", line, err);
    if (rc == CS_OK && wide.overflow) {
        rc = cs_fail(err, CS_E_USAGE, "the template's name is too long");
    }
    if (rc == CS_OK) {
        put_blob(buf, wide.data, wide.len);
    }
    cs_buf_done(&wide);
    return rc;
}

static cs_rc put_question(struct cs_buf *buf, const struct cs_icpr_question *question,
                          struct cs_err *err)
{
    static const struct cs_bytes nothing = {0};
    const struct cs_bytes *csr = question->csr ? question->csr : &nothing;

    cs_ndr_put_u32(buf, question->csr ? FLAGS_PKCS10 : 0);
    cs_ndr_put_u32(buf, REFERENT);
    CS_TRY(put_string(buf, "the CA's name", question->authority, err));
    cs_ndr_put_u32(buf, question->request_id);
    CS_TRY(put_attributes(buf, question->csr ? question->template_name : NULL, err));
    put_blob(buf, csr->data, csr->len);
    return CS_OK;
}

cs_rc cs_icpr_put(const struct cs_icpr_question *question, struct cs_bytes *ret_stub,
                  struct cs_err *err)
{
    struct cs_buf buf = CS_BUF(CS_ICPR_REQUEST_MAX);

    cs_rc rc = put_question(&buf, question, err);
    if (rc == CS_OK) {
        rc = cs_buf_take(&buf, "the request to the CA", ret_stub, err);
    }
    cs_buf_done(&buf);
    return rc;
}

/* ---- the answer ---- */

static struct cs_icpr_blob read_blob(struct cs_ndr *ndr)
{
    struct cs_icpr_blob blob = {0};

    cs_ndr_align(ndr, 4);
    uint32_t len = cs_ndr_u32(ndr);
    uint32_t pointer = cs_ndr_u32(ndr);
    if (!pointer) {
        ndr->failed |= len != 0;
        return blob;
    }
    if (cs_ndr_u32(ndr) != len) {
        ndr->failed = true;
    }
    blob.data = cs_ndr_octets(ndr, len);
    blob.len = blob.data ? len : 0;
    return blob;
}

cs_rc cs_icpr_read(const struct cs_bytes *stub, struct cs_icpr_reply *ret_reply, struct cs_err *err)
{
    struct cs_ndr ndr = {.data = stub->data, .len = stub->len};
    struct cs_icpr_reply reply = {0};

    reply.request_id = cs_ndr_u32(&ndr);
    reply.disposition = cs_ndr_u32(&ndr);
    reply.chain = read_blob(&ndr);
    reply.certificate = read_blob(&ndr);
    reply.message = read_blob(&ndr);
    cs_ndr_align(&ndr, 4);
    reply.result = cs_ndr_u32(&ndr);
    if (ndr.failed || cs_ndr_left(&ndr)) {
        return cs_fail(err, CS_E_CA_UNREACHABLE,
                       "the CA's answer of %zu octets is broken: a length in it is wrong",
                       stub->len);
    }
    *ret_reply = reply;
    return CS_OK;
}

cs_rc cs_icpr_parse_id(const char *text, uint32_t *ret_id, struct cs_err *err)
{
    char *end = NULL;

    errno = 0;
    unsigned long id = text && *text >= '0' && *text <= '9' ? strtoul(text, &end, 10) : 0;
    if (!end || *end || errno || id == 0 || id > UINT32_MAX) {
        cs_autofree char *shown = cs_terminal_escape(text ? text : "");
        return cs_fail(err, CS_E_CA_REFUSED, "\"%.40s\" is no request number of a CA", shown);
    }
    *ret_id = (uint32_t)id;
    return CS_OK;
}
