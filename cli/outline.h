/* Aligned text: what the output files share. */
#ifndef CS_CLI_OUTLINE_H
#define CS_CLI_OUTLINE_H

#include "base/bytes.h"
#include "model/certtype.h"
#include "model/plan.h"

#include <stddef.h>

/* No limit of ours: a listing is never cut. */
#define CS_OUTLINE_MAX ((size_t)1 << 40)

/* The width of the names in front of the colon: "CaRequestId", "RequestStatus". */
#define CS_OUTLINE_NAME 14

/* Characters, not octets: what a terminal shows, but for wide and combining ones. */
size_t cs_outline_width(const char *text);

/* @text and blanks up to @columns. */
void cs_outline_pad(struct cs_buf *buf, const char *text, size_t columns);

/* "Name           : value", escaped for a terminal; an empty name continues the line above. The
 * second form adds nothing for NULL and "". */
void cs_outline_add(struct cs_buf *buf, const char *name, const char *value);
void cs_outline_add_if(struct cs_buf *buf, const char *name, const char *value);

/* A line for each item, the name in front of the first. */
void cs_outline_list(struct cs_buf *buf, const char *name, const struct cs_strv *items);

/* Calls @each with a line for every name of @plan: name, rule and source in columns. */
void cs_outline_names(const struct cs_plan *plan, void (*each)(void *ctx, const char *line),
                      void *ctx);

/* "Default, WebServicesInternal"; the caller frees. */
char *cs_outline_types(cs_type_set set);

/* Whom the certificate is for: a computer, "all of the pool", "all servers" (of the deployment). */
const char *cs_outline_owner(const struct cs_plan *plan);

/* What was written, the caller's to free; @buf is empty then. Never NULL. */
char *cs_outline_take(struct cs_buf *buf);

#endif
