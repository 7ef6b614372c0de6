/* The token that a contract test runs over: that of tests/tokens/with-token.sh where the program
 * was started by it, else a fresh SoftHSM2 of its own. */
#ifndef CS_TESTS_SUPPORT_TOKENBED_H
#define CS_TESTS_SUPPORT_TOKENBED_H

#include "support/testtoken.h"

#include <stdbool.h>

struct cs_tokenbed {
    struct cs_softhsm hsm; /* folder and PIN file; a token only if it is not given */
    struct cs_testtoken token;
    const char *label;
    bool is_given;
};

/* "opencryptoki" of with-token.sh's tokens; NULL: none is given. */
const char *cs_tokenbed_given(void);

/* An empty token, and the options that open it. The struct must not move afterwards. */
void cs_tokenbed_init(struct cs_tokenbed *bed);

/* Removes the token if it is not given. */
void cs_tokenbed_done(struct cs_tokenbed *bed);

/* What is on the token, counted by another process. */
struct cs_softhsm_count cs_tokenbed_count(const struct cs_tokenbed *bed);

/* Runs pkcs11-tool on the token, logged in, with @arguments (NULL at the end). Its exit code. */
int cs_tokenbed_tool(const struct cs_tokenbed *bed, char *const *arguments);

/* A line "NAME, tab, what @format makes" for the file that CS_TOKEN_FACTS names, of which
 * tests/tokens/matrix.py makes docs/TOKENS.md; nothing without it. */
void cs_tokenbed_fact(const char *name, const char *format, ...) CS_PRINTF(2, 3);

#endif
