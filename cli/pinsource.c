#include "cli/pinsource.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "cli/tty.h"
#include "pkcs11/uri.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* @what names the setting that could say something else. */
static cs_rc fail_prompt(const char *what, const char *prompt, const struct cs_err *why,
                         struct cs_err *err)
{
    cs_err_set(err, why->code, "%s%s", prompt, why->message); /* "PIN of the token "x": ..." */
    cs_err_cause(err, why->origin, why->cause, why->cause_name, why->operation);
    cs_err_hint(err, "where nobody can be asked %s must be file:PATH or fd:NUMBER",
                *what ? what : "--pin-source");
    return why->code;
}

static cs_rc read_prompt(const char *what, const char *prompt, struct cs_secret **ret_secret,
                         struct cs_err *err)
{
    struct cs_err why = {0};
    struct cs_tty tty;

    if (cs_tty_open(true, &tty, &why) != CS_OK) {
        return fail_prompt(what, prompt, &why, err);
    }
    cs_rc rc = cs_tty_ask(&tty, prompt, err);
    if (rc == CS_OK) {
        rc = cs_secret_read(tty.fd, "the answer", ret_secret, err);
    }
    cs_tty_close(&tty);
    return rc;
}

static cs_rc read_descriptor(const char *digits, const char *what, struct cs_secret **ret_secret,
                             struct cs_err *err)
{
    char *end;

    errno = 0;
    long number = strtol(digits, &end, 10);
    if (!*digits || strspn(digits, "0123456789") != strlen(digits) || errno || number > INT_MAX) {
        return cs_fail_hint(err, CS_E_USAGE, "write for instance fd:3",
                            "%s: \"%.40s\" is not the number of a descriptor", what, digits);
    }
    /* What a parent gave us has no FD_CLOEXEC; what has is a file of our own, the store for one,
     * and its first line must not be sent as a PIN. */
    int flags = fcntl((int)number, F_GETFD);
    if (flags < 0 || (flags & FD_CLOEXEC)) {
        return cs_fail_hint(err, CS_E_CONFIG, "open it for this run, for instance 3</run/pin",
                            "%s: descriptor %ld is not open", what, number);
    }
    cs_autofree char *name = cs_asprintf("descriptor %ld", number);
    return cs_secret_read((int)number, name, ret_secret, err);
}

cs_rc cs_pinsource_read(const char *source, const char *what, const char *prompt,
                        struct cs_secret **ret_secret, struct cs_err *err)
{
    if (strncmp(source, "file:", 5) == 0 && source[5]) {
        return cs_secret_read_file(source + 5, ret_secret, err);
    }
    if (strncmp(source, "fd:", 3) == 0) {
        return read_descriptor(source + 3, what, ret_secret, err);
    }
    if (strcmp(source, "prompt") == 0) {
        return read_prompt(what, prompt, ret_secret, err);
    }
    /* The value is not repeated: somebody may have written the secret itself. */
    return cs_fail_hint(err, CS_E_USAGE, "write file:PATH, fd:NUMBER or prompt",
                        "%s does not name a source", what);
}

/* ---- a new secret ---- */

struct first {
    const unsigned char *octets;
    size_t len;
    const struct cs_secret *second;
    bool equal;
};

static cs_rc compare_second(void *ctx, const unsigned char *octets, size_t len, struct cs_err *err)
{
    struct first *first = ctx;

    (void)err;
    first->equal = len == first->len && memcmp(octets, first->octets, len) == 0;
    return CS_OK;
}

static cs_rc compare_first(void *ctx, const unsigned char *octets, size_t len, struct cs_err *err)
{
    struct first *first = ctx;

    first->octets = octets;
    first->len = len;
    return cs_secret_lend(first->second, compare_second, first, err);
}

cs_rc cs_pinsource_read_new(const char *source, const char *what, const char *name,
                            struct cs_secret **ret_secret, struct cs_err *err)
{
    cs_auto(cs_secret) secret = NULL;
    cs_auto(cs_secret) second = NULL;
    cs_autofree char *prompt = cs_asprintf("%s: ", name);
    cs_autofree char *again = cs_asprintf("%s, again: ", name);

    if (source && strcmp(source, "prompt") != 0) {
        return cs_pinsource_read(source, what, prompt, ret_secret, err);
    }
    CS_TRY(cs_pinsource_read("prompt", what, prompt, &secret, err));
    CS_TRY(cs_pinsource_read("prompt", what, again, &second, err));
    struct first first = {.second = second};
    CS_TRY(cs_secret_lend(secret, compare_first, &first, err));
    if (!first.equal) {
        return cs_fail_hint(err, CS_E_USAGE, "type it again", "%s: the two that were typed differ",
                            name);
    }
    *ret_secret = cs_steal(&secret);
    return CS_OK;
}

/* ---- pin-source of a URI ---- */

static cs_rc check_uri_source(const char *source, struct cs_err *err)
{
    if (*source == '|') {
        return cs_fail_hint(err, CS_E_CONFIG, "let the command write into a pipe and say fd:NUMBER",
                            "the pin-source of the token's URI is a command; a URI may come from "
                            "anywhere, and cscert starts no program for it");
    }
    /* file:///etc/pin is file:/etc/pin; another host's file is not read. */
    if (strncmp(source, "file:/", 6) != 0 || (source[6] == '/' && source[7] != '/')) {
        return cs_fail_hint(err, CS_E_CONFIG, "write pin-source=file:/path",
                            "the pin-source of the token's URI is not the path of a file");
    }
    return CS_OK;
}

cs_rc cs_pinsource_of_uri(const char *uri, char **ret_source, struct cs_err *err)
{
    cs_auto(cs_uri) parsed = NULL;

    CS_TRY(cs_uri_parse_object(uri, &parsed, err));
    const char *source = cs_uri_pin_source(parsed);
    if (source) {
        CS_TRY(check_uri_source(source, err));
    }
    *ret_source = cs_strdup(source);
    return CS_OK;
}

struct cs_pinsource cs_pinsource_choose(const struct cs_options *options,
                                        const struct cs_config *config)
{
    const char *said = cs_options_text(options, CS_OPT_TOKEN);
    bool other = said && config->token.uri && strcmp(said, config->token.uri) != 0;

    return (struct cs_pinsource){
        .option = cs_options_text(options, CS_OPT_PIN_SOURCE),
        .uri = said ? said : config->token.uri,
        .configured = other ? NULL : config->token.pin_source,
    };
}

cs_rc cs_pinsource_ask(void *ctx, const struct cs_token_info *info, struct cs_secret **ret_pin,
                       struct cs_err *err)
{
    const struct cs_pinsource *from = ctx;
    cs_autofree char *prompt = cs_asprintf("PIN of the token \"%s\": ", info->label);
    cs_autofree char *of_uri = NULL;

    if (from->option) {
        return cs_pinsource_read(from->option, "--pin-source", prompt, ret_pin, err);
    }
    if (from->uri) {
        CS_TRY(cs_pinsource_of_uri(from->uri, &of_uri, err));
    }
    if (of_uri) {
        return cs_pinsource_read(of_uri, "the URI's pin-source", prompt, ret_pin, err);
    }
    if (from->configured) {
        return cs_pinsource_read(from->configured, "the configured pin-source", prompt, ret_pin,
                                 err);
    }
    return cs_pinsource_read("prompt", "", prompt, ret_pin, err);
}
