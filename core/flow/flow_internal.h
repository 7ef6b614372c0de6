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
 * for denied and revoked. The answer's contents move into the request. */
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

/* CS_E_CANCELLED if a signal came. */
cs_rc cs_flow_check_signal(const struct cs_flow *flow, struct cs_err *err) CS_MUST_CHECK;

/* The numbers that @selection names, else all whose state @keep likes. */
cs_rc cs_flow_select(const struct cs_flow *flow, const struct cs_selection *selection,
                     bool (*keep)(enum cs_state state), int64_t **ret_ids, size_t *ret_count,
                     struct cs_err *err) CS_MUST_CHECK;

/* A new result of the list with the request @id; if that cannot be read, its error says so. */
struct cs_result *cs_flow_add_result(const struct cs_flow *flow, int64_t id,
                                     struct cs_result_list *list);

#endif
