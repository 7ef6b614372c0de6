#include "net/srv.h"

#include "base/mem.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HOSTS_MAX 32

struct target {
    unsigned priority;
    unsigned weight;
    char host[NS_MAXDNAME];
};

/* RFC 2782 lets the weight decide by chance; the heaviest first serves a handful of requests as
 * well. */
static int by_rank(const void *a, const void *b)
{
    const struct target *x = a;
    const struct target *y = b;

    if (x->priority != y->priority) {
        return x->priority < y->priority ? -1 : 1;
    }
    return x->weight == y->weight ? strcmp(x->host, y->host) : x->weight > y->weight ? -1 : 1;
}

/* The root "." says that there is no such service (RFC 2782). */
static bool is_host(const char *name)
{
    return *name && *name != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789.-_") == strlen(name);
}

static bool read_target(ns_msg *message, int index, struct target *ret_target)
{
    ns_rr record;

    if (ns_parserr(message, ns_s_an, index, &record) != 0 || ns_rr_type(record) != ns_t_srv ||
        ns_rr_rdlen(record) < 7) {
        return false;
    }
    const unsigned char *data = ns_rr_rdata(record);
    ret_target->priority = ns_get16(data);
    ret_target->weight = ns_get16(data + 2);
    return ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), data + 6,
                              ret_target->host, sizeof ret_target->host) >= 0 &&
           is_host(ret_target->host);
}

void cs_srv_read(const uint8_t *answer, size_t len, struct cs_strv *ret_hosts)
{
    struct target targets[HOSTS_MAX];
    size_t count = 0;
    ns_msg message;

    if (len > NS_MAXMSG || ns_initparse(answer, (int)len, &message) != 0) {
        return;
    }
    for (int i = 0; i < ns_msg_count(message, ns_s_an) && count < HOSTS_MAX; i++) {
        count += read_target(&message, i, &targets[count]);
    }
    qsort(targets, count, sizeof *targets, by_rank);
    for (size_t i = 0; i < count; i++) {
        cs_strv_add(ret_hosts, targets[i].host);
    }
}

cs_rc cs_srv_hosts(const char *name, struct cs_strv *ret_hosts, struct cs_err *err)
{
    cs_autofree uint8_t *answer = cs_alloc(NS_MAXMSG, 1);
    struct __res_state state;

    memset(&state, 0, sizeof state);
    if (res_ninit(&state) != 0) {
        return cs_fail(err, CS_E_CA_UNREACHABLE, "this machine's DNS is not set up");
    }
    int len = res_nquery(&state, name, ns_c_in, ns_t_srv, answer, NS_MAXMSG);
    res_nclose(&state);
    if (len > 0) {
        cs_srv_read(answer, (size_t)len, ret_hosts);
    }
    if (ret_hosts->count == 0) {
        return cs_fail_hint(err, CS_E_CA_UNREACHABLE,
                            "this machine must ask the domain's DNS; or say a domain controller "
                            "with -GlobalSettingsDomainController",
                            "DNS knows no domain controller under %s", name);
    }
    return CS_OK;
}
