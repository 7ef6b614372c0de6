/* The world that the verbs are tested in: a software token, the real store, a CA and a person that
 * answer as a test prescribes. */
#ifndef CS_TESTS_UNIT_FLOW_BED_H
#define CS_TESTS_UNIT_FLOW_BED_H

#include "base/file.h"
#include "base/mem.h"
#include "flow/flow.h"
#include "journal/record.h"
#include "support/check_run.h"
#include "support/judge.h"
#include "support/softkeys.h"
#include "x509/cert.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- a CA as prescribed ---- */

struct fake_ca {
    struct cs_ca base; /* first */
    struct cs_ca_source source;
    enum cs_disposition answer;
    bool unreachable;
    bool may_have_it; /* beside unreachable: the request may have got there */
    bool no_template; /* refuses before there is a key */
    bool wrong_key;   /* issues for another key */
    bool no_number;   /* gives no number */
    unsigned asked;
    unsigned issue_at; /* the poll from which on it is issued; 0: as `answer` says */
    unsigned submits;
    unsigned polls;
    const char *folder;
    void (*rival)(void); /* what another run does while this one waits for the CA */
};
static struct fake_ca ca;

/* Issues with OpenSSL's own CA program for the request's key and names. */
static struct cs_bytes issue(const struct cs_bytes *csr)
{
    free(cs_judge_write(ca.folder, "ca.csr", csr->data, csr->len));
    if (ca.wrong_key) {
        return cs_judge_make(
            ca.folder, "issued.der",
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
            "-keyout /dev/null -subj /CN=edge1.litwareinc.com -days 2 -outform DER "
            "-set_serial 0x0123456789abcdef "
            "-addext subjectAltName=DNS:edge1.litwareinc.com "
            "-addext extendedKeyUsage=serverAuth "
            "-addext basicConstraints=CA:FALSE -out issued.der 2>/dev/null");
    }
    return cs_judge_make(
        ca.folder, "issued.der",
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key "
        "-subj /CN=fake -days 9 -out ca.pem 2>/dev/null && "
        "openssl x509 -req -inform DER -in ca.csr -CA ca.pem -CAkey ca.key -set_serial 1 -days 2 "
        "-copy_extensions copyall -outform DER -out issued.der 2>/dev/null");
}

static cs_rc answer(const struct cs_ca_submission *submission, struct cs_ca_answer *ret,
                    struct cs_err *err)
{
    if (ca.rival) {
        ca.rival();
    }
    if (ca.unreachable) {
        return cs_fail(err, CS_E_CA_UNREACHABLE, "no route to the CA");
    }
    *ret = (struct cs_ca_answer){.disposition = ca.answer};
    ret->request_id = cs_strdup(ca.no_number ? NULL : "77");
    if (ca.answer == CS_CA_ISSUED) {
        ret->certificate = issue(submission->csr);
    }
    if (ca.answer == CS_CA_DENIED) {
        ret->message = cs_strdup("not today");
    }
    return CS_OK;
}

static cs_rc fake_submit(struct cs_ca *self, const struct cs_ca_submission *submission,
                         struct cs_ca_answer *ret, struct cs_err *err)
{
    (void)self;
    ca.submits++;
    return answer(submission, ret, err);
}

static cs_rc fake_poll(struct cs_ca *self, const char *request_id, const char *handle,
                       const struct cs_ca_submission *submission, struct cs_ca_answer *ret,
                       struct cs_err *err)
{
    (void)self;
    (void)handle;
    ck_assert_str_eq(request_id, "77");
    ca.polls++;
    if (ca.issue_at && ca.polls >= ca.issue_at) {
        ca.answer = CS_CA_ISSUED;
    }
    return answer(submission, ret, err);
}

static void fake_close(struct cs_ca *self)
{
    (void)self;
}

static cs_rc fake_ask(struct cs_ca *self, const struct cs_ca_submission *submission,
                      struct cs_err *err)
{
    (void)self;
    ck_assert_ptr_null(submission->csr);
    ca.asked++;
    return ca.no_template ? cs_fail(err, CS_E_CA_REFUSED, "no such template") : CS_OK;
}

static bool fake_may_have_it(const struct cs_ca *self)
{
    (void)self;
    return ca.may_have_it;
}

static const struct cs_ca_ops fake_ops = {
    .submit = fake_submit,
    .poll = fake_poll,
    .close = fake_close,
    .check = fake_ask,
    .may_have_it = fake_may_have_it,
};

static cs_rc fake_check(struct cs_ca_source *source, const char *name, struct cs_err *err)
{
    (void)source;
    return strcmp(name, "fake") == 0 ? CS_OK : cs_fail(err, CS_E_USAGE, "no CA %s", name);
}

static cs_rc fake_open(struct cs_ca_source *source, const char *name, struct cs_ca **ret_ca,
                       struct cs_err *err)
{
    (void)source;
    (void)name;
    (void)err;
    *ret_ca = &ca.base;
    return CS_OK;
}

/* ---- a person as prescribed ---- */

struct fake_ui {
    struct cs_ui base; /* first */
    bool is_there;
    bool says_yes;
    unsigned questions;
    unsigned warnings;
    unsigned signal_at; /* interrupted() is true from this call on; 0: never */
    unsigned looks;
    size_t done; /* the last progress */
    size_t total;
    void (*meanwhile)(void); /* what another run does while the question is open */
};
static struct fake_ui ui;

static void ui_warn(struct cs_ui *self, const char *text)
{
    (void)self;
    ck_assert(*text);
    ui.warnings++;
}
static void ui_text(struct cs_ui *self, const char *text)
{
    (void)self;
    (void)text;
}
static cs_rc ui_confirm(struct cs_ui *self, const char *question, struct cs_err *err)
{
    (void)self;
    (void)question;
    ui.questions++;
    if (ui.meanwhile) {
        ui.meanwhile();
    }
    return ui.is_there && ui.says_yes ? CS_OK : cs_fail(err, CS_E_CANCELLED, "no");
}
static bool ui_can_ask(struct cs_ui *self)
{
    (void)self;
    return ui.is_there;
}
static void ui_end(struct cs_ui *self)
{
    (void)self;
}
static bool ui_interrupted(struct cs_ui *self)
{
    (void)self;
    return ui.signal_at && ++ui.looks >= ui.signal_at;
}
static void ui_progress(struct cs_ui *self, size_t done, size_t total)
{
    (void)self;
    ck_assert_uint_le(done, total);
    ck_assert(done == ui.done + 1 || done == 1);
    ui.done = done;
    ui.total = total;
}
static const struct cs_ui_ops ui_ops = {
    .warn = ui_warn,
    .note = ui_text,
    .confirm = ui_confirm,
    .can_ask = ui_can_ask,
    .begin = ui_text,
    .end = ui_end,
    .progress = ui_progress,
    .interrupted = ui_interrupted,
};

/* ---- the world of one test ---- */

static char *folder;
static struct cs_keystore *token;
static struct cs_store *store;
static struct cs_flow flow;
static struct cs_actor actor = {.user = "tester", .host = "here", .uid = 7};
static struct cs_err err;

static void setup(void)
{
    folder = cs_judge_folder();
    cs_autofree char *path = cs_asprintf("%s/cscert.db", folder);
    err = (struct cs_err){0};
    token = cs_softkeys_new();
    ca = (struct fake_ca){.base = {&fake_ops}, .source = {fake_check, fake_open}, .folder = folder};
    ui = (struct fake_ui){.base = {&ui_ops}};
    assert_ok(cs_store_open(path, 100, cs_journal_record, &actor, &store, &err), &err);
    flow = (struct cs_flow){
        .store = store,
        .keystore = cs_softkeys_source(token),
        .ca = &ca.source,
        .ui = &ui.base,
    };
}

static void teardown(void)
{
    ck_assert_int_eq(cs_softkeys_open_count(token), 0);
    cs_store_close(store);
    cs_softkeys_free(token);
    cs_judge_remove(folder);
    free(folder);
}

static inline struct cs_plan *make_plan(const char *ca_name, const char *output)
{
    cs_auto_value(cs_strv) types = {0};
    struct cs_plan *plan = NULL;

    cs_strv_add(&types, "Internal");
    const struct cs_plan_input input = {
        .types = &types,
        .computer_fqdn = "edge1.litwareinc.com",
        .key_alg = "ECDH_P256",
        .ca = ca_name,
        .output = output,
    };
    assert_ok(cs_plan_build(&input, &plan, &err), &err);
    return plan;
}

static inline cs_rc run_new(const char *ca_name, const char *output, struct cs_result *result)
{
    cs_auto(cs_plan) plan = make_plan(ca_name, output);

    return cs_flow_new(&flow, plan, result, &err);
}

/* Makes one request at the CA that ends in the state that ca.answer leads to. */
static inline int64_t given(enum cs_disposition disposition)
{
    struct cs_result result = {0};

    ca.answer = disposition;
    cs_rc rc = run_new("fake", NULL, &result);
    ck_assert_int_eq(
        rc, disposition == CS_CA_DENIED || disposition == CS_CA_REVOKED ? CS_E_CA_REFUSED : CS_OK);
    int64_t id = result.request->id;
    cs_result_done(&result);
    return id;
}

static inline enum cs_state stored_state(int64_t id)
{
    struct cs_request *request = NULL;

    assert_ok(cs_store_get(store, id, &request, &err), &err);
    enum cs_state state = request->state;
    cs_request_free(request);
    return state;
}

static inline char *output_path(void)
{
    return cs_asprintf("%s/out.req", folder);
}

/* Makes an offline request, the first of the store; the file with the CA's answer to it. The caller
 * frees. */
static inline char *answer_to_offline(void)
{
    cs_autofree char *path = output_path();
    struct cs_result made = {0};

    assert_ok(run_new(NULL, path, &made), &err);
    ck_assert_int_eq(made.request->id, 1);
    cs_auto_value(cs_bytes) der = issue(&made.request->csr);
    cs_result_done(&made);
    return cs_judge_write(folder, "reply.cer", der.data, der.len);
}

#endif
