/* MS-XCEP: what a Certificate Enrollment Policy Web Service (CEP) says of templates, CAs and their
 * enrolment services. */
#ifndef CS_CA_XCEP_H
#define CS_CA_XCEP_H

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/strv.h"
#include "ca/wstep.h"

#include <stdbool.h>
#include <stddef.h>

/* The most of each in one answer. */
#define CS_XCEP_MAX 1000

/* clientAuthentication of an address (MS-XCEP 3.1.4.1.3.2). */
enum cs_xcep_auth {
    CS_XCEP_ANONYMOUS = 1,
    CS_XCEP_KERBEROS = 2,
    CS_XCEP_PASSWORD = 4,
    CS_XCEP_CERTIFICATE = 8
};

struct cs_xcep_uri {
    char *url;
    unsigned auth;     /* enum cs_xcep_auth */
    unsigned priority; /* the lowest goes first */
    bool renewal_only;
};

struct cs_xcep_ca {
    char *reference; /* cAReferenceID */
    bool may_enroll;
    struct cs_xcep_uri *uris;
    size_t uri_count;
};

struct cs_xcep_template {
    char *name;                /* commonName */
    struct cs_strv references; /* of the CAs that have it */
    bool may_enroll;
};

struct cs_xcep {
    struct cs_xcep_template *templates;
    size_t template_count;
    struct cs_xcep_ca *cas;
    size_t ca_count;
};
void cs_xcep_done(struct cs_xcep *policies);

/* GetPolicies for everything that a client of the newest version may see: one that states none is
 * shown old templates only. As cs_wstep_query() otherwise. */
void cs_xcep_question(const char *url, const char *user, int64_t now,
                      struct cs_wstep_message *ret_message);

/* CS_E_CA_REFUSED for a fault, CS_E_CA_UNREACHABLE for what is no answer. */
CS_MUST_CHECK cs_rc cs_xcep_answer(const struct cs_bytes *reply, struct cs_xcep *ret_policies,
                                   struct cs_err *err);

/* Where to send a request for @template_name (NULL: any) with authentication @auth: borrowed from
 * @policies. CS_E_CA_REFUSED says which of template, right and address is missing. */
CS_MUST_CHECK cs_rc cs_xcep_choose(const struct cs_xcep *policies, const char *template_name,
                                   enum cs_xcep_auth auth, const char **ret_url,
                                   struct cs_err *err);

#endif
