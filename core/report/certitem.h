/* The part of the page that tells of one certificate. */
#ifndef CS_REPORT_CERTITEM_H
#define CS_REPORT_CERTITEM_H

#include "base/bytes.h"
#include "report/report.h"

/* A table of all certificates; nothing for fewer than two. */
void cs_certitem_overview(struct cs_buf *buf, const struct cs_report *report);

/* <section class="request" id="certificate-@number">; @number counts from 1. */
void cs_certitem_section(struct cs_buf *buf, const struct cs_report_certificate *certificate,
                         size_t number);

#endif
