#include "base/err.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *sentence;
} codes[CS_RC_COUNT] = {
    [CS_OK] = {"OK", "Everything that was asked for is done."},
    [CS_E_INTERNAL] = {"INTERNAL", "cscert or a library failed in a way that should not happen."},
    [CS_E_USAGE] = {"USAGE", "The command line or a value on it is wrong; nothing was changed."},
    [CS_E_CONFIG] = {"CONFIG", "The configuration is missing, wrong or writable by others."},
    [CS_E_TOKEN_ABSENT] = {"TOKEN_ABSENT",
                           "The module, the token or an object on it is not there."},
    [CS_E_TOKEN_AUTH] = {"TOKEN_AUTH", "The token did not accept the login."},
    [CS_E_TOKEN_REFUSED] = {"TOKEN_REFUSED", "The token cannot or will not do what was asked."},
    [CS_E_CA_UNREACHABLE] = {"CA_UNREACHABLE", "The certification authority could not be asked."},
    [CS_E_CA_REFUSED] = {"CA_REFUSED", "The certification authority denied the request."},
    [CS_E_PENDING] = {"PENDING", "The request waits for the certification authority."},
    [CS_E_MISMATCH] = {"MISMATCH", "A certificate does not belong to the request."},
    [CS_E_STORE] = {"STORE", "The store could not be opened, read or written."},
    [CS_E_CANCELLED] = {"CANCELLED", "The user or a signal stopped the run."},
    [CS_E_PARTIAL] = {"PARTIAL", "Of several requests at least one failed."},
    [CS_E_POLICY] = {"POLICY", "The configured policy forbids it."},
    [CS_E_INPUT] = {"INPUT", "A document that was given cannot be used."},
    [CS_E_OUTPUT] = {"OUTPUT", "A file could not be written."},
    [CS_E_EVIDENCE] = {"EVIDENCE", "Evidence is missing or does not verify."},
};

static const char *const origins[CS_ORIGIN_COUNT] = {
    [CS_ORIGIN_NONE] = "",           [CS_ORIGIN_ERRNO] = "errno",       [CS_ORIGIN_CKR] = "CKR",
    [CS_ORIGIN_HRESULT] = "HRESULT", [CS_ORIGIN_OPENSSL] = "OpenSSL",   [CS_ORIGIN_HTTP] = "HTTP",
    [CS_ORIGIN_SQL] = "SQLite",      [CS_ORIGIN_KERBEROS] = "Kerberos", [CS_ORIGIN_RPC] = "RPC",
};

const char *cs_rc_name(cs_rc code)
{
    return (unsigned)code < CS_RC_COUNT ? codes[code].name : codes[CS_E_INTERNAL].name;
}

const char *cs_rc_explain(cs_rc code)
{
    return (unsigned)code < CS_RC_COUNT ? codes[code].sentence : codes[CS_E_INTERNAL].sentence;
}

const char *cs_origin_name(enum cs_origin origin)
{
    return (unsigned)origin < CS_ORIGIN_COUNT ? origins[origin] : "";
}

void cs_err_clear(struct cs_err *err)
{
    if (err) {
        memset(err, 0, sizeof *err);
    }
}

/* What did not fit is marked, and the mark stands between characters: half of one is no UTF-8, and
 * no JSON. */
static void mark_cut(char *text, size_t size)
{
    static const char mark[] = "...";
    size_t end = size - sizeof mark;

    while (end && ((unsigned char)text[end] & 0xc0) == 0x80) {
        end--;
    }
    memcpy(text + end, mark, sizeof mark);
}

/* Leaves errno alone: who fills the record takes it as the cause afterwards. */
static void CS_PRINTF(3, 0) print(char *text, size_t size, const char *format, va_list args)
{
    int saved = errno;
    int len = vsnprintf(text, size, format, args);

    if (len < 0) {
        text[0] = 0;
    } else if ((size_t)len >= size) {
        mark_cut(text, size);
    }
    errno = saved;
}

/* @from may be @to. */
static void copy(char *to, size_t size, const char *from)
{
    size_t len = from ? strlen(from) : 0;
    size_t kept = len < size ? len : size - 1;

    memmove(to, from ? from : "", kept);
    memset(to + kept, 0, size - kept);
    if (len > kept) {
        mark_cut(to, size);
    }
}

void cs_err_set(struct cs_err *err, cs_rc code, const char *format, ...)
{
    va_list args;

    if (!err) {
        return;
    }
    /* An argument may point into the record that is being replaced. */
    char message[sizeof err->message] = {0};
    va_start(args, format);
    print(message, sizeof message, format, args);
    va_end(args);

    cs_err_clear(err);
    err->code = code;
    memcpy(err->message, message, sizeof message);
}

void cs_err_cause(struct cs_err *err, enum cs_origin origin, int64_t cause, const char *name,
                  const char *operation)
{
    if (!err) {
        return;
    }
    err->origin = origin;
    err->cause = cause;
    copy(err->cause_name, sizeof err->cause_name, name);
    copy(err->operation, sizeof err->operation, operation);
}

void cs_err_cause_errno(struct cs_err *err, const char *operation, int number)
{
    const char *sentence = strerrordesc_np(number);

    cs_err_cause(err, CS_ORIGIN_ERRNO, number, sentence ? sentence : "unknown error", operation);
}

const char *cs_err_cause_text(const struct cs_err *err, char *text)
{
    const char *colon = err->operation[0] && err->origin != CS_ORIGIN_NONE ? ": " : "";
    const char *name = err->cause_name[0] ? err->cause_name : cs_origin_name(err->origin);

    switch (err->origin) {
    case CS_ORIGIN_NONE:
        snprintf(text, CS_ERR_CAUSE_SIZE, "%s", err->operation);
        break;
    case CS_ORIGIN_HRESULT: /* as Windows shows it: the number first, 32 bits */
        snprintf(text, CS_ERR_CAUSE_SIZE, "%s%s0x%08" PRIx32 " %s", err->operation, colon,
                 (uint32_t)err->cause, name);
        break;
    case CS_ORIGIN_CKR:
    case CS_ORIGIN_OPENSSL:
    case CS_ORIGIN_RPC:
        snprintf(text, CS_ERR_CAUSE_SIZE, "%s%s%s (0x%" PRIx64 ")", err->operation, colon, name,
                 (uint64_t)err->cause);
        break;
    default:
        snprintf(text, CS_ERR_CAUSE_SIZE, "%s%s%s (%s %" PRId64 ")", err->operation, colon, name,
                 cs_origin_name(err->origin), err->cause);
        break;
    }
    return text;
}

void cs_err_hint(struct cs_err *err, const char *format, ...)
{
    va_list args;

    if (!err || err->hint[0]) {
        return;
    }
    va_start(args, format);
    print(err->hint, sizeof err->hint, format, args);
    va_end(args);
}
