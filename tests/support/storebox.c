#include "support/storebox.h"

#include "base/mem.h"
#include "journal/record.h"
#include "support/check_run.h"

#include <dirent.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* "nobody" of every Debian. */
#define NOBODY 65534

static char folder[64];
static struct cs_actor actor = {.user = "operator", .host = "edge1", .uid = 1000};

void storebox_setup(void)
{
    strcpy(folder, "/tmp/cs-test-store-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    return remove(path);
}

void storebox_teardown(void)
{
    chmod(folder, 0700);
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *storebox_folder(void)
{
    return folder;
}

const char *storebox_path(const char *suffix)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/cscert.db%s", folder, suffix);
    return path;
}

struct cs_store *storebox_open(void)
{
    struct cs_store *store = NULL;
    struct cs_err err = {0};

    assert_ok(
        cs_store_open(storebox_path(""), STOREBOX_WAIT_MS, cs_journal_record, &actor, &store, &err),
        &err);
    return store;
}

struct cs_store *storebox_open_readonly(void)
{
    struct cs_store *store = NULL;
    struct cs_err err = {0};

    assert_ok(cs_store_open_readonly(storebox_path(""), STOREBOX_WAIT_MS, &store, &err), &err);
    ck_assert_ptr_nonnull(store);
    return store;
}

struct cs_request *storebox_request(const char *name)
{
    struct cs_request *request = cs_request_new();
    struct cs_plan *plan = cs_plan_new();

    plan->types = 1u << CS_TYPE_INTERNAL;
    plan->subject.common_name = cs_strdup(name);
    plan->key_spec = (struct cs_key_spec){CS_KEY_RSA, 2048};
    plan->ca = cs_strdup("lab");
    cs_plan_add_name(plan, name, "subject name", "-ComputerFqdn");
    request->plan = plan;
    request->label = cs_asprintf("label of %s", name);
    request->token_uri = cs_strdup("pkcs11:token=edge");
    memset(request->key_id, 0x5a, sizeof request->key_id);
    return request;
}

/* The state before @to on a shortest way from PLANNED, by breadth first search. */
static enum cs_state before(enum cs_state to)
{
    enum cs_state queue[CS_STATE_COUNT] = {CS_STATE_PLANNED};
    bool seen[CS_STATE_COUNT] = {[CS_STATE_PLANNED] = true};
    size_t count = 1;

    for (size_t i = 0; i < count; i++) {
        for (int next = 0; next < CS_STATE_COUNT; next++) {
            if (seen[next] || !cs_state_can_go(queue[i], (enum cs_state)next)) {
                continue;
            }
            if ((enum cs_state)next == to) {
                return queue[i];
            }
            seen[next] = true;
            queue[count++] = (enum cs_state)next;
        }
    }
    ck_abort_msg("no way leads to %s", cs_state_name(to));
    return CS_STATE_PLANNED;
}

void storebox_take_to(struct cs_store *store, struct cs_request *request, enum cs_state to)
{
    struct cs_err err = {0};

    if (request->state == to) {
        return;
    }
    storebox_take_to(store, request, before(to));
    assert_ok(cs_store_transition(store, request, to, &err), &err);
}

/* ---- equality ---- */

static void same_text(const char *what, const char *a, const char *b)
{
    bool same = a && b ? strcmp(a, b) == 0 : a == b;

    ck_assert_msg(same, "%s: \"%s\" is not \"%s\"", what, a ? a : "(null)", b ? b : "(null)");
}

static void same_bytes(const char *what, const struct cs_bytes *a, const struct cs_bytes *b)
{
    ck_assert_msg(cs_bytes_equal(a, b) && !a->data == !b->data, "%s differs (%zu, %zu octets)",
                  what, a->len, b->len);
}

#define TEXT(member)   same_text(#member, a->member, b->member)
#define BYTES(member)  same_bytes(#member, &a->member, &b->member)
#define NUMBER(member) ck_assert_msg(a->member == b->member, "%s differs", #member)

static void same_plan(const struct cs_plan *a, const struct cs_plan *b)
{
    NUMBER(types);
    TEXT(computer);
    TEXT(pool);
    TEXT(subject.common_name);
    TEXT(subject.organizational_unit);
    TEXT(subject.organization);
    TEXT(subject.locality);
    TEXT(subject.state);
    TEXT(subject.country);
    NUMBER(key_spec.alg);
    NUMBER(key_spec.bits);
    NUMBER(exportable);
    NUMBER(client_eku);
    TEXT(friendly_name);
    TEXT(ca);
    TEXT(output);
    NUMBER(output_der);
    TEXT(template_name);
    TEXT(ca_account);
    TEXT(global_catalog);
    TEXT(global_settings_dc);
    NUMBER(name_count);
    for (size_t i = 0; i < a->name_count; i++) {
        TEXT(names[i].name);
        TEXT(names[i].rule);
        TEXT(names[i].source);
    }
    NUMBER(warnings.count);
    for (size_t i = 0; i < a->warnings.count; i++) {
        TEXT(warnings.items[i]);
    }
}

static void same_attrs(const struct cs_key_attrs *a, const struct cs_key_attrs *b)
{
    for (size_t i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        NUMBER(answer[i]);
        NUMBER(unreliable[i]);
    }
    NUMBER(gen_mechanism_known);
    NUMBER(gen_mechanism);
}

void storebox_assert_same(const struct cs_request *a, const struct cs_request *b)
{
    NUMBER(id);
    NUMBER(state);
    NUMBER(created);
    NUMBER(updated);
    ck_assert_mem_eq(a->key_id, b->key_id, CS_KEY_ID_LEN);
    TEXT(label);
    TEXT(token_uri);
    TEXT(module_path);
    TEXT(key_uri);
    NUMBER(generation);
    BYTES(spki);
    BYTES(csr);
    TEXT(ca_request_id);
    TEXT(ca_handle);
    TEXT(ca_message);
    BYTES(certificate);
    BYTES(chain);
    NUMBER(error.code);
    NUMBER(error.origin);
    NUMBER(error.cause);
    TEXT(error.operation);
    TEXT(error.cause_name);
    TEXT(error.message);
    TEXT(error.hint);
    same_attrs(&a->attrs, &b->attrs);
    same_plan(a->plan, b->plan);
}

/* ---- behind the store's back ---- */

static sqlite3 *open_file(void)
{
    sqlite3 *db = NULL;

    ck_assert_int_eq(sqlite3_open_v2(storebox_path(""), &db, SQLITE_OPEN_READWRITE, NULL),
                     SQLITE_OK);
    sqlite3_busy_timeout(db, STOREBOX_WAIT_MS);
    return db;
}

int storebox_try(const char *sql)
{
    sqlite3 *db = open_file();

    int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    return code & 0xff;
}

void storebox_sql(const char *sql)
{
    int code = storebox_try(sql);

    ck_assert_msg(code == SQLITE_OK, "%s: %s", sql, sqlite3_errstr(code));
}

void storebox_unstrict(void)
{
    storebox_sql("PRAGMA writable_schema = ON;"
                 "UPDATE sqlite_schema SET sql = replace(replace(replace(sql,"
                 " ' NOT NULL', ''), ') STRICT, WITHOUT', ') WITHOUT'), ') STRICT', ')')"
                 " WHERE type = 'table' AND name NOT LIKE 'sqlite%';"
                 "PRAGMA writable_schema = RESET");
}

int64_t storebox_number(const char *sql)
{
    sqlite3 *db = open_file();
    sqlite3_stmt *stmt = NULL;

    ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK, "%s: %s", sql,
                  sqlite3_errmsg(db));
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    return number;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

char *storebox_listing(void)
{
    struct dirent **entries = NULL;
    struct cs_strv names = {0};

    int count = scandir(folder, &entries, visible, alphasort);
    for (int i = 0; i < count; i++) {
        cs_strv_add(&names, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    char *text = cs_strv_join(&names, " ");
    cs_strv_done(&names);
    return text;
}

static int give_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    return lchown(path, NOBODY, NOBODY);
}

void storebox_become_user(void)
{
    if (geteuid() != 0) {
        return;
    }
    ck_assert_int_eq(nftw(folder, give_one, 8, FTW_PHYS), 0);
    ck_assert_int_eq(setresgid(NOBODY, NOBODY, NOBODY), 0);
    ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
}
