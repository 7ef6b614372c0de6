/* Active Directory by LDAP, signed and sealed with Kerberos: what it says of its certification
 * authorities (MS-WCCE 2.2.2.11, MS-CRTD). */
#ifndef CS_NET_DIRECTORY_H
#define CS_NET_DIRECTORY_H

#include "base/cleanup.h"
#include "base/err.h"
#include "base/strv.h"
#include "net/krb5cred.h"

struct cs_directory;

/* Where it is: the first that is said. Borrowed for the call. */
struct cs_directory_wish {
    struct cs_krb5 *krb5;
    const char *global_catalog;    /* a host; port 3268 */
    const char *domain_controller; /* a host */
    const char *domain;            /* a DNS name: its controllers are found by SRV records */
    unsigned timeout;              /* seconds for one question */
};

/* Connects and logs in at the first controller that answers. CS_E_CA_UNREACHABLE. */
CS_MUST_CHECK cs_rc cs_directory_open(const struct cs_directory_wish *wish,
                                      struct cs_directory **ret_directory, struct cs_err *err);
void cs_directory_free(struct cs_directory *directory); /* NULL is nothing */
CS_DEFINE_AUTO(cs_directory, cs_directory_free);

/* The host that answers. */
const char *cs_directory_host(const struct cs_directory *directory);

/* An enterprise CA as the directory lists it (class pKIEnrollmentService). Borrowed. */
struct cs_directory_ca {
    const char *name; /* the CA's common name, as RPC wants it */
    const char *host; /* dNSHostName */
    const struct cs_strv *templates;
    const struct cs_strv *urls; /* of its enrolment web services */
};
typedef cs_rc (*cs_directory_fn)(void *ctx, const struct cs_directory_ca *ca, struct cs_err *err);

/* Calls @each with every CA; stops on the first result that is not CS_OK. */
CS_MUST_CHECK cs_rc cs_directory_each_ca(struct cs_directory *directory, cs_directory_fn each,
                                         void *ctx, struct cs_err *err);

/* A name of the directory without what AD makes of characters that a DN does not take: "!0020" is a
 * blank (MS-WCCE 3.1.1.4.1.1). The caller frees. */
char *cs_directory_unsanitize(const char *name);

#endif
