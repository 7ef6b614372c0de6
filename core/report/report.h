/* The -Report page: one self-contained HTML file of what was asked and what came of it. */
#ifndef CS_REPORT_REPORT_H
#define CS_REPORT_REPORT_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/strv.h"
#include "model/request.h"
#include "port/keystore.h"
#include "x509/cert.h"

#include <stdbool.h>
#include <stdint.h>

/* What a run did with one request. Borrowed. */
struct cs_report_item {
    const struct cs_request *request; /* with -WhatIf only its plan is filled */
    const struct cs_strv *files;      /* written by this run */
    const struct cs_strv *warnings;
    const struct cs_err *error; /* code CS_OK: none */
};

/* A certificate of `get` and its siblings. Borrowed. */
struct cs_report_certificate {
    const struct cs_cert_facts *facts;
    const char *serial_reversed;
    const char *label;
    const char *token; /* RFC 7512 */
    const char *uri;
    const char *key; /* where its private key is and whence */
    const struct cs_strv *uses;
    const struct cs_strv *warnings;
    int64_t request_id; /* 0: none of ours */
};

struct cs_report {
    const char *verb; /* "new", "list", "retrieve", "clear" */
    const char *user;
    const char *host;
    const char *version;
    bool what_if;
    int64_t started; /* seconds since 1970 */
    int64_t ended;
    const struct cs_token_info *token; /* NULL if no token was opened */
    const struct cs_report_item *items;
    size_t count;
    bool of_certificates; /* these instead of the items */
    const struct cs_report_certificate *certificates;
    size_t certificate_count;
    const struct cs_err *error; /* of the run as a whole; code CS_OK: none */
    cs_rc exit_code;            /* of the program; CS_OK with an error: that error's */
};

/* The page as UTF-8; *ret_html is the caller's. */
CS_MUST_CHECK cs_rc cs_report_html(const struct cs_report *report, struct cs_bytes *ret_html,
                                   struct cs_err *err);

#endif
