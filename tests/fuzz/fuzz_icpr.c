/* The stub of CertServerRequest's answer, and what is made of it. The first octet says what was
 * asked: a new request, or about number 7. */
#include "ca/icprmsg.h"

#include <stdlib.h>
#include <string.h>

static void judge(const struct cs_icpr_question *question, const struct cs_icpr_reply *reply)
{
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err = {0};
    bool open = false;

    cs_rc rc = cs_icpr_judge(question, reply, "ca\\myca", &answer, &open, &err);
    if (rc != CS_OK) {
        if ((rc != CS_E_CA_REFUSED && rc != CS_E_CA_UNREACHABLE) || !err.message[0] ||
            answer.request_id || (rc == CS_E_CA_REFUSED && open)) {
            abort();
        }
        return;
    }
    if (!answer.request_id ||
        (answer.disposition == CS_CA_ISSUED) != (answer.certificate.len > 0) ||
        (!question->csr && strcmp(answer.request_id, "7") != 0)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct cs_bytes csr = {(uint8_t[]){0}, 1};
    struct cs_icpr_question question = {.authority = "myca"};
    struct cs_icpr_reply reply;
    struct cs_err err = {0};

    if (size < 1) {
        return 0;
    }
    const struct cs_bytes stub = {(uint8_t *)(uintptr_t)(data + 1), size - 1};
    if (data[0] & 1) {
        question.csr = &csr;
    } else {
        question.request_id = 7;
    }
    cs_rc rc = cs_icpr_read(&stub, &reply, &err);
    if (rc == CS_OK) {
        judge(&question, &reply);
    } else if (rc != CS_E_CA_UNREACHABLE || !err.message[0]) {
        abort();
    }
    return 0;
}
