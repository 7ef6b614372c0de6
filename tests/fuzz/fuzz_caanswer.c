/* What a CA's program sends up: whatever it is, it is taken or refused with a message, and nothing
 * of what was taken is longer than it may be or moves a terminal's cursor. */
#include "base/strv.h"
#include "wire/caanswer.h"
#include "wire/cawire.h"

#include <stdlib.h>
#include <string.h>

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_text(const char *text, size_t max)
{
    must(!text || (strlen(text) <= max && cs_text_is_clean(text)));
}

/* A text is four times as long at most when it is escaped. */
static void check(const struct cs_caanswer *answer)
{
    const struct cs_ca_answer *ca = &answer->answer;

    check_text(ca->request_id, CS_CAWIRE_TEXT_MAX);
    check_text(ca->handle, CS_CAWIRE_HANDLE_MAX);
    check_text(ca->code_name, CS_CAWIRE_TEXT_MAX);
    check_text(ca->message, (size_t)4 * CS_CAWIRE_MESSAGE_MAX);
    check_text(ca->hint, (size_t)4 * CS_CAWIRE_MESSAGE_MAX);
    check_text(answer->scheme, CS_CAWIRE_TEXT_MAX);
    check_text(answer->error.message, sizeof answer->error.message);
    check_text(answer->error.hint, sizeof answer->error.hint);
    must(ca->code >= 0 && ca->code <= 0xffffffff);
    must(ca->certificate.len <= CS_CAWIRE_CERTIFICATE_MAX);
    must(ca->chain.len <= CS_CAWIRE_CHAIN_MAX * CS_CAWIRE_CERTIFICATE_MAX);
    must(answer->data.len <= CS_CAWIRE_SIGN_MAX);
    must(answer->findings.count <= CS_CAWIRE_FINDINGS_MAX);
    must(answer->entries.count <= CS_CAWIRE_ENTRIES_MAX);
    must(answer->kind != CS_CAANSWER_CA ||
         (ca->disposition == CS_CA_ISSUED) == (ca->certificate.len != 0));
    must((answer->kind == CS_CAANSWER_ERROR) == (answer->error.code != CS_OK));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cs_auto_value(cs_caanswer) answer = {0};
    struct cs_err err = {0};

    if (cs_caanswer_parse(data, size, &answer, &err) == CS_OK) {
        check(&answer);
    } else {
        must(err.code == CS_E_INPUT && err.message[0] && cs_text_is_clean(err.message));
    }
    return 0;
}
