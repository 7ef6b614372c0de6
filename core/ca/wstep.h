/* MS-WSTEP: the messages of a Certificate Enrollment Web Service (CES). */
#ifndef CS_CA_WSTEP_H
#define CS_CA_WSTEP_H

#include "base/bytes.h"
#include "base/err.h"
#include "port/ca.h"

#include <stddef.h>
#include <stdint.h>

/* Value of SOAPAction's successor, the action parameter (MS-WSTEP 3.1.4.1.1). */
#define CS_WSTEP_ACTION "http://schemas.microsoft.com/windows/pki/2009/01/enrollment/RST/wstep"

/* A message as it goes to @url. @user NULL: who asks is not said in the message; else the password
 * goes to text[*ret_gap] (soap.h). @now: seconds since 1970. */
struct cs_wstep_message {
    struct cs_bytes text;
    size_t gap;
};
void cs_wstep_message_done(struct cs_wstep_message *message);

/* MS-WSTEP 3.1.4.1.1.2 with RequestType Issue: a DER PKCS#10; @template_name NULL: only what the
 * request itself names. */
void cs_wstep_issue(const char *url, const char *user, int64_t now, const struct cs_bytes *csr,
                    const char *template_name, struct cs_wstep_message *ret_message);

/* With RequestType QueryTokenStatus. */
void cs_wstep_query(const char *url, const char *user, int64_t now, const char *request_id,
                    struct cs_wstep_message *ret_message);

/* What the service answered: told apart by structure, never by its texts, which are localised.
 * handle is the URL to poll when it is pending. For a fault that does not say that the CA denied
 * the request: as cs_hresult_rc() where it has a number, else CS_E_CA_REFUSED if the sender is to
 * blame, so that the service did not even ask the CA. CS_E_CA_UNREACHABLE for every other fault,
 * and for what is no answer. */
CS_MUST_CHECK cs_rc cs_wstep_answer(const struct cs_bytes *reply, struct cs_ca_answer *ret_answer,
                                    struct cs_err *err);

/* The CA's number in such an answer, also where nothing else of it can be used; NULL: there is
 * none. The caller frees. */
char *cs_wstep_request_id(const struct cs_bytes *reply);

#endif
