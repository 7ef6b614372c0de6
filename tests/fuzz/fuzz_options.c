/* Command lines: arguments are separated by NUL. What is understood is complete, what is not is
 * explained, and a password is nowhere but in its secret. */
#include "base/cleanup.h"
#include "base/mem.h"
#include "cli/options.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST_WORDS 200

static void must(int condition)
{
    if (!condition) {
        abort();
    }
}

static void setup(void)
{
    static int done;

    if (!done) {
        must(cs_secret_setup(NULL) == CS_OK);
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* or the leak sanitizer cannot look */
        done = 1;
    }
}

static void check_value(const struct cs_options *options, enum cs_opt option)
{
    const struct cs_opt_info *info = cs_opt_info(option);
    const char *text = cs_options_text(options, option);

    if (!cs_options_has(options, option)) {
        must(!text && !cs_options_flag(options, option) && !cs_options_number(options, option));
        must(cs_options_list(options, option)->count == 0);
        return;
    }
    switch (info->type) {
    case CS_OT_VERB:
    case CS_OT_SWITCH:
    case CS_OT_BOOLEAN:
        must(!text);
        break;
    case CS_OT_LIST:
    case CS_OT_FILES:
        must(cs_options_list(options, option)->count > 0);
        break;
    case CS_OT_INTEGER:
        must(cs_options_number(options, option) > 0);
        break;
    case CS_OT_SECRET:
        must(cs_options_secret(options, option) && !text);
        break;
    default:
        must(text && *text);
        must((option == CS_OPT_TOKEN) == (strncasecmp(text, "pkcs11:", 7) == 0) ||
             info->type == CS_OT_TEXT);
        break;
    }
}

static void check_accepted(const struct cs_options *options)
{
    bool asks = cs_options_flag(options, CS_OPT_HELP) || cs_options_flag(options, CS_OPT_VERSION);
    enum cs_verb verb = cs_options_verb(options);

    must(verb != CS_VERB_COUNT || asks);
    for (unsigned i = 0; i < CS_OPT_COUNT; i++) {
        const struct cs_opt_info *info = cs_opt_info((enum cs_opt)i);
        check_value(options, (enum cs_opt)i);
        must(asks || info->type == CS_OT_VERB || !cs_options_has(options, (enum cs_opt)i) ||
             (info->verbs & 1U << verb));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *argv[MOST_WORDS + 1];
    int argc = 0;
    cs_auto(cs_options) options = NULL;
    struct cs_err err = {0};

    setup();
    for (size_t at = 0; at < size && argc < MOST_WORDS;) {
        size_t len = strnlen((const char *)data + at, size - at);
        argv[argc++] = cs_strndup((const char *)data + at, len);
        at += len + 1;
    }
    argv[argc] = NULL;
    cs_rc rc = cs_options_parse(argc, argv, &options, &err);
    if (rc == CS_OK) {
        check_accepted(options);
    } else {
        must(rc == CS_E_USAGE && err.code == rc && err.message[0] && !options);
    }
    for (int i = 0; i < argc; i++) {
        free(argv[i]);
    }
    return 0;
}
