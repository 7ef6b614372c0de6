/* The part of the page that tells of one request. */
#ifndef CS_REPORT_ITEM_H
#define CS_REPORT_ITEM_H

#include "base/bytes.h"
#include "base/err.h"
#include "report/report.h"

#include <stddef.h>

/* What a reader wants to know first: how far it came. */
void cs_item_badge(struct cs_buf *buf, const struct cs_report_item *item);

/* <section class="request" id="request-@number">. @number counts the items from 1. What the request
 * does not have yet (a number, a key, an answer) is left out. */
void cs_item_section(struct cs_buf *buf, const struct cs_report_item *item, size_t number);

/* A box with message, cause and remedy; nothing for NULL and for CS_OK. @level is the heading's,
 * 2 or 3. */
void cs_item_error(struct cs_buf *buf, const struct cs_err *error, unsigned level);

#endif
