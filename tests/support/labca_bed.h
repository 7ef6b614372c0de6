/* A lab CA's surroundings for tests: the real store in a folder of its own, keys in memory. */
#ifndef CS_TESTS_SUPPORT_LABCA_BED_H
#define CS_TESTS_SUPPORT_LABCA_BED_H

#include "labca/labca.h"
#include "support/check_run.h"
#include "support/judge.h"
#include "support/softkeys.h"

/* Of the test that runs; made by set_up(), which is a checked fixture. */
extern char *folder;
extern struct cs_store *store;
extern struct cs_keystore *soft;
extern struct cs_labca_config config; /* with addresses, and crl_file in the folder */
extern char *crl_file;

extern const struct cs_key_spec p256;
extern const struct cs_key_spec rsa2048;

void set_up(void);

/* Asserts too that every keystore that was opened is closed. */
void tear_down(void);

/* The lab CA "mylab". */
void init_ca(const struct cs_key_spec *spec);

/* A request of cscert's own for @name and sip.litwareinc.net. */
struct cs_bytes new_csr(const char *name, const struct cs_key_spec *spec, bool client);

/* One run each: open, ask, close. */
cs_rc submit(const struct cs_bytes *csr, struct cs_ca_answer *ret_answer, struct cs_err *err);
cs_rc poll_ca(const char *request_id, struct cs_ca_answer *ret_answer, struct cs_err *err);

/* A certificate as a PEM file of the folder. */
void write_pem(const char *name, const struct cs_bytes *der);

/* What a shell command in the folder says; it must exit with 0. */
char *says(const char *command);
void assert_says(const char *command, const char *part);

#endif
