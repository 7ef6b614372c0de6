/* SoftHSM2 tokens for tests: in a private temporary folder, never the user's own.
 *
 * What goes wrong here is the machine's or the test's own fault, so that every function prints what
 * failed and aborts instead of returning an error. */
#ifndef CS_TESTS_SUPPORT_SOFTHSM_H
#define CS_TESTS_SUPPORT_SOFTHSM_H

#include <stddef.h>
#include <sys/types.h>

#define CS_SOFTHSM_MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define CS_SOFTHSM_LABEL  "cscert-test"
#define CS_SOFTHSM_URI    "pkcs11:token=" CS_SOFTHSM_LABEL

/* Words that occur nowhere else, so that a test can search for them in all that was written. */
#define CS_SOFTHSM_PIN    "pin-Kw7qZ2"
#define CS_SOFTHSM_SO_PIN "so-pin-Xe4vB9"

struct cs_softhsm {
    char *folder;   /* holds softhsm2.conf, tokens/ and what else a test wants to put there */
    char *pin_file; /* CS_SOFTHSM_PIN, mode 0600 */
    char *old_conf; /* SOFTHSM2_CONF as it was; NULL: unset */

    pid_t owner;   /* the process that made the folder */
    pid_t janitor; /* removes it when @alive is closed in all processes */
    int alive;
};

/* Makes the folder with one token CS_SOFTHSM_LABEL and points SOFTHSM2_CONF of this process at it;
 * before any SoftHSM is loaded. Release with cs_softhsm_done(). */
void cs_softhsm_init(struct cs_softhsm *hsm);

/* The same without a token. */
void cs_softhsm_init_empty(struct cs_softhsm *hsm);

/* One more token with the same PINs; the same @label again is one more token of that label. */
void cs_softhsm_add_token(const struct cs_softhsm *hsm, const char *label);

/* Removes the folder with all tokens and sets SOFTHSM2_CONF back. Only the process that made it
 * does so, not a fork of it. Without this call the folder goes when the process has ended. */
void cs_softhsm_done(struct cs_softhsm *hsm);

/* "FOLDER/NAME"; the caller frees. */
char *cs_softhsm_path(const struct cs_softhsm *hsm, const char *name);

enum cs_softhsm_kind { CS_SOFTHSM_RSA, CS_SOFTHSM_EC };

/* Puts @count key pairs (RSA-2048 or P-256) on the token: about 2 ms each for EC. Their labels are
 * "old00000" and on, their CKA_IDs 20 octets that begin with "olde" or "oldr" and end in the
 * number. */
void cs_softhsm_populate(const struct cs_softhsm *hsm, const char *label, size_t count,
                         enum cs_softhsm_kind kind);

/* The objects on a token, counted by a process of its own through the real module: whatever this
 * process has loaded or broken does not matter. */
struct cs_softhsm_count {
    size_t private_keys;
    size_t public_keys;
    size_t certificates;
    size_t others;
    size_t all;
};
struct cs_softhsm_count cs_softhsm_count(const struct cs_softhsm *hsm, const char *label);

/* Removes all keys and certificates of a token, by a process of its own. */
void cs_softhsm_wipe(const struct cs_softhsm *hsm, const char *label);

/* Files of objects in all tokens, also those that SoftHSM does not show as an object. */
size_t cs_softhsm_count_files(const struct cs_softhsm *hsm);

/* Runs a program to its end, found on PATH unless @argv[0] has a slash. What it writes to stdout
 * comes back when @ret_output is not NULL (the caller frees), else it is dropped. The value is the
 * exit code, or 128 and the signal. */
int cs_softhsm_run(char *const argv[], char **ret_output);

#endif
