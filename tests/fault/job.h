/* The whole use of a keystore, as `new` and then `retrieve` make it, in one go. */
#ifndef CS_TESTS_FAULT_JOB_H
#define CS_TESTS_FAULT_JOB_H

#include "base/err.h"
#include "model/keyspec.h"
#include "support/testtoken.h"

#include <stdbool.h>

/* What came back from a job, beside its code. */
struct cs_job {
    struct cs_key_spec spec;
    bool exportable;
    bool certificate; /* in: put one on the token at the end */
    uint8_t seed;     /* in: of the CKA_ID (testtoken.h); 0: 0xc5 */

    bool opened;   /* out: how far it came */
    bool kept;     /* keep() succeeded: from here on the pair stays */
    bool verified; /* the signature verifies with the key's SubjectPublicKeyInfo */
    struct cs_key_attrs attrs;
    enum cs_generation generation;
};

/* open, check, generate, sign, keep, and with @certificate put_certificate; then close. As the flow
 * does, a pair that cannot sign is destroyed by its CKA_ID. */
cs_rc cs_job_run(struct cs_job *job, const struct cs_token_options *options, struct cs_err *err);

#endif
