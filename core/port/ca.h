/* What the flow needs of a certification authority. Implemented by labca/ and, over wire/, by
 * cscert-ca. */
#ifndef CS_PORT_CA_H
#define CS_PORT_CA_H

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stdint.h>

enum cs_disposition { CS_CA_ISSUED, CS_CA_PENDING, CS_CA_DENIED, CS_CA_REVOKED };

/* Where the password of a CaAccount comes from: it lives for one run and is never stored, so that
 * each run asks again. */
struct cs_ca_password {
    /* *ret_secret is lent and may be NULL: nobody said one and nobody is there to ask. */
    cs_rc (*get)(struct cs_ca_password *password, const char *account,
                 const struct cs_secret **ret_secret, struct cs_err *err);
};

/* What goes to the CA beside the request. Strings may be NULL. */
struct cs_ca_submission {
    const struct cs_bytes *csr; /* DER PKCS#10 */
    const char *template_name;
    const char *account;              /* -CaAccount */
    const struct cs_secret *password; /* -CaPassword, for this run only */
    const char *global_catalog;
    const char *global_settings_dc;
};

struct cs_ca_answer {
    enum cs_disposition disposition;
    char *request_id;            /* the CA's number */
    char *handle;                /* for poll(); opaque */
    char *message;               /* the CA's own words, or NULL */
    int64_t code;                /* HRESULT where the CA has one, else 0 */
    char *code_name;             /* its name, "CERTSRV_E_TEMPLATE_DENIED"; NULL: none is known */
    char *hint;                  /* what to do about a refusal, or NULL */
    struct cs_bytes certificate; /* DER, if issued */
    struct cs_bytes chain;       /* concatenated DER, issuer first */
};
void cs_ca_answer_done(struct cs_ca_answer *answer);

/* One thing that `ca probe` found out: "endpoint mapper", "tcp 135 open", "ok". */
struct cs_ca_finding {
    char *step;
    char *detail;
    bool ok;
};
struct cs_ca_finding_list {
    struct cs_ca_finding *items;
    size_t count;
};
void cs_ca_finding_add(struct cs_ca_finding_list *list, bool ok, const char *step,
                       const char *format, ...) CS_PRINTF(4, 5);
void cs_ca_finding_list_done(struct cs_ca_finding_list *list);

/* A CA that a directory lists. */
struct cs_ca_entry {
    char *name;               /* "host\\caname", as -CA takes it */
    char *host;               /* its computer's name */
    char *authority;          /* the CA's common name */
    struct cs_strv templates; /* installed on it, by name */
    struct cs_strv urls;      /* of its enrolment services */
};
struct cs_ca_entry_list {
    struct cs_ca_entry *items;
    size_t count;
};

/* A further, empty entry; valid until the next is added. */
struct cs_ca_entry *cs_ca_entry_list_add(struct cs_ca_entry_list *list);
void cs_ca_entry_list_done(struct cs_ca_entry_list *list);

struct cs_ca;

/* An answer of any disposition is CS_OK; an error says that there was no answer:
 * CS_E_CA_UNREACHABLE, or CS_E_CA_REFUSED where the CA does not take such requests at all. What is
 * NULL below, a CA does not have. */
struct cs_ca_ops {
    /* Submitting the same request twice gives the first one's answer where the CA can tell. */
    cs_rc (*submit)(struct cs_ca *ca, const struct cs_ca_submission *submission,
                    struct cs_ca_answer *ret_answer, struct cs_err *err);
    cs_rc (*poll)(struct cs_ca *ca, const char *request_id, const char *handle,
                  const struct cs_ca_submission *submission, struct cs_ca_answer *ret_answer,
                  struct cs_err *err);
    void (*close)(struct cs_ca *ca);

    /* Before there is a key: would the CA take such a request (submission->csr is NULL)? What it
     * cannot tell it does not refuse. CS_E_CA_REFUSED, CS_E_CA_UNREACHABLE. */
    cs_rc (*check)(struct cs_ca *ca, const struct cs_ca_submission *submission, struct cs_err *err);

    /* After submit() failed: the CA may have the request all the same, so that its key must be kept
     * and the CA asked again. Without this function it never has. */
    bool (*may_have_it)(const struct cs_ca *ca);
};

struct cs_ca {
    const struct cs_ca_ops *ops;
};

void cs_ca_close(struct cs_ca *ca); /* NULL is nothing */
CS_DEFINE_AUTO(cs_ca, cs_ca_close);

/* Finds the CA of a name: a `ca` section of the configuration, or what the name says by itself. */
struct cs_ca_source {
    /* CS_E_USAGE or CS_E_CONFIG when no such CA can be made; asks nothing of the network. */
    cs_rc (*check)(struct cs_ca_source *source, const char *name, struct cs_err *err);
    cs_rc (*open)(struct cs_ca_source *source, const char *name, struct cs_ca **ret_ca,
                  struct cs_err *err);
};

#endif
