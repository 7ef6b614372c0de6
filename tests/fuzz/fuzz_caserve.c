/* What cscert sends down: read by cscert-ca, answered with what it says, and that answer read again
 * by cscert's own reader. */
#include "base/mem.h"
#include "base/strv.h"
#include "wire/caanswer.h"
#include "wire/caserve.h"

#include <stdlib.h>
#include <string.h>

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* An answer with the question's octets in every place that a CA's words and certificates have. */
static void answer(const struct cs_caserve_call *call)
{
    struct cs_caserve_reply reply = {.has_answer = true};
    cs_auto_value(cs_caanswer) back = {0};
    struct cs_err none = {0};
    struct cs_err err = {0};

    reply.answer = (struct cs_ca_answer){
        .disposition = CS_CA_DENIED,
        .request_id = cs_strdup(call->request_id),
        .message = cs_strdup(call->name),
        .chain = cs_bytes_copy(call->csr.data, call->csr.len),
    };
    cs_autofree char *text = cs_caserve_reply_text(&reply, &none);
    if (cs_caanswer_parse(text, strlen(text), &back, &err) == CS_OK) {
        must(cs_bytes_equal(&back.answer.chain, &call->csr));
        must(!call->request_id || strcmp(back.answer.request_id, call->request_id) == 0);
    } else {
        must(call->csr.len > 0 || (call->name && strlen(call->name) > 1024));
    }
    cs_ca_answer_done(&reply.answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cs_auto_value(cs_caserve_call) call = {0};
    struct cs_err err = {0};

    if (cs_caserve_parse(data, size, &call, &err) != CS_OK) {
        must(err.code == CS_E_INPUT && err.message[0] && cs_text_is_clean(err.message));
        return 0;
    }
    must(call.op && call.timeout > 0);
    answer(&call);
    return 0;
}
