/* A request as a row: which column holds which member, and how. */
#ifndef CS_STORE_ROW_H
#define CS_STORE_ROW_H

#include "model/request.h"
#include "store/query.h"

/* The columns of the plan are written once, with the request: a plan never changes. */
#define CS_ROW_PLAN_COLUMNS(X)                                                                     \
    X(types, TYPES, types)                                                                         \
    X(computer, TEXT, computer)                                                                    \
    X(pool, TEXT, pool)                                                                            \
    X(common_name, TEXT, subject.common_name)                                                      \
    X(organizational_unit, TEXT, subject.organizational_unit)                                      \
    X(organization, TEXT, subject.organization)                                                    \
    X(locality, TEXT, subject.locality)                                                            \
    X(province, TEXT, subject.state)                                                               \
    X(country, TEXT, subject.country)                                                              \
    X(key_alg, KEY_ALG, key_spec.alg)                                                              \
    X(key_bits, UNSIGNED, key_spec.bits)                                                           \
    X(exportable, BOOL, exportable)                                                                \
    X(client_eku, BOOL, client_eku)                                                                \
    X(friendly_name, TEXT, friendly_name)                                                          \
    X(ca, TEXT, ca)                                                                                \
    X(output, TEXT, output)                                                                        \
    X(output_der, BOOL, output_der)                                                                \
    X(template_name, TEXT, template_name)                                                          \
    X(ca_account, TEXT, ca_account)                                                                \
    X(global_catalog, TEXT, global_catalog)                                                        \
    X(global_settings_dc, TEXT, global_settings_dc)

/* What cs_store_note() writes. */
#define CS_ROW_NOTE_COLUMNS(X)                                                                     \
    X(ca_request_id, TEXT, ca_request_id)                                                          \
    X(ca_handle, TEXT, ca_handle)                                                                  \
    X(ca_message, TEXT, ca_message)                                                                \
    X(error_code, RC, error.code)                                                                  \
    X(error_origin, ORIGIN, error.origin)                                                          \
    X(error_cause, INT64, error.cause)                                                             \
    X(error_operation, CHARS, error.operation)                                                     \
    X(error_cause_name, CHARS, error.cause_name)                                                   \
    X(error_message, CHARS, error.message)                                                         \
    X(error_hint, CHARS, error.hint)

/* What each transition writes, with those of the note. */
#define CS_ROW_STATE_COLUMNS(X)                                                                    \
    X(state, STATE, state)                                                                         \
    X(updated, INT64, updated)                                                                     \
    X(key_id, KEY_ID, key_id)                                                                      \
    X(label, TEXT, label)                                                                          \
    X(token_uri, TEXT, token_uri)                                                                  \
    X(module_path, TEXT, module_path)                                                              \
    X(key_uri, TEXT, key_uri)                                                                      \
    X(attributes, ATTRS, attrs)                                                                    \
    X(generation, GENERATION, generation)                                                          \
    X(spki, BLOB, spki)                                                                            \
    X(csr, BLOB, csr)                                                                              \
    X(certificate, BLOB, certificate)                                                              \
    X(chain, BLOB, chain)

/* For the lists of names in SQL, each after another one. */
#define CS_ROW_NAME(column, kind, member) ", " #column
#define CS_ROW_MARK(column, kind, member) ", ?"
#define CS_ROW_SET(column, kind, member)  ", " #column " = ?"

/* Bind the columns above in their order. Text that must be made for it lives in @scratch until the
 * statement has run. */
struct cs_row_scratch {
    char *types;
    char *attrs;
};
void cs_row_scratch_done(struct cs_row_scratch *scratch);
void cs_row_bind_plan(struct cs_query *query, const struct cs_plan *plan,
                      struct cs_row_scratch *scratch);
void cs_row_bind_note(struct cs_query *query, const struct cs_request *request);
void cs_row_bind_state(struct cs_query *query, const struct cs_request *request,
                       struct cs_row_scratch *scratch);

/* Fill from the columns above in their order, the first at @column; *ret_column is the one after
 * the last. */
CS_MUST_CHECK cs_rc cs_row_read_plan(struct cs_query *query, int column, struct cs_plan *plan,
                                     int *ret_column, struct cs_err *err);
CS_MUST_CHECK cs_rc cs_row_read_note(struct cs_query *query, int column, struct cs_request *request,
                                     int *ret_column, struct cs_err *err);
CS_MUST_CHECK cs_rc cs_row_read_state(struct cs_query *query, int column,
                                      struct cs_request *request, int *ret_column,
                                      struct cs_err *err);

#endif
