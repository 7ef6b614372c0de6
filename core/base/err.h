/* Errors: one must-check result that is also the exit code, and one record that says why. */
#ifndef CS_BASE_ERR_H
#define CS_BASE_ERR_H

#include <stdint.h>

/* The exit codes of the three programs; docs/EXIT-CODES.md explains each to users. */
typedef enum cs_rc {
    CS_OK = 0,
    CS_E_INTERNAL = 1,
    CS_E_USAGE = 2,
    CS_E_CONFIG = 3,
    CS_E_TOKEN_ABSENT = 4,
    CS_E_TOKEN_AUTH = 5,
    CS_E_TOKEN_REFUSED = 6,
    CS_E_CA_UNREACHABLE = 7,
    CS_E_CA_REFUSED = 8,
    CS_E_PENDING = 9,
    CS_E_MISMATCH = 10,
    CS_E_STORE = 11,
    CS_E_CANCELLED = 12,
    CS_E_PARTIAL = 13,
    CS_E_POLICY = 14,
    CS_E_INPUT = 15,
    CS_E_OUTPUT = 16,
    CS_E_EVIDENCE = 17,
    CS_RC_COUNT
} cs_rc;

#define CS_MUST_CHECK   __attribute__((warn_unused_result))
#define CS_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define CS_NORETURN     __attribute__((noreturn))

/* Where the number in `cause` comes from. */
enum cs_origin {
    CS_ORIGIN_NONE,
    CS_ORIGIN_ERRNO,
    CS_ORIGIN_CKR,
    CS_ORIGIN_HRESULT,
    CS_ORIGIN_OPENSSL,
    CS_ORIGIN_HTTP,
    CS_ORIGIN_SQL,
    CS_ORIGIN_KERBEROS, /* krb5_error_code */
    CS_ORIGIN_RPC,      /* status of a DCE/RPC fault */
    CS_ORIGIN_COUNT
};

struct cs_err {
    cs_rc code;
    enum cs_origin origin;
    int64_t cause;
    char operation[64];  /* what was called, e.g. "C_Login"; empty if nothing was */
    char cause_name[96]; /* e.g. "CKR_PIN_INCORRECT"; for errno and SQL their sentence */
    char message[1024];  /* what failed, with the value and where it stood */
    char hint[768];      /* what to do next; may be empty */
};

/* The word of a code as --json and the documents name it: "TOKEN_AUTH". "INTERNAL" for no code of
 * ours. */
const char *cs_rc_name(cs_rc code);

/* One sentence that explains a code to users. */
const char *cs_rc_explain(cs_rc code);

/* "errno", "CKR", "HRESULT", ...; "" for CS_ORIGIN_NONE. */
const char *cs_origin_name(enum cs_origin origin);

void cs_err_clear(struct cs_err *err);

/* Fills @err from scratch; use cs_fail(), whose value is the code. @err may be NULL. */
void cs_err_set(struct cs_err *err, cs_rc code, const char *format, ...) CS_PRINTF(3, 4);

/* Adds the cause to an error that cs_err_set() made; @name is copied and may be NULL. */
void cs_err_cause(struct cs_err *err, enum cs_origin origin, int64_t cause, const char *name,
                  const char *operation);

/* Octets that cs_err_cause_text() needs at most, with the NUL. */
#define CS_ERR_CAUSE_SIZE 224

/* The cause for people, "C_Login: CKR_PIN_INCORRECT (0xa0)", in @text of CS_ERR_CAUSE_SIZE octets;
 * "" where there is none. Returns @text. */
const char *cs_err_cause_text(const struct cs_err *err, char *text);

/* Sets what to do next; a hint that is there already is kept, because who set it knew more. */
void cs_err_hint(struct cs_err *err, const char *format, ...) CS_PRINTF(2, 3);

/* Its value is the literal code, so that the compiler sees that it is not CS_OK. */
#define cs_fail(err, code, ...) (cs_err_set((err), (code), __VA_ARGS__), (code))

/* As cs_fail(), with errno's number and sentence. @number is taken before anything can change
 * errno. */
#define cs_fail_errno(err, code, operation, number, ...)                                           \
    (cs_err_set((err), (code), __VA_ARGS__), cs_err_cause_errno((err), (operation), (number)),     \
     (code))
void cs_err_cause_errno(struct cs_err *err, const char *operation, int number);

/* As cs_fail(), with a hint that is a plain sentence. */
#define cs_fail_hint(err, code, hint_text, ...)                                                    \
    (cs_err_set((err), (code), __VA_ARGS__), cs_err_hint((err), "%s", (hint_text)), (code))

#define CS_TRY(call)                                                                               \
    do {                                                                                           \
        cs_rc cs_try_rc_ = (call);                                                                 \
        if (cs_try_rc_ != CS_OK) {                                                                 \
            return cs_try_rc_;                                                                     \
        }                                                                                          \
    } while (0)

#endif
