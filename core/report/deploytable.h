/* The tables under the picture: every certificate with every name, and what cannot be planned. */
#ifndef CS_REPORT_DEPLOYTABLE_H
#define CS_REPORT_DEPLOYTABLE_H

#include "report/deployment.h"

/* Each certificate is a <tbody id="certificate-N">, N counted from 1 in the order of the rows. */
void cs_deploytable_certificates(struct cs_buf *buf, const struct cs_deployment_report *report);

/* Each failure is a <tr id="failure-N">. */
void cs_deploytable_failures(struct cs_buf *buf, const struct cs_deployment_report *report);

/* A state as sign and word. */
void cs_deploytable_badge(struct cs_buf *buf, const struct cs_deployment_row *row, int64_t now);

#endif
