#include "model/request.h"

#include "base/mem.h"

#include <stdlib.h>

struct cs_request *cs_request_new(void)
{
    return cs_alloc(1, sizeof(struct cs_request));
}

void cs_request_free(struct cs_request *request)
{
    if (!request) {
        return;
    }
    cs_plan_free(request->plan);
    free(request->label);
    free(request->token_uri);
    free(request->module_path);
    free(request->key_uri);
    free(request->ca_request_id);
    free(request->ca_handle);
    free(request->ca_message);
    cs_bytes_done(&request->spki);
    cs_bytes_done(&request->csr);
    cs_bytes_done(&request->certificate);
    cs_bytes_done(&request->chain);
    free(request);
}

void cs_request_list_add(struct cs_request_list *list, struct cs_request *request)
{
    list->items = cs_realloc(list->items, list->count + 1, sizeof(struct cs_request *));
    list->items[list->count++] = request;
}

void cs_request_list_done(struct cs_request_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        cs_request_free(list->items[i]);
    }
    free(list->items);
    *list = (struct cs_request_list){0};
}
