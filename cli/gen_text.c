#include "cli/gen_text.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"

#include <stdio.h>
#include <string.h>

void cs_gen_escaped(const char *text, const char *special, const char *quote)
{
    for (; *text; text++) {
        if (*text == '\'') {
            fputs(quote, stdout);
            continue;
        }
        if (strchr(special, *text)) {
            putchar('\\');
        }
        putchar(*text);
    }
}

char *cs_gen_summary(const char *help)
{
    const char *end = strstr(help, ". ");
    size_t len = end ? (size_t)(end - help) : strlen(help);

    while (len && help[len - 1] == '.') {
        len--;
    }
    return cs_strndup(help, len);
}

char *cs_gen_words(const struct cs_opt_info *info, const char *separator)
{
    cs_auto_value(cs_strv) words = {0};

    cs_strv_split(&words, info->type == CS_OT_BOOLEAN ? "True|False" : info->choices, '|');
    return cs_strv_join(&words, separator);
}

bool cs_gen_is_file(const struct cs_opt_info *info)
{
    return info->type == CS_OT_FILE || info->type == CS_OT_FILES;
}

char *cs_gen_verb_word(enum cs_verb verb)
{
    const struct cs_verb_info *info = cs_verb_info(verb);

    return cs_asprintf("%s%s%s", info->group, *info->group ? "-" : "", info->name);
}
