/* Certificates in the world of flow_bed.h: requested, answered by OpenSSL, imported. */
#ifndef CS_TESTS_UNIT_CERTS_BED_H
#define CS_TESTS_UNIT_CERTS_BED_H

#include "base/clock.h"
#include "flow_bed.h"

#define DAY ((int64_t)86400)

static struct cs_strv no_types;

/* A plan of type Internal with a key of that kind. */
static inline struct cs_plan *plan_of_key(const char *alg, long size, const char *output)
{
    cs_auto_value(cs_strv) types = {0};
    struct cs_plan *plan = NULL;

    cs_strv_add(&types, "Internal");
    const struct cs_plan_input input = {
        .types = &types,
        .computer_fqdn = "edge1.litwareinc.com",
        .key_alg = alg,
        .key_size = size,
        .output = output,
    };
    assert_ok(cs_plan_build(&input, &plan, &err), &err);
    return plan;
}

/* An offline request of its own, signed by a test CA with these arguments of `openssl x509`. The
 * request's number goes to *ret_id. */
static inline struct cs_bytes answered(const char *alg, long size, const char *arguments,
                                       int64_t *ret_id)
{
    static int number;
    cs_autofree char *path = cs_asprintf("%s/request%d.req", folder, ++number);
    cs_auto(cs_plan) plan = plan_of_key(alg, size, path);
    struct cs_result result = {0};

    assert_ok(cs_flow_new(&flow, plan, &result, &err), &err);
    *ret_id = result.request->id;
    cs_result_done(&result);
    return cs_judge_make(folder, "answer.der",
                         "test -f ca.pem || openssl req -x509 -newkey ec -pkeyopt "
                         "ec_paramgen_curve:P-256 -nodes -keyout ca.key -subj '/CN=Test CA' "
                         "-days 900 -out ca.pem 2>/dev/null; "
                         "openssl x509 -req -in request%d.req -CA ca.pem -CAkey ca.key "
                         "-set_serial %d -copy_extensions copyall -outform DER -out answer.der %s "
                         "2>/dev/null",
                         number, 100 + number, arguments);
}

static inline struct cs_import_options import_of(const struct cs_bytes *file)
{
    return (struct cs_import_options){.file = file, .path = "file.cer", .types = &no_types};
}

static inline cs_rc import(const struct cs_import_options *options,
                           struct cs_certificate_list *ret_list)
{
    err = (struct cs_err){0};
    return cs_flow_import_file(&flow, options, ret_list, &err);
}

/* A certificate on the token, valid for @days. */
static inline struct cs_bytes given_certificate(int days)
{
    cs_autofree char *arguments = cs_asprintf("-days %d", days);
    cs_auto_value(cs_certificate_list) list = {0};
    int64_t id;
    struct cs_bytes der = answered("ECDH_P256", 0, arguments, &id);
    const struct cs_import_options options = import_of(&der);

    assert_ok(import(&options, &list), &err);
    ck_assert_uint_eq(list.count, 1);
    ck_assert_int_eq(list.items[0].request_id, id);
    return der;
}

static inline char *thumbprint_of(const struct cs_bytes *der)
{
    cs_auto_value(cs_cert_facts) facts = {0};

    assert_ok(cs_cert_read(der, &facts, &err), &err);
    return cs_strdup(facts.thumbprint);
}

static inline struct cs_strv words(const char *list)
{
    struct cs_strv types = {0};

    cs_strv_split(&types, list, ',');
    return types;
}

/* What serves @type as it is stored; NULL: nothing does. */
static inline const struct cs_use *stored_use(const struct cs_use_list *uses, const char *type,
                                              enum cs_use_slot slot)
{
    for (size_t i = 0; i < uses->count; i++) {
        if (strcmp(uses->items[i].type, type) == 0 && uses->items[i].slot == slot) {
            return &uses->items[i];
        }
    }
    return NULL;
}

/* In the store @type has @current, @previous and @staged (NULL: none). */
static inline void assert_stored(const char *type, const struct cs_bytes *current,
                                 const struct cs_bytes *previous, const struct cs_bytes *staged)
{
    const struct cs_bytes *wanted[] = {current, previous, staged};
    cs_auto_value(cs_use_list) uses = {0};

    assert_ok(cs_store_uses(store, &uses, &err), &err);
    for (unsigned i = 0; i < CS_USE_COUNT; i++) {
        const struct cs_use *use = stored_use(&uses, type, (enum cs_use_slot)i);
        ck_assert_msg((use != NULL) == (wanted[i] != NULL), "%s %s", type,
                      cs_use_slot_name((enum cs_use_slot)i));
        ck_assert(!use || cs_bytes_equal(&use->certificate, wanted[i]));
    }
}

static inline cs_rc count_record(void *ctx, int64_t sequence, const char *json,
                                 struct cs_err *problem)
{
    (void)json;
    (void)problem;
    *(int64_t *)ctx = sequence;
    return CS_OK;
}

static inline int64_t record_count(void)
{
    int64_t last = 0;

    assert_ok(cs_store_records(store, count_record, &last, &err), &err);
    return last;
}

#endif
