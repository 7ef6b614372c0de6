/* What the verbs share. */
#ifndef CS_FLOW_INTERNAL_H
#define CS_FLOW_INTERNAL_H

#include "flow/flow.h"

/* A token that is opened when it is needed first, and a key of it. */
struct cs_flow_token {
    struct cs_keystore *store;
    struct cs_key *key;
};
void cs_flow_token_done(struct cs_flow_token *token);

/* The key belongs to one request, the token to the run. */
void cs_flow_forget_key(struct cs_flow_token *token);
cs_rc cs_flow_token_open(const struct cs_flow *flow, struct cs_flow_token *token,
                         struct cs_err *err) CS_MUST_CHECK;

/* Opens the token and finds the request's key on it, unless token->key is there already.
 * CS_E_TOKEN_ABSENT if the token does not hold it, CS_E_MISMATCH if another key has its CKA_ID. */
cs_rc cs_flow_find_key(const struct cs_flow *flow, const struct cs_request *request,
                       struct cs_flow_token *token, struct cs_err *err) CS_MUST_CHECK;

/* Destroys what the request made on the token and takes it to FAILED because of *@err, which is
 * kept. If that does not work either, the request stays as it is for `recover`, and the hint says
 * so. */
void cs_flow_undo(const struct cs_flow *flow, struct cs_request *request,
                  struct cs_flow_token *token, struct cs_err *err);

/* For a request that another run may be working on at the same moment (SUBMITTED, or what `clear`
 * withdraws): takes it to @to first, which only one of the two can do, and destroys its key then.
 * Between the two the store's intent tells `recover` what is still to be done. */
cs_rc cs_flow_end(const struct cs_flow *flow, struct cs_request *request, enum cs_state to,
                  struct cs_flow_token *token, struct cs_err *err) CS_MUST_CHECK;

/* From KEPT on: writes the request file, or asks the CA and imports what it issued. */
cs_rc cs_flow_deliver(const struct cs_flow *flow, struct cs_result *result,
                      struct cs_flow_token *token, struct cs_err *err) CS_MUST_CHECK;

/* Takes the request to where the CA's answer puts it, and imports a certificate. CS_E_CA_REFUSED
 * for denied and revoked. The answer's contents move into the request; but for a certificate that
 * is not what was asked for (cs_cert_check()'s errors): the request stays as it is then, and the CA
 * can be asked again. */
cs_rc cs_flow_take_answer(const struct cs_flow *flow, struct cs_result *result,
                          struct cs_ca_answer *answer, struct cs_flow_token *token,
                          struct cs_err *err) CS_MUST_CHECK;

/* From ISSUED to IMPORTED: checks the stored certificate against the request and puts it on the
 * token. */
cs_rc cs_flow_import(const struct cs_flow *flow, struct cs_result *result,
                     struct cs_flow_token *token, struct cs_err *err) CS_MUST_CHECK;

/* What goes to the CA beside the request, with the account's password. */
cs_rc cs_flow_submission(const struct cs_flow *flow, const struct cs_request *request,
                         struct cs_ca_submission *ret_submission, struct cs_err *err) CS_MUST_CHECK;

/* This run has made it, its CA has yet to decide, and flow->wait says to wait for that. */
bool cs_flow_is_waited_for(const struct cs_flow *flow, const struct cs_result *result);

/* Asks for those of @results that are waited for until none is any more or flow->wait seconds are
 * over; each result says what became of it. @sink (may be NULL) gets each as soon as it is decided;
 * its place is empty then. */
void cs_flow_wait(const struct cs_flow *flow, struct cs_result *results, size_t count,
                  const struct cs_result_sink *sink, struct cs_flow_token *token);

/* Asks the request's CA for it, and imports what it issued. */
cs_rc cs_flow_poll(const struct cs_flow *flow, struct cs_result *result,
                   struct cs_flow_token *token, struct cs_err *err) CS_MUST_CHECK;

/* Takes one request on as far as it goes, by the answer in the file @reply if that is not NULL; why
 * it stays where it is, is result->error. Another process that was faster is no failure, unless it
 * cleared the request: what it has made of it is the result. */
void cs_flow_retrieve_one(const struct cs_flow *flow, struct cs_result *result, const char *reply,
                          struct cs_flow_token *token);

/* Keeps with the request why it could not be asked about. */
void cs_flow_note_failure(const struct cs_flow *flow, struct cs_result *result);

/* Before there is a key: whether the CA would take the request of @plan. */
cs_rc cs_flow_ask_ca(const struct cs_flow *flow, const struct cs_plan *plan,
                     struct cs_err *err) CS_MUST_CHECK;

/* The same before there is a request. */
cs_rc cs_flow_plan_submission(const struct cs_flow *flow, const struct cs_plan *plan,
                              struct cs_ca_submission *ret_submission,
                              struct cs_err *err) CS_MUST_CHECK;

/* CS_E_CANCELLED if a signal came. */
cs_rc cs_flow_check_signal(const struct cs_flow *flow, struct cs_err *err) CS_MUST_CHECK;

/* The numbers that @selection names, else all whose state @keep likes. */
cs_rc cs_flow_select(const struct cs_flow *flow, const struct cs_selection *selection,
                     bool (*keep)(enum cs_state state), int64_t **ret_ids, size_t *ret_count,
                     struct cs_err *err) CS_MUST_CHECK;

/* How often the request's key has left its token, as the journal tells; 0 for a key that is not
 * exportable. */
cs_rc cs_flow_count_exports(const struct cs_flow *flow, const struct cs_request *request,
                            int64_t *ret_count, struct cs_err *err) CS_MUST_CHECK;

/* A new result of the list with the request @id; if that cannot be read, its error says so. */
struct cs_result *cs_flow_add_result(const struct cs_flow *flow, int64_t id,
                                     struct cs_result_list *list);

/* It is issued, and the store has the certificate. */
bool cs_flow_has_certificate(const struct cs_request *request);

/* CS_E_USAGE: the request is not as far as it would have to be. @way is added to the hint that it
 * can be asked for. */
cs_rc cs_flow_fail_state(const struct cs_request *request, const char *why, const char *way,
                         struct cs_err *err) CS_MUST_CHECK;

/* True for "file.pfx", "file.PFX". @ending: ".pfx". */
bool cs_flow_is_named(const char *path, const char *ending);

/* Writes @content, the @what of the request @id, to a file: asks with flow->confirm, writes nothing
 * with flow->what_if, replaces a file only with flow->force. */
cs_rc cs_flow_write_again(const struct cs_flow *flow, const char *what, int64_t id,
                          const char *path, const struct cs_bytes *content,
                          struct cs_err *err) CS_MUST_CHECK;

/* ---- what a topology's plans are compared with ---- */

/* The requests of one pool, read once for all its plans; {0} is none. */
struct cs_flow_holder;
struct cs_flow_pool {
    char *name;
    struct cs_flow_holder *items; /* ascending by their numbers */
    size_t count;
    int64_t below; /* only requests with smaller numbers; 0: all */
};
void cs_flow_pool_done(struct cs_flow_pool *pool);

/* Reads the pool @name unless @pool is that already. None for NULL, and without a store. */
cs_rc cs_flow_pool_load(const struct cs_flow *flow, const char *name, struct cs_flow_pool *pool,
                        struct cs_err *err) CS_MUST_CHECK;

/* The best of what @pool (the plan's, loaded) has for @plan, the newest of several. */
void cs_flow_fit(const struct cs_flow_pool *pool, const struct cs_plan *plan,
                 struct cs_existing *ret_existing);

/* It is being made by another run, or was left by one that was interrupted. */
bool cs_flow_is_half_made(const struct cs_existing *existing);

/* The rule below is about this plan. */
bool cs_flow_shares_key(const struct cs_flow *flow, const struct cs_plan *plan);

/* CS_E_USAGE if @plan is for an Edge pool that has a key for one of its types already: a request on
 * its way, or a certificate that is valid, unless -Force. @renewing: as `new --all` asks, to which
 * a certificate with CS_RENEW_DAYS or less left is none, because its successor is what was asked
 * for; one that lacks names is one, for with a second key beside it the members would no longer
 * agree. */
cs_rc cs_flow_check_second_key(const struct cs_flow *flow, const struct cs_plan *plan,
                               bool renewing, struct cs_flow_pool *pool,
                               struct cs_err *err) CS_MUST_CHECK;

/* ---- the parts of `new` ---- */

/* What is wrong with where the request goes, as far as it shows before there is a key. */
cs_rc cs_flow_check_destination(const struct cs_flow *flow, const struct cs_plan *plan,
                                struct cs_err *err) CS_MUST_CHECK;

/* A password that cannot be had is found out before there is a key. */
cs_rc cs_flow_ask_password(const struct cs_flow *flow, const struct cs_plan *plan,
                           struct cs_err *err) CS_MUST_CHECK;

/* 160 random bits. */
cs_rc cs_flow_make_key_id(uint8_t id[CS_KEY_ID_LEN], struct cs_err *err) CS_MUST_CHECK;

/* CKA_ID, label and token of the request that is about to be stored. */
cs_rc cs_flow_prepare(const struct cs_flow *flow, const struct cs_keystore *store,
                      struct cs_result *result, struct cs_err *err) CS_MUST_CHECK;

/* Stores the request as PLANNED, with the CKA_ID that the key will carry, before there is a key.
 * Inside a group of the store the question whether an Edge pool gets a second key and the row that
 * answers it the next time happen together: two runs cannot both be told no. */
cs_rc cs_flow_add_row(const struct cs_flow *flow, struct cs_request *request, bool renewing,
                      struct cs_err *err) CS_MUST_CHECK;

/* Makes the key, the request and keeps the key: all that SIGNED and KEPT stand for, not stored yet.
 */
cs_rc cs_flow_make_key(const struct cs_flow *flow, struct cs_request *request,
                       struct cs_flow_token *token, struct cs_err *err) CS_MUST_CHECK;

/* From the plan to the end, undone as far as it can be if it fails; result->error says why. */
cs_rc cs_flow_make(const struct cs_flow *flow, bool renewing, struct cs_result *result,
                   struct cs_flow_token *token) CS_MUST_CHECK;

/* The request as its file holds it. */
struct cs_bytes cs_flow_request_file(const struct cs_request *request);

/* ---- get, import, set, remove ---- */

/* What serves one type. A slot without a certificate is empty. */
struct cs_flow_slots {
    struct cs_use use[CS_USE_COUNT];
};
void cs_flow_slots_done(struct cs_flow_slots *slots);

/* Moves what serves @type out of @uses. A staged one whose date has come by @now is the current one
 * then, and *ret_promoted says so. */
void cs_flow_slots_take(struct cs_use_list *uses, const char *type, int64_t now,
                        struct cs_flow_slots *ret_slots, bool *ret_promoted);

/* Moves them back to the end of @uses. */
void cs_flow_slots_give(struct cs_flow_slots *slots, struct cs_use_list *uses);

/* What serves @type from now on, with a journal record of type @record. */
cs_rc cs_flow_slots_store(const struct cs_flow *flow, const struct cs_flow_slots *slots,
                          const char *type, const char *record, struct cs_err *err) CS_MUST_CHECK;

/* All uses as they are stored, and as they are now; none without a store. */
cs_rc cs_flow_uses_read(const struct cs_flow *flow, struct cs_use_list *ret_uses,
                        struct cs_err *err) CS_MUST_CHECK;
cs_rc cs_flow_uses_now(const struct cs_flow *flow, struct cs_use_list *ret_uses,
                       struct cs_err *err) CS_MUST_CHECK;

/* Lets @certificate serve @types; its uses are then what came of it. Asks with flow->confirm. With
 * flow->what_if only the checks are made. Warnings are shown, and kept with it. */
cs_rc cs_flow_assign(const struct cs_flow *flow, struct cs_certificate *certificate,
                     cs_type_set types, bool roll, int64_t effective,
                     struct cs_err *err) CS_MUST_CHECK;

/* Requests of the store whose rows are damaged. {0} is none. */
struct cs_flow_unread {
    int64_t *ids; /* ascending */
    struct cs_strv why;
    size_t count;
};
void cs_flow_unread_done(struct cs_flow_unread *unread);

/* Reads the request @id; one whose row is damaged goes to @unread, and *ret_request is NULL. */
cs_rc cs_flow_read_or_note(const struct cs_flow *flow, int64_t id, struct cs_flow_unread *unread,
                           struct cs_request **ret_request, struct cs_err *err) CS_MUST_CHECK;

/* One of @unread that may be the request of that certificate; 0: none can be. */
cs_rc cs_flow_unread_of(const struct cs_flow *flow, const struct cs_flow_unread *unread,
                        const struct cs_identity *identity, int64_t *ret_id,
                        struct cs_err *err) CS_MUST_CHECK;

/* The request that @certificate (der, facts and key_id are known) is the answer to; NULL: none, or
 * perhaps one of @unread. Sets request_id, or unread_id with a warning. */
cs_rc cs_flow_match(const struct cs_flow *flow, const struct cs_request_list *requests,
                    const struct cs_flow_unread *unread, struct cs_certificate *certificate,
                    const struct cs_request **ret_request, struct cs_err *err) CS_MUST_CHECK;

/* The request of ours that the certificate @der of a file answers (*ret_request, one of
 * @ret_requests; NULL: none). CS_E_STORE if it may answer one that cannot be read: it is neither
 * taken unchecked nor for another one's answer. */
cs_rc cs_flow_find_answered(const struct cs_flow *flow, struct cs_flow_token *token,
                            const struct cs_cert_facts *facts, const struct cs_bytes *der,
                            struct cs_request_list *ret_requests, struct cs_request **ret_request,
                            struct cs_err *err) CS_MUST_CHECK;

/* Says to the user which requests were left out; that of the number @needed (0: none) goes to
 * @list, which is not whole without it. */
void cs_flow_tell_unread(const struct cs_flow *flow, const struct cs_flow_unread *unread,
                         int64_t needed, struct cs_certificate_list *list);

/* The certificates on the token, each with its request, origin and uses, in no order. What was read
 * for that goes to @ret_requests, @ret_uses and @ret_unread, which may be NULL. */
cs_rc cs_flow_read_certificates(const struct cs_flow *flow, struct cs_flow_token *token,
                                struct cs_certificate_list *ret_list,
                                struct cs_request_list *ret_requests, struct cs_use_list *ret_uses,
                                struct cs_flow_unread *ret_unread,
                                struct cs_err *err) CS_MUST_CHECK;

/* Every request of the store that is not CLEARED or FAILED; none without a store. Those that cannot
 * be read are in *ret_unread. */
cs_rc cs_flow_live_requests(const struct cs_flow *flow, struct cs_request_list *ret_requests,
                            struct cs_flow_unread *ret_unread, struct cs_err *err) CS_MUST_CHECK;

/* The request whose certificate is @der, else the newest with that public key; NULL: none. */
struct cs_request *cs_flow_request_of(const struct cs_request_list *requests,
                                      const struct cs_bytes *der, const struct cs_bytes *spki);

/* The uses that @der has among @uses, to the end of @certificate->uses. */
void cs_flow_copy_uses(const struct cs_use_list *uses, const struct cs_bytes *der,
                       struct cs_certificate *certificate);

struct cs_certificate *cs_flow_add_certificate(struct cs_certificate_list *list);
void cs_certificate_done(struct cs_certificate *certificate);

/* Shows the warnings. */
void cs_flow_warn(const struct cs_flow *flow, const struct cs_strv *warnings);

/* ---- `export --to` that was interrupted ---- */

/* After a copy that failed: records that nothing is there, if so. */
cs_rc cs_flow_end_transfer(const struct cs_flow *flow, const struct cs_request *request,
                           struct cs_keystore *target, struct cs_err *err) CS_MUST_CHECK;

/* Finishes or undoes what interrupted transfers left on the token @store, and names the other
 * tokens on which something may be left. */
cs_rc cs_flow_settle_transfers(const struct cs_flow *flow, struct cs_keystore *store,
                               struct cs_err *err) CS_MUST_CHECK;

/* ---- `new --all` ---- */

/* Requests that go through the store together. */
#define CS_FLOW_GROUP 32

/* How far a request of a group has come, beside its state in the store. */
enum cs_flow_stage {
    CS_FLOW_OUT,     /* refused before it had a row, or at its end: nothing is left to do */
    CS_FLOW_PLANNED, /* has its row; no key was tried */
    CS_FLOW_MADE,    /* its key is on the token */
    CS_FLOW_WRITTEN, /* its file is there */
    CS_FLOW_BROKEN,  /* failed: what there is of its key must go */
};

/* Offline requests that are made together. Between the steps a crash leaves what `recover` takes
 * up:
 *   plan    all PLANNED in one commit
 *   make    each key made, signed with and kept
 *   finish  SIGNED and KEPT in one commit | the request files | OFFLINE in one commit
 *   undo    what failed: its key destroyed, the request FAILED
 * The token is touched by make and undo alone, the store by plan, finish and undo: one group can be
 * finished in one thread while the keys of the next are made in another. */
struct cs_flow_group {
    const struct cs_flow *flow;
    struct cs_flow_token *token;            /* open */
    struct cs_result *items[CS_FLOW_GROUP]; /* of offline plans; each says what became of it */
    size_t count;
    void (*tick)(void *ctx); /* after each key */
    void *ctx;
    struct cs_err stop; /* set by make: a signal, or a token that is gone; code CS_OK: go on */
    enum cs_flow_stage stages[CS_FLOW_GROUP];
};

void cs_flow_group_plan(struct cs_flow_group *group);
void cs_flow_group_make(struct cs_flow_group *group);

/* Those for which no key was tried, because of stop, are CLEARED. */
void cs_flow_group_finish(struct cs_flow_group *group);
void cs_flow_group_undo(struct cs_flow_group *group);

/* ---- what is said of one plan among many ---- */

/* "fe1.litwareinc.net (Default)"; the caller frees. */
char *cs_flow_subject(const struct cs_plan *plan);

/* Says a warning to the user; for a plan of a whole deployment, with the certificate it is about.
 */
void cs_flow_warn_of(const struct cs_flow *flow, const struct cs_plan *plan, const char *text);

/* Warnings that a thousand plans may share: each is said once, with the first of them and their
 * number. {0} is none. */
struct cs_flow_notice;
struct cs_flow_notices {
    struct cs_flow_notice *items;
    size_t count;
};
void cs_flow_notices_done(struct cs_flow_notices *notices);
void cs_flow_say_notices(const struct cs_flow *flow, const struct cs_flow_notices *notices);

/* A new result for @plan, which is taken, with what the store has for it. Warnings go to @notices,
 * too; NULL: they have been said before. */
void cs_flow_look(const struct cs_flow *flow, struct cs_plan *plan, struct cs_flow_pool *pool,
                  struct cs_flow_notices *notices, struct cs_result *ret_result);

#endif
