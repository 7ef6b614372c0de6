#include "support/tokenbed.h"

#include "base/mem.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define P11KIT_PROXY "/usr/lib/x86_64-linux-gnu/p11-kit-proxy.so"

#define ARGS_MAX 32

static const char *must_env(const char *name)
{
    const char *value = getenv(name);

    if (!value || !*value) {
        fprintf(stderr, "tokenbed: with-token.sh gave no %s\n", name);
        abort();
    }
    return value;
}

const char *cs_tokenbed_given(void)
{
    const char *name = getenv("CS_TOKEN_NAME");

    return name && *name ? name : NULL;
}

/* The PIN, for as long as the program runs. */
static const char *read_pin(const char *path)
{
    static char pin[64];
    FILE *file = fopen(path, "r");

    if (!file || !fgets(pin, sizeof pin, file)) {
        fprintf(stderr, "tokenbed: cannot read %s\n", path);
        abort();
    }
    fclose(file);
    pin[strcspn(pin, "\n")] = 0;
    return pin;
}

/* A leak is told by the name of the library that made it (lsan.supp), which must still be there. */
static void keep_loaded(const char *module)
{
#ifdef CS_SANITIZED
    if (strchr(module, '/') && !dlopen(module, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)) {
        fprintf(stderr, "tokenbed: %s\n", dlerror());
        abort();
    }
#else
    (void)module;
#endif
}

static void take_given(struct cs_tokenbed *bed)
{
    bed->is_given = true;
    bed->label = must_env("CS_TOKEN_LABEL");
    /* nobody owns it: cs_softhsm_done() leaves the folder alone */
    bed->hsm = (struct cs_softhsm){.folder = cs_strdup(must_env("CS_TOKEN_FOLDER")),
                                   .pin_file = cs_strdup(must_env("CS_TOKEN_PIN_FILE"))};
    keep_loaded(must_env("CS_TOKEN_MODULE"));
    cs_testtoken_init(&bed->token, &bed->hsm, must_env("CS_TOKEN_MODULE"));
    free(bed->token.uri);
    bed->token.uri = cs_strdup(must_env("CS_TOKEN_URI"));
    bed->token.options.uri = bed->token.uri;
    bed->token.person.pin = read_pin(bed->hsm.pin_file);
    /* now and not at the end: a test that fails has no end */
    cs_softhsm_wipe(&bed->hsm, bed->label);
}

void cs_tokenbed_init(struct cs_tokenbed *bed)
{
    /* as the program does: a module that lost its server writes to a dead socket */
    signal(SIGPIPE, SIG_IGN);
    *bed = (struct cs_tokenbed){.label = CS_SOFTHSM_LABEL};
    if (cs_tokenbed_given()) {
        take_given(bed);
        return;
    }
    cs_softhsm_init(&bed->hsm);
    cs_testtoken_init(&bed->token, &bed->hsm, CS_SOFTHSM_MODULE);
}

void cs_tokenbed_done(struct cs_tokenbed *bed)
{
    cs_testtoken_done(&bed->token);
    cs_softhsm_done(&bed->hsm);
}

struct cs_softhsm_count cs_tokenbed_count(const struct cs_tokenbed *bed)
{
    return cs_softhsm_count(&bed->hsm, bed->label);
}

/* posix_spawn's argv is not const for history's sake; nothing writes to it. */
#define ARG(text) ((char *)(uintptr_t)(text))

int cs_tokenbed_tool(const struct cs_tokenbed *bed, char *const *arguments)
{
    const char *module = bed->is_given ? P11KIT_PROXY : CS_SOFTHSM_MODULE;
    char *argv[ARGS_MAX] = {ARG("pkcs11-tool"),   ARG("--module"),           ARG(module),
                            ARG("--token-label"), ARG(bed->label),           ARG("--login"),
                            ARG("--pin"),         ARG(bed->token.person.pin)};
    size_t count = 8;

    for (; *arguments && count < ARGS_MAX - 1; arguments++) {
        argv[count++] = *arguments;
    }
    return cs_softhsm_run(argv, NULL);
}

void cs_tokenbed_fact(const char *name, const char *format, ...)
{
    const char *path = getenv("CS_TOKEN_FACTS");
    char text[2048];
    va_list args;

    if (!path || !*path) {
        return;
    }
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    FILE *file = fopen(path, "a");
    if (!file || fprintf(file, "%s\t%s\n", name, text) < 0 || fclose(file) != 0) {
        fprintf(stderr, "tokenbed: cannot write %s\n", path);
        abort();
    }
}
