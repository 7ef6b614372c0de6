#include "job.h"

#include "port/keystore.h"

#include <string.h>

/* What is to be signed: any octets of the digest's length do. */
static const uint8_t digest[CS_DIGEST_MAX] = {0x5a, 0x01};

/* As the flow does: a pair that cannot sign is destroyed by its CKA_ID. */
static cs_rc sign(struct cs_job *job, struct cs_keystore *store, struct cs_key *key,
                  struct cs_err *err)
{
    cs_auto_value(cs_bytes) signature = {0};
    enum cs_digest algorithm = cs_key_digest(&key->spec);
    cs_rc rc = store->ops->sign(store, key, algorithm, digest, &signature, err);

    if (rc != CS_OK) {
        size_t count;
        CS_TRY(store->ops->destroy(store, key->id, &count, err));
        return rc;
    }
    job->verified = cs_testtoken_verify(&key->spki, algorithm, digest, &signature);
    return CS_OK;
}

static cs_rc use_key(struct cs_job *job, struct cs_keystore *store, struct cs_key *key,
                     struct cs_err *err)
{
    CS_TRY(sign(job, store, key, err));
    CS_TRY(store->ops->keep(store, key, err));
    job->kept = true;
    job->attrs = key->attrs;
    job->generation = key->generation;
    if (!job->certificate) {
        return CS_OK;
    }
    cs_auto_value(cs_bytes) der = cs_testtoken_certificate(&key->spki, "job.example.test");
    return store->ops->put_certificate(store, key, &der, err);
}

static cs_rc use_store(struct cs_job *job, struct cs_keystore *store, struct cs_err *err)
{
    struct cs_key_request request =
        cs_testtoken_request(job->spec.alg, job->spec.bits, job->seed ? job->seed : 0xc5);
    struct cs_key *key = NULL;

    request.exportable = job->exportable;
    request.id_is_fresh = true; /* as the flow's */
    CS_TRY(store->ops->check(store, &request.spec, request.exportable, err));
    CS_TRY(store->ops->generate(store, &request, &key, err));
    cs_rc rc = use_key(job, store, key, err);
    store->ops->key_free(key);
    return rc;
}

cs_rc cs_job_run(struct cs_job *job, const struct cs_token_options *options, struct cs_err *err)
{
    cs_auto(cs_keystore) store = NULL;

    CS_TRY(cs_token_open(options, &store, err));
    job->opened = true;
    return use_store(job, store, err);
}
