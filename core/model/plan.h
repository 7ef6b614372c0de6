/* The plan: what one request will hold and why. Built once, never changed; -WhatIf prints it. */
#ifndef CS_MODEL_PLAN_H
#define CS_MODEL_PLAN_H

#include "base/cleanup.h"
#include "base/err.h"
#include "base/strv.h"
#include "model/certtype.h"
#include "model/keyspec.h"
#include "model/topology.h"

#include <stdbool.h>
#include <stddef.h>

/* At most this many alternative names: public CAs stop at 100 to 250. */
#define CS_NAMES_MAX 250

/* No plan's SAN extension is above this, so that certificate and request stay below the 64 KiB that
 * are taken from a CA (core/wire/cawire.h) and read from a token (pkcs11/token_internal.h). In
 * octets of the extension's value. */
#define CS_SAN_MAX (48 * 1024)

/* A SAN extension above this is refused by AD CS with 0xc80005e2 (ESE -1506). In octets of the
 * extension's value. */
#define CS_SAN_AD_CS_MAX 4096

/* A name and why it is there. */
struct cs_name {
    char *name;
    char *rule;   /* e.g. "subject name", "-DomainName" */
    char *source; /* where it was found: "-ComputerFqdn", "host name", an element of a topology */
};

/* How the plan's names compare with those of an existing certificate (--like). */
struct cs_like {
    char *source; /* the existing certificate's file; NULL: nothing was compared */
    struct cs_strv kept;
    struct cs_strv gained;
    struct cs_strv lost;
};

/* RDNs of the subject, UTF-8; NULL where there is none. */
struct cs_subject {
    char *common_name;
    char *organizational_unit;
    char *organization;
    char *locality;
    char *state;
    char *country;
};

/* What the user said, as said; NULL and 0 where nothing was. */
struct cs_plan_input {
    const struct cs_strv *types;
    const char *computer_fqdn;
    const struct cs_strv *domain_names;
    const char *host_name; /* of this machine; NULL if not known */
    bool all_sip_domain;
    const struct cs_topology *topology; /* NULL: none is known, names come from the command line */
    const struct cs_topo_place *place;  /* in it; NULL: where computer_fqdn or host_name stands */
    bool all_pool_members;              /* the other members' names too */
    bool no_lyncdiscover;               /* no autodiscover names */
    const char *like;                   /* the file of --like; NULL: not said */
    const struct cs_strv *like_names;   /* its common name and alternative names */
    bool like_keep;                     /* names that would be lost are added */
    const char *key_alg;
    long key_size;
    bool exportable;
    bool client_eku;
    const char *friendly_name;
    const char *country;
    const char *state;
    const char *city;
    const char *organization;
    const char *organizational_unit;
    const char *ca;
    const char *output;
    bool output_der;
    bool no_destination; /* `plan`: it need not be said where the request goes */
    const char *template_name;
    bool template_in_csr; /* the CA reads it there too */
    const char *ca_account;
    const char *global_catalog;
    const char *global_settings_dc;
    unsigned policy_min_rsa_bits; /* of the configuration; 0: none */
    bool policy_forbid_exportable;
};

struct cs_plan {
    cs_type_set types;
    char *computer; /* the computer the certificate is for; NULL: all of the pool, or not known */
    char *pool;     /* its pool in the topology; NULL: planned without one, or of type Server */
    enum cs_role role;
    char *choice; /* why these types stand together and whose key it is; NULL: the user chose */
    struct cs_like like;
    struct cs_subject subject;
    struct cs_name *names; /* subject's common name first */
    size_t name_count;
    struct cs_key_spec key_spec;
    bool key_chosen; /* the user said which; else any key that is there already will do */
    bool exportable;
    bool client_eku;
    char *friendly_name; /* also CKA_LABEL; NULL: generated with the request */
    char *ca;            /* NULL: offline, or no_destination */
    char *output;        /* NULL: to a CA, or no_destination */
    bool output_der;
    char *template_name;  /* "WebServer" if not said */
    bool template_in_csr; /* the request itself names it; not kept in the store */
    char *ca_account;
    char *global_catalog;
    char *global_settings_dc;
    struct cs_strv warnings;
};

/* Works out subject and names and checks every value: by the rules of model/names.h where there is
 * a topology, else from the command line alone. CS_E_USAGE for a bad value, for a computer that is
 * not in the topology and for a type that it does not need, CS_E_POLICY for what the policy
 * forbids. *ret_plan is the caller's to free. */
CS_MUST_CHECK cs_rc cs_plan_build(const struct cs_plan_input *input, struct cs_plan **ret_plan,
                                  struct cs_err *err);

/* For the store: a plan to be filled with what was built earlier. */
struct cs_plan *cs_plan_new(void);
struct cs_plan *cs_plan_copy(const struct cs_plan *plan);
void cs_plan_add_name(struct cs_plan *plan, const char *name, const char *rule, const char *source);

/* Octets of the SAN extension's value (a SEQUENCE of dNSName). */
size_t cs_plan_san_size(const struct cs_plan *plan);

void cs_plan_free(struct cs_plan *plan);
CS_DEFINE_AUTO(cs_plan, cs_plan_free);

#endif
