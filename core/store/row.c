#include "store/row.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "store/rowattrs.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind {
    KIND_TEXT,     /* char *, NULL is NULL */
    KIND_CHARS,    /* char[size] */
    KIND_BLOB,     /* struct cs_bytes, {0} is NULL */
    KIND_KEY_ID,   /* uint8_t[CS_KEY_ID_LEN] */
    KIND_INT64,    /* int64_t */
    KIND_UNSIGNED, /* unsigned */
    KIND_BOOL,
    KIND_RC,         /* cs_rc as its number, which users know as the exit code */
    KIND_STATE,      /* and the other enumerations as their words */
    KIND_TYPES,      /* cs_type_set, as words with commas */
    KIND_KEY_ALG,    /* enum cs_key_alg */
    KIND_GENERATION, /* enum cs_generation */
    KIND_ORIGIN,     /* enum cs_origin */
    KIND_ATTRS,      /* struct cs_key_attrs */
};

struct column {
    enum kind kind;
    size_t offset;
    size_t size;
};

#define PLAN_COLUMN(column, word, member)                                                          \
    {KIND_##word, offsetof(struct cs_plan, member), sizeof(((struct cs_plan *)0)->member)},
#define REQUEST_COLUMN(column, word, member)                                                       \
    {KIND_##word, offsetof(struct cs_request, member), sizeof(((struct cs_request *)0)->member)},

static const struct column plan_columns[] = {CS_ROW_PLAN_COLUMNS(PLAN_COLUMN)};
static const struct column note_columns[] = {CS_ROW_NOTE_COLUMNS(REQUEST_COLUMN)};
static const struct column state_columns[] = {CS_ROW_STATE_COLUMNS(REQUEST_COLUMN)};

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

/* ---- enumerations that are stored as words ---- */

static const char *key_alg_word(int value)
{
    return cs_key_alg_name((enum cs_key_alg)value);
}

static const char *generation_word(int value)
{
    return cs_generation_name((enum cs_generation)value);
}

static const char *origin_word(int value)
{
    return cs_origin_name((enum cs_origin)value);
}

static const char *state_word(int value)
{
    return cs_state_name((enum cs_state)value);
}

typedef const char *word_fn(int value);

/* An enumeration outside its range must not reach the tables of words. */
static void bind_word(struct cs_query *query, word_fn *word_of, int count, const void *member)
{
    int value = 0;

    memcpy(&value, member, sizeof value);
    bool known = value >= 0 && value < count;
    cs_query_bind_text(query, known ? word_of(value) : NULL, CS_QUERY_TEXT_MAX);
}

static cs_rc read_word(struct cs_query *query, int column, word_fn *word_of, int count,
                       void *member, struct cs_err *err)
{
    const char *text = "";

    CS_TRY(cs_query_peek_text(query, column, CS_QUERY_TEXT_MAX, &text, err));
    for (int i = 0; i < count; i++) {
        if (strcmp(text, word_of(i)) == 0) {
            const unsigned value = (unsigned)i; /* what both compilers make of an enum */
            memcpy(member, &value, sizeof value);
            return CS_OK;
        }
    }
    return cs_query_fail_column(query, column, err);
}

static bool find_type(const char *word, cs_type_set *types)
{
    const enum cs_cert_type type = cs_cert_type_find(word);

    if (type == CS_TYPE_COUNT) {
        return false;
    }
    *types |= (cs_type_set)1 << type;
    return true;
}

static cs_rc read_types(struct cs_query *query, int column, cs_type_set *ret_types,
                        struct cs_err *err)
{
    cs_auto_value(cs_strv) words = {0};
    const char *text = NULL;
    cs_type_set types = 0;

    CS_TRY(cs_query_peek_text(query, column, CS_QUERY_TEXT_MAX, &text, err));
    cs_strv_split(&words, text, ',');
    for (size_t i = 0; i < words.count; i++) {
        if (!find_type(words.items[i], &types)) {
            return cs_query_fail_column(query, column, err);
        }
    }
    *ret_types = types;
    return CS_OK;
}

/* ---- the other kinds that need more than a line ---- */

static cs_rc read_key_id(struct cs_query *query, int column, uint8_t *ret_id, struct cs_err *err)
{
    cs_auto_value(cs_bytes) id = {0};

    CS_TRY(cs_query_blob(query, column, &id, err));
    if (id.len != CS_KEY_ID_LEN) {
        return cs_query_fail_column(query, column, err);
    }
    memcpy(ret_id, id.data, CS_KEY_ID_LEN);
    return CS_OK;
}

static cs_rc read_chars(struct cs_query *query, int column, char *ret_text, size_t size,
                        struct cs_err *err)
{
    const char *text = NULL;

    CS_TRY(cs_query_peek_text(query, column, size - 1, &text, err));
    memcpy(ret_text, text, strlen(text) + 1);
    return CS_OK;
}

static cs_rc read_attrs(struct cs_query *query, int column, struct cs_key_attrs *ret_attrs,
                        struct cs_err *err)
{
    const char *text = NULL;

    CS_TRY(cs_query_peek_text(query, column, CS_QUERY_TEXT_MAX, &text, err));
    return cs_rowattrs_parse(text, ret_attrs) ? CS_OK : cs_query_fail_column(query, column, err);
}

static cs_rc read_small(struct cs_query *query, int column, int64_t max, void *member, size_t size,
                        struct cs_err *err)
{
    int64_t value = 0;

    CS_TRY(cs_query_int(query, column, 0, max, &value, err));
    if (size == sizeof(bool)) {
        *(bool *)member = value != 0;
    } else {
        *(unsigned *)member = (unsigned)value;
    }
    return CS_OK;
}

/* ---- one column ---- */

static void bind_column(struct cs_query *query, const struct column *column, const void *member,
                        struct cs_row_scratch *scratch)
{
    const struct cs_bytes *bytes = member;

    switch (column->kind) {
    case KIND_TEXT:
        cs_query_bind_text(query, *(char *const *)member, CS_QUERY_TEXT_MAX);
        break;
    case KIND_CHARS:
        cs_query_bind_text(query, member, column->size - 1);
        break;
    case KIND_BLOB:
        cs_query_bind_blob(query, bytes->data, bytes->len);
        break;
    case KIND_KEY_ID:
        cs_query_bind_blob(query, member, CS_KEY_ID_LEN);
        break;
    case KIND_INT64:
        cs_query_bind_int(query, *(const int64_t *)member);
        break;
    case KIND_UNSIGNED:
    case KIND_RC:
        cs_query_bind_int(query, *(const unsigned *)member);
        break;
    case KIND_BOOL:
        cs_query_bind_int(query, *(const bool *)member);
        break;
    case KIND_STATE:
        bind_word(query, state_word, CS_STATE_COUNT, member);
        break;
    case KIND_KEY_ALG:
        bind_word(query, key_alg_word, CS_KEY_ALG_COUNT, member);
        break;
    case KIND_GENERATION:
        bind_word(query, generation_word, CS_GEN_COUNT, member);
        break;
    case KIND_ORIGIN:
        bind_word(query, origin_word, CS_ORIGIN_COUNT, member);
        break;
    case KIND_TYPES:
        scratch->types = cs_cert_types_text(*(const cs_type_set *)member);
        cs_query_bind_text(query, scratch->types, CS_QUERY_TEXT_MAX);
        break;
    case KIND_ATTRS:
        scratch->attrs = cs_rowattrs_text(member);
        cs_query_bind_text(query, scratch->attrs, CS_QUERY_TEXT_MAX);
        break;
    }
}

static cs_rc read_column(struct cs_query *query, int index, const struct column *column,
                         void *member, struct cs_err *err)
{
    switch (column->kind) {
    case KIND_TEXT:
        return cs_query_text(query, index, CS_QUERY_TEXT_MAX, member, err);
    case KIND_CHARS:
        return read_chars(query, index, member, column->size, err);
    case KIND_BLOB:
        return cs_query_blob(query, index, member, err);
    case KIND_KEY_ID:
        return read_key_id(query, index, member, err);
    case KIND_INT64:
        return cs_query_int(query, index, INT64_MIN, INT64_MAX, member, err);
    case KIND_UNSIGNED:
        return read_small(query, index, INT_MAX, member, column->size, err);
    case KIND_RC:
        return read_small(query, index, CS_RC_COUNT - 1, member, column->size, err);
    case KIND_BOOL:
        return read_small(query, index, 1, member, column->size, err);
    case KIND_STATE:
        return read_word(query, index, state_word, CS_STATE_COUNT, member, err);
    case KIND_KEY_ALG:
        return read_word(query, index, key_alg_word, CS_KEY_ALG_COUNT, member, err);
    case KIND_GENERATION:
        return read_word(query, index, generation_word, CS_GEN_COUNT, member, err);
    case KIND_ORIGIN:
        return read_word(query, index, origin_word, CS_ORIGIN_COUNT, member, err);
    case KIND_TYPES:
        return read_types(query, index, member, err);
    case KIND_ATTRS:
        return read_attrs(query, index, member, err);
    }
    return cs_fail(err, CS_E_INTERNAL, "column %d has no kind", index);
}

/* ---- all of them ---- */

static void bind_all(struct cs_query *query, const struct column *columns, int count,
                     const void *object, struct cs_row_scratch *scratch)
{
    for (int i = 0; i < count; i++) {
        bind_column(query, &columns[i], (const char *)object + columns[i].offset, scratch);
    }
}

static cs_rc read_all(struct cs_query *query, int first, const struct column *columns, int count,
                      void *object, int *ret_column, struct cs_err *err)
{
    for (int i = 0; i < count; i++) {
        CS_TRY(read_column(query, first + i, &columns[i], (char *)object + columns[i].offset, err));
    }
    *ret_column = first + count;
    return CS_OK;
}

void cs_row_scratch_done(struct cs_row_scratch *scratch)
{
    free(scratch->types);
    free(scratch->attrs);
    *scratch = (struct cs_row_scratch){0};
}

void cs_row_bind_plan(struct cs_query *query, const struct cs_plan *plan,
                      struct cs_row_scratch *scratch)
{
    bind_all(query, plan_columns, COUNT(plan_columns), plan, scratch);
}

void cs_row_bind_note(struct cs_query *query, const struct cs_request *request)
{
    bind_all(query, note_columns, COUNT(note_columns), request, NULL);
}

void cs_row_bind_state(struct cs_query *query, const struct cs_request *request,
                       struct cs_row_scratch *scratch)
{
    bind_all(query, state_columns, COUNT(state_columns), request, scratch);
}

cs_rc cs_row_read_plan(struct cs_query *query, int column, struct cs_plan *plan, int *ret_column,
                       struct cs_err *err)
{
    return read_all(query, column, plan_columns, COUNT(plan_columns), plan, ret_column, err);
}

cs_rc cs_row_read_note(struct cs_query *query, int column, struct cs_request *request,
                       int *ret_column, struct cs_err *err)
{
    return read_all(query, column, note_columns, COUNT(note_columns), request, ret_column, err);
}

cs_rc cs_row_read_state(struct cs_query *query, int column, struct cs_request *request,
                        int *ret_column, struct cs_err *err)
{
    return read_all(query, column, state_columns, COUNT(state_columns), request, ret_column, err);
}
