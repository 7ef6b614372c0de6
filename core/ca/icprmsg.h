/* The messages of MS-ICPR: the one call CertServerRequest, and what its numbers mean (MS-WCCE
 * sections 2.2.2 and 3.2.1.4). */
#ifndef CS_CA_ICPRMSG_H
#define CS_CA_ICPRMSG_H

#include "base/bytes.h"
#include "base/err.h"
#include "net/ndr.h"
#include "port/ca.h"

#include <stdint.h>

/* The longest request. */
#define CS_ICPR_REQUEST_MAX ((size_t)1 << 20)

struct cs_icpr_question {
    const char *authority;      /* the CA's common name */
    const struct cs_bytes *csr; /* DER PKCS#10; NULL: asks about @request_id */
    const char *template_name;  /* NULL: the CA's default */
    uint32_t request_id;        /* 0 with a request */
};

/* The stub of the call. CS_E_USAGE for a name that is no UTF-8, or a template that would become a
 * second attribute. */
CS_MUST_CHECK cs_rc cs_icpr_put(const struct cs_icpr_question *question, struct cs_bytes *ret_stub,
                                struct cs_err *err);

/* A blob of an answer, borrowed from its stub; {0} if there is none. */
struct cs_icpr_blob {
    const uint8_t *data;
    size_t len;
};

struct cs_icpr_reply {
    uint32_t request_id;
    uint32_t disposition;
    struct cs_icpr_blob chain;       /* CMS */
    struct cs_icpr_blob certificate; /* X.509 */
    struct cs_icpr_blob message;     /* UTF-16LE */
    uint32_t result;                 /* HRESULT */
};

/* CS_E_CA_UNREACHABLE if a length in it lies. */
CS_MUST_CHECK cs_rc cs_icpr_read(const struct cs_bytes *stub, struct cs_icpr_reply *ret_reply,
                                 struct cs_err *err);

/* What the reply means. CS_OK with any disposition. CS_E_CA_REFUSED with the HRESULT where the CA
 * does not take the request or knows no such number, CS_E_CA_UNREACHABLE where its service could
 * not be asked or the answer makes no sense. *ret_open, set on failure too: the CA may have the
 * request all the same. @ca names it for messages. */
CS_MUST_CHECK cs_rc cs_icpr_judge(const struct cs_icpr_question *question,
                                  const struct cs_icpr_reply *reply, const char *ca,
                                  struct cs_ca_answer *ret_answer, bool *ret_open,
                                  struct cs_err *err);

/* The CA's number of a request, as people and the store have it. CS_E_CA_REFUSED for what is none:
 * such a number was never given. */
CS_MUST_CHECK cs_rc cs_icpr_parse_id(const char *text, uint32_t *ret_id, struct cs_err *err);

#endif
