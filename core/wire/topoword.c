#include "wire/topoword.h"

#include "model/topology.h"

#include <stddef.h>
#include <string.h>

const struct cs_topoword cs_topoword_services[] = {
    {"registrar", CS_SERVICE_REGISTRAR},
    {"director", CS_SERVICE_DIRECTOR},
    {"userServices", CS_SERVICE_USER_SERVICES},
    {"webServices", CS_SERVICE_WEB_SERVICES},
    {"mediation", CS_SERVICE_MEDIATION},
    {"edge", CS_SERVICE_EDGE},
    {"centralMgmt", CS_SERVICE_CENTRAL_MGMT},
    {"other", CS_SERVICE_OTHER},
    {NULL, 0},
};

const struct cs_topoword cs_topoword_web[] = {
    {"autodiscover", CS_WEB_AUTODISCOVER},
    {"dialin", CS_WEB_DIALIN},
    {"meet", CS_WEB_MEET},
    {"cscp", CS_WEB_CSCP},
    {NULL, 0},
};

const struct cs_topoword cs_topoword_components[] = {
    {"meet", CS_URL_MEET},
    {"dialin", CS_URL_DIALIN},
    {"cscp", CS_URL_CSCP},
    {"other", CS_URL_OTHER},
    {NULL, 0},
};

const struct cs_topoword *cs_topoword_find(const struct cs_topoword *table, const char *word)
{
    for (; table->word; table++) {
        if (strcmp(table->word, word) == 0) {
            return table;
        }
    }
    return NULL;
}
