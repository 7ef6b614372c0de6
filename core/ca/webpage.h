/* The pages of /certsrv: what is read of them are numbers, links and ID attributes, which are the
 * same in every language of Windows. */
#ifndef CS_CA_WEBPAGE_H
#define CS_CA_WEBPAGE_H

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/err.h"

#include <stdint.h>

/* The longest page, in octets; AD CS's own have less than 20 KiB. libxml2 compares each attribute
 * of an element with all before it, so that a longer one could keep it busy for minutes. */
#define CS_WEBPAGE_MAX ((size_t)128 << 10)

/* The form of certfnsh.asp for a new request, application/x-www-form-urlencoded; the caller frees.
 * @template_name NULL: only what the request itself names. */
char *cs_webpage_form(const struct cs_bytes *csr, const char *template_name);

/* What a page says. Strings are owned, and NULL where it does not say. */
struct cs_webpage {
    char *issued_id;  /* of a link to certnew.cer: this request has a certificate */
    char *request_id; /* of the request that was just made */
    char *message;    /* the CA's own words */
    int disposition;  /* ICertRequest's number (MS-WCCE 3.1.1.4.2.1); -1: it does not say */
    uint32_t hresult; /* 0: it does not say */
};
void cs_webpage_done(struct cs_webpage *page);

/* CS_E_CA_UNREACHABLE for what is no page of /certsrv, or too large. */
CS_MUST_CHECK cs_rc cs_webpage_read(const struct cs_bytes *html, struct cs_webpage *ret_page,
                                    struct cs_err *err);

#endif
