#include "base/mem.h"
#include "ca/adlist.h"
#include "ca/protocol.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Each protocol that this cscert-ca speaks; ends with NULL. */
static const struct cs_ca_protocol *const protocols[] = {
    &cs_ca_rpc, &cs_ca_certsrv, &cs_ca_ces, &cs_ca_cep, NULL,
};

const struct cs_ca_protocol *cs_ca_protocol_find(const char *name)
{
    for (size_t i = 0; protocols[i]; i++) {
        if (strcmp(protocols[i]->name, name) == 0) {
            return protocols[i];
        }
    }
    return NULL;
}

void cs_ca_answer_wait(struct cs_ca_answer *answer, char *id, const struct cs_err *why)
{
    cs_ca_answer_done(answer);
    *answer = (struct cs_ca_answer){
        .disposition = CS_CA_PENDING,
        .request_id = id,
        .message = cs_strdup(why->message),
    };
}

void cs_ca_watch_begin(const struct cs_ca_target *target, const char *format, ...)
{
    char what[512];
    va_list args;

    if (target->watch) {
        va_start(args, format);
        (void)vsnprintf(what, sizeof what, format, args);
        va_end(args);
        target->watch->begin(target->watch, what);
    }
}

void cs_ca_watch_ticket(const struct cs_ca_target *target, const char *client)
{
    cs_ca_watch_begin(
        target, "Kerberos: the domain controllers (KDC), asked by %.200s for a ticket to %.200s",
        client, target->host ? target->host : target->address);
}

void cs_ca_watch_optional(const struct cs_ca_target *target)
{
    if (target->watch) {
        target->watch->begin(target->watch, NULL);
    }
}

void cs_ca_watch_end(const struct cs_ca_target *target)
{
    if (target->watch) {
        target->watch->end(target->watch);
    }
}

cs_ca_list_fn cs_ca_lister(void)
{
    return cs_adlist;
}
