/* The part of a request's section that tells of its key. */
#ifndef CS_REPORT_KEY_H
#define CS_REPORT_KEY_H

#include "base/bytes.h"
#include "model/request.h"

/* Nothing for a request whose key has not been made. */
void cs_key_section(struct cs_buf *buf, const struct cs_request *request);

#endif
