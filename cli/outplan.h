/* The results of plan --all and new --all as text. */
#ifndef CS_CLI_OUTPLAN_H
#define CS_CLI_OUTPLAN_H

#include "base/bytes.h"
#include "flow/flow.h"

/* Each certificate under its pool: types, subject, why, what there is, every name; then the sum. */
void cs_outplan_plans(struct cs_buf *buf, const struct cs_result_list *results);

/* A line for each certificate, one more for an error, and the sum. */
void cs_outplan_made(struct cs_buf *buf, const struct cs_result_list *results);

#endif
