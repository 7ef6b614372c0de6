/* What tokens there are: read without a login and without a session. */
#ifndef CS_PKCS11_TOKENLIST_H
#define CS_PKCS11_TOKENLIST_H

#include "base/err.h"
#include "base/strv.h"
#include "pkcs11/token.h"

#include <stdbool.h>
#include <stddef.h>

/* A slot with a token in it. Text is as the token says it, without padding, escaped for a
 * terminal. */
struct cs_listed_token {
    struct cs_token_info
        info; /* its uri has the slot's number where nothing else tells two apart */
    unsigned long slot;
    char *hardware; /* "2.6" */
    char *firmware;
    struct cs_strv flags; /* in words: "not initialised", "PIN locked" */
    unsigned long pin_min;
    unsigned long pin_max;
    bool is_initialised;
    bool is_untried;     /* the profile is written from documentation alone */
    struct cs_err error; /* of C_GetTokenInfo: nothing else is known then but the slot */
};

/* A module that does not start, or does not list its slots. */
struct cs_listed_module {
    char *path;
    struct cs_err error;
};

/* {0} is empty. */
struct cs_token_list {
    struct cs_listed_token *items;
    size_t count;
    struct cs_listed_module *failed;
    size_t failed_count;
    size_t other_count; /* tokens that the URI does not fit */
};
void cs_token_list_done(struct cs_token_list *list);

/* All tokens that options->uri fits of the modules that the options name. One module that fails
 * does not stop the others. CS_E_CONFIG, CS_E_USAGE, and CS_E_TOKEN_ABSENT if no module is there.
 */
CS_MUST_CHECK cs_rc cs_token_list_read(const struct cs_token_options *options,
                                       struct cs_token_list *ret_list, struct cs_err *err);

#endif
