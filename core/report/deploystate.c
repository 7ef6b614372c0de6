#include "report/deploystate.h"

#include "base/mem.h"

#include <inttypes.h>

#define DAY INT64_C(86400)

#define CIRCLE "<circle cx=\"8\" cy=\"8\" r=\"6.2\"/>"

static const struct cs_deploystate_info table[CS_DEPLOYSTATE_COUNT] = {
    [CS_DEPLOY_NONE] = {"none", "None yet", "plain",
                        "<circle cx=\"8\" cy=\"8\" r=\"6.2\" stroke-dasharray=\"2.6 2.27\"/>",
                        "nothing was requested", "to be requested"},
    [CS_DEPLOY_OFFLINE] = {"offline", "Offline", "info",
                           "<path d=\"M3.5 1.8h6l3 3v9.4h-9zM9.3 2v3.1h3\"/>",
                           "the request file is written, the certificate is not here yet",
                           "to be sent to a CA and brought back"},
    [CS_DEPLOY_PENDING] = {"pending", "Pending", "info",
                           "<path d=\"M4 1.8h8M4 14.2h8M5 2v2.5L11 11.5V14M11 2v2.5L5 11.5V14\"/>",
                           "the CA has the request and has not decided", "waiting for the CA"},
    [CS_DEPLOY_UNFINISHED] = {"unfinished", "Unfinished", "wait",
                              CIRCLE "<path d=\"M6.3 5.4v5.2M9.7 5.4v5.2\"/>",
                              "a run was interrupted: cscert recover takes it up",
                              "to be recovered"},
    [CS_DEPLOY_ISSUED] = {"issued", "Issued", "good", CIRCLE "<path d=\"M5 8.3l2.2 2.3L11 5.8\"/>",
                          "the certificate is here, with every name and time left", NULL},
    [CS_DEPLOY_EXPIRING] = {"expiring", "Expiring", "wait", CIRCLE "<path d=\"M8 4.3V8l2.6 1.9\"/>",
                            "the certificate has 30 days or less to go", "to be renewed"},
    [CS_DEPLOY_EXPIRED] = {"expired", "Expired", "bad", CIRCLE "<path d=\"M3.7 12.3l8.6-8.6\"/>",
                           "the certificate is over", "to be renewed at once"},
    [CS_DEPLOY_NAMES] = {"names", "Names missing", "wait",
                         "<path d=\"M8 1.9L14.7 13.7H1.3zM8 6.2v3.6M8 11.4v.6\"/>",
                         "the certificate or the request lacks names that the topology asks for",
                         "to be requested again, with the missing names"},
    [CS_DEPLOY_FAILED] = {"failed", "Failed", "bad",
                          CIRCLE "<path d=\"M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8\"/>",
                          "the CA denied or revoked it, or the request failed",
                          "to be requested again"},
    [CS_DEPLOY_UNPLANNED] = {"unplanned", "No plan", "bad",
                             "<path d=\"M2 2h12v12H2zM5.5 5.5l5 5M10.5 5.5l-5 5\"/>",
                             "the reason stands in the table of failures",
                             "cannot be planned: see why below"},
};

const struct cs_deploystate_info *cs_deploystate_info(enum cs_deploystate state)
{
    return &table[state];
}

/* What the request's own state makes of it, whatever the certificate says. */
static enum cs_deploystate of_request(enum cs_state state)
{
    switch (state) {
    case CS_STATE_PLANNED:
    case CS_STATE_SIGNED:
    case CS_STATE_KEPT:
        return CS_DEPLOY_UNFINISHED;
    case CS_STATE_OFFLINE:
        return CS_DEPLOY_OFFLINE;
    case CS_STATE_SUBMITTED:
    case CS_STATE_PENDING:
        return CS_DEPLOY_PENDING;
    case CS_STATE_ISSUED:
    case CS_STATE_IMPORTED:
        return CS_DEPLOY_ISSUED;
    case CS_STATE_DENIED:
    case CS_STATE_REVOKED:
    case CS_STATE_FAILED:
        return CS_DEPLOY_FAILED;
    case CS_STATE_CLEARED:
    case CS_STATE_COUNT:
        break;
    }
    return CS_DEPLOY_NONE;
}

enum cs_deploystate cs_deploystate_of(const struct cs_deployment_row *row, int64_t now)
{
    enum cs_deploystate state = row->request_id ? of_request(row->state) : CS_DEPLOY_NONE;

    if (state == CS_DEPLOY_NONE || state == CS_DEPLOY_FAILED) {
        return state;
    }
    if (row->not_after && row->not_after <= now) {
        return CS_DEPLOY_EXPIRED;
    }
    if (row->not_after && row->not_after - now <= CS_RENEW_DAYS * DAY) {
        return CS_DEPLOY_EXPIRING;
    }
    return row->missing && row->missing->count ? CS_DEPLOY_NAMES : state;
}

char *cs_deploystate_days(const struct cs_deployment_row *row, int64_t now)
{
    int64_t left = (row->not_after - now) / DAY;

    if (!row->not_after) {
        return cs_strdup("");
    }
    if (row->not_after <= now) {
        return left ? cs_asprintf("%" PRId64 " day%s ago", -left, left == -1 ? "" : "s")
                    : cs_strdup("today");
    }
    return cs_asprintf("%" PRId64 " day%s left", left, left == 1 ? "" : "s");
}

static const char *const type_words[CS_TYPE_COUNT] = {
    [CS_TYPE_DEFAULT] = "Default",
    [CS_TYPE_WEB_SERVICES_INTERNAL] = "Web int",
    [CS_TYPE_WEB_SERVICES_EXTERNAL] = "Web ext",
    [CS_TYPE_INTERNAL] = "Internal",
    [CS_TYPE_EXTERNAL] = "External",
    [CS_TYPE_ACCESS_EDGE_EXTERNAL] = "Access",
    [CS_TYPE_DATA_EDGE_EXTERNAL] = "Webconf",
    [CS_TYPE_AUDIO_VIDEO_AUTHENTICATION] = "A/V",
    [CS_TYPE_XMPP_SERVER] = "XMPP",
    [CS_TYPE_OAUTH_TOKEN_ISSUER] = "OAuth",
};

const char *cs_deploystate_type(enum cs_cert_type type)
{
    return type_words[type] ? type_words[type] : cs_cert_type_info(type)->name;
}

char *cs_deploystate_types(cs_type_set types)
{
    cs_auto_value(cs_strv) words = {0};

    for (int i = 0; i < CS_TYPE_COUNT; i++) {
        if (types & 1u << i) {
            cs_strv_add(&words, cs_deploystate_type((enum cs_cert_type)i));
        }
    }
    return cs_strv_join(&words, " + ");
}
