/* The results of plan --all and new --all as text. */
#ifndef CS_CLI_OUTPLAN_H
#define CS_CLI_OUTPLAN_H

#include "base/bytes.h"
#include "flow/flow.h"

#include <stddef.h>

/* Each certificate under its pool: types, subject, why, what there is, every name; then the sum. */
void cs_outplan_plans(struct cs_buf *buf, const struct cs_result_list *results);

/* `new --all`: a line for each certificate, one more for an error, and the sum. */

#define CS_OUTPLAN_COLUMNS 5

/* How wide the columns are: known before the first line. */
struct cs_outplan_widths {
    size_t columns[CS_OUTPLAN_COLUMNS];
};
void cs_outplan_begin(struct cs_outplan_widths *ret_widths);

/* Makes room for @result, whether made yet or not. */
void cs_outplan_widen(struct cs_outplan_widths *widths, const struct cs_result *result);

void cs_outplan_head(struct cs_buf *buf, const struct cs_outplan_widths *widths);
void cs_outplan_row(struct cs_buf *buf, const struct cs_outplan_widths *widths,
                    const struct cs_result *result);
void cs_outplan_sum(struct cs_buf *buf, const struct cs_result_sum *sum);

/* "fe1.litwareinc.net (Default)": what an error is about; the caller frees. */
char *cs_outplan_subject(const struct cs_plan *plan);

#endif
