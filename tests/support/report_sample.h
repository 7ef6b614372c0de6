/* A run with everything that a report can show: an issued request, one that waits, one whose every
 * text is hostile. */
#ifndef CS_TESTS_SUPPORT_REPORT_SAMPLE_H
#define CS_TESTS_SUPPORT_REPORT_SAMPLE_H

#include "report/report.h"

#define SAMPLE_COUNT 3

/* Mark-up, the end of an attribute, a script, an escape sequence, no UTF-8, a turned direction. */
#define SAMPLE_HOSTILE                                                                             \
    "\"'></td></table><script>document.title='owned'</script>"                                     \
    "<img src=x onerror=alert(1)>&lt;\x1b[31m\xff\xe2\x80\xae"

struct report_sample {
    struct cs_request *requests[SAMPLE_COUNT];
    struct cs_strv files[SAMPLE_COUNT];
    struct cs_strv warnings[SAMPLE_COUNT];
    struct cs_err errors[SAMPLE_COUNT];
    struct cs_report_item items[SAMPLE_COUNT];
    struct cs_token_info token;
    struct cs_report report; /* of all three */
};

void report_sample_make(struct report_sample *sample);
void report_sample_done(struct report_sample *sample);

/* Makes the first request what -WhatIf of `new` gives: nothing but its plan. */
void report_sample_only_planned(struct report_sample *sample);

/* A self-signed certificate of a new P-256 key: subject CN=@name, serial number 0x12ab34, that one
 * name, serverAuth, valid from 2026-01-01 to 2027-01-01. */
struct cs_bytes report_sample_certificate(const char *name);

#endif
