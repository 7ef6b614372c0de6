#include "store/rowattrs.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MECHANISM "CKA_KEY_GEN_MECHANISM="

char *cs_rowattrs_text(const struct cs_key_attrs *attrs)
{
    cs_auto_value(cs_strv) items = {0};

    for (size_t i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        if (attrs->answer[i] == CS_UNKNOWN && !attrs->unreliable[i]) {
            continue;
        }
        cs_strv_take(&items, cs_asprintf("%s=%s%s", cs_key_attr_name((enum cs_key_attr)i),
                                         cs_answer_text(attrs->answer[i]),
                                         attrs->unreliable[i] ? "!" : ""));
    }
    if (attrs->gen_mechanism_known) {
        cs_strv_take(&items, cs_asprintf(MECHANISM "%" PRIu64, attrs->gen_mechanism));
    }
    return cs_strv_join(&items, ",");
}

static bool parse_mechanism(const char *digits, struct cs_key_attrs *attrs)
{
    char *end = NULL;

    errno = 0;
    attrs->gen_mechanism = strtoull(digits, &end, 10);
    attrs->gen_mechanism_known = true;
    return isdigit((unsigned char)*digits) && *end == 0 && errno == 0;
}

/* The attribute whose name stands before the "=" of @item. */
static bool find_attr(const char *item, size_t *ret_index, const char **ret_answer)
{
    for (size_t i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        const char *name = cs_key_attr_name((enum cs_key_attr)i);
        size_t len = strlen(name);
        if (strncmp(item, name, len) == 0 && item[len] == '=') {
            *ret_index = i;
            *ret_answer = item + len + 1;
            return true;
        }
    }
    return false;
}

static bool parse_item(const char *item, struct cs_key_attrs *attrs)
{
    const char *answer = NULL;
    size_t index = 0;

    if (strncmp(item, MECHANISM, strlen(MECHANISM)) == 0) {
        return parse_mechanism(item + strlen(MECHANISM), attrs);
    }
    if (!find_attr(item, &index, &answer)) {
        return false;
    }
    for (int value = CS_UNKNOWN; value <= CS_TRUE; value++) {
        const char *word = cs_answer_text((enum cs_answer)value);
        size_t len = strlen(word);
        if (strncmp(answer, word, len) == 0) {
            attrs->answer[index] = (enum cs_answer)value;
            attrs->unreliable[index] = answer[len] == '!';
            return answer[len + attrs->unreliable[index]] == 0;
        }
    }
    return false;
}

bool cs_rowattrs_parse(const char *text, struct cs_key_attrs *ret_attrs)
{
    cs_auto_value(cs_strv) items = {0};
    struct cs_key_attrs attrs = {0};

    cs_strv_split(&items, text, ',');
    for (size_t i = 0; i < items.count; i++) {
        if (!parse_item(items.items[i], &attrs)) {
            return false;
        }
    }
    *ret_attrs = attrs;
    return true;
}
