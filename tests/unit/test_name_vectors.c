/* Names as Microsoft's pages have them, for whole documents: each line of name-vectors.txt and of
 * the *.expected files in tests/data/topology, whose README explains their form. */
#include "base/file.h"
#include "base/mem.h"
#include "model/plan.h"
#include "support/check_run.h"
#include "topology/document.h"

#include <dirent.h>
#include <stdio.h>

#define FOLDER        "data/topology"
#define DOCUMENT_SIZE (1U << 20)
#define FILES_MAX     64

/* What name-vectors.txt holds for; the other files say it themselves. */
static const char *const example_sets[] = {
    "example-topology.xml example-simpleurls.xml",
    "example.tbxml",
};

static char *files[FILES_MAX];
static size_t file_count;

static void *read_whole(const char *name, size_t *ret_len)
{
    cs_autofree char *path = cs_asprintf("%s/" FOLDER "/%s", getenv("CS_TESTS"), name);
    FILE *file = fopen(path, "rb");
    char *data = cs_alloc(DOCUMENT_SIZE + 1, 1);

    ck_assert_msg(file, "%s cannot be read", path);
    *ret_len = fread(data, 1, DOCUMENT_SIZE, file);
    ck_assert_msg(*ret_len < DOCUMENT_SIZE && !ferror(file), "%s cannot be read", path);
    fclose(file);
    return data;
}

/* ---- one line ---- */

struct vector {
    struct cs_strv types;
    struct cs_strv domains;
    struct cs_strv fields; /* before "=>" */
    char *result;          /* behind it */
    struct cs_plan_input input;
    const char *warning;
    const char *no_warning;
};

static void vector_done(struct vector *vector)
{
    cs_strv_done(&vector->types);
    cs_strv_done(&vector->domains);
    cs_strv_done(&vector->fields);
    free(vector->result);
}

static const char *value_of(const char *field, const char *key)
{
    size_t len = strlen(key);

    return strncmp(field, key, len) == 0 && field[len] == '=' ? field + len + 1 : NULL;
}

static bool truth(const char *value)
{
    ck_assert_msg(cs_ascii_iequal(value, "true") || cs_ascii_iequal(value, "false"), "%s", value);
    return cs_ascii_iequal(value, "true");
}

static void parse_field(struct vector *vector, const char *field)
{
    const char *value = NULL;

    if ((value = value_of(field, "AllSipDomain"))) {
        vector->input.all_sip_domain = truth(value);
    } else if ((value = value_of(field, "all-pool-members"))) {
        vector->input.all_pool_members = truth(value);
    } else if ((value = value_of(field, "no-lyncdiscover"))) {
        vector->input.no_lyncdiscover = truth(value);
    } else if ((value = value_of(field, "domain-name"))) {
        cs_strv_split(&vector->domains, value, ',');
    } else if ((value = value_of(field, "warning"))) {
        vector->warning = value;
    } else if ((value = value_of(field, "no-warning"))) {
        vector->no_warning = value;
    } else {
        ck_abort_msg("unknown field \"%s\"", field);
    }
}

static void parse_vector(const char *line, struct vector *vector)
{
    const char *arrow = strstr(line, " => ");

    ck_assert_msg(arrow, "no => in \"%s\"", line);
    cs_autofree char *before = cs_strndup(line, (size_t)(arrow - line));
    vector->result = cs_strdup(arrow + 4);
    cs_strv_split(&vector->fields, before, '|');
    ck_assert_msg(vector->fields.count >= 3, "%s", line);
    cs_strv_split(&vector->types, vector->fields.items[0], ',');
    for (size_t i = 2; i < vector->fields.count; i++) {
        parse_field(vector, vector->fields.items[i]);
    }
    vector->input.types = &vector->types;
    vector->input.domain_names = vector->domains.count ? &vector->domains : NULL;
    vector->input.computer_fqdn = vector->fields.items[1];
    vector->input.host_name = "host.example.org";
    vector->input.no_destination = true;
}

/* The plan as the line would write it. */
static char *written(const struct cs_plan *plan)
{
    cs_auto_value(cs_strv) names = {0};

    for (size_t i = 0; i < plan->name_count; i++) {
        ck_assert_msg(plan->names[i].rule[0] && plan->names[i].source[0], "%s has no reason",
                      plan->names[i].name);
        cs_strv_add(&names, plan->names[i].name);
    }
    cs_autofree char *list = cs_strv_join(&names, ",");
    return cs_asprintf("CN=%s ; SAN=%s", plan->subject.common_name, list);
}

static bool contains(const char *text, const char *part)
{
    cs_autofree char *in = cs_ascii_lower(text);
    cs_autofree char *what = cs_ascii_lower(part);

    return strstr(in, what) != NULL;
}

/* The lines name no computer. */
static bool is_the_error(const char *message, const char *expected, const char *computer)
{
    cs_autofree char *named = cs_asprintf("The computer %s does", computer);
    const char *at = strcasestr(message, named);
    cs_autofree char *bare = at ? cs_asprintf("The computer does%s", at + strlen(named)) : NULL;

    if (cs_ascii_iequal(expected, "not in topology")) {
        return contains(message, "is not in the topology");
    }
    return contains(bare ? bare : message, expected);
}

/* NULL if the line came true, else what came instead; the caller frees. */
static char *run_vector(const struct cs_topology *topology, const char *line)
{
    struct vector vector = {.input.topology = topology};
    cs_auto(cs_plan) plan = NULL;
    struct cs_err err = {0};
    char *instead = NULL;

    parse_vector(line, &vector);
    cs_rc rc = cs_plan_build(&vector.input, &plan, &err);
    const char *expected = value_of(vector.result, "CN") ? NULL : strchr(vector.result, ' ');
    if (expected && rc == CS_E_USAGE) {
        bool same = is_the_error(err.message, expected + 1, vector.input.computer_fqdn);
        instead = same ? NULL : cs_strdup(err.message);
    } else if (rc != CS_OK) {
        instead = cs_asprintf("%s: %s", cs_rc_name(rc), err.message);
    } else {
        cs_autofree char *names = written(plan);
        cs_autofree char *warnings = cs_strv_join(&plan->warnings, " | ");
        bool same = strcmp(names, vector.result) == 0 &&
                    (!vector.warning || contains(warnings, vector.warning)) &&
                    (!vector.no_warning || !contains(warnings, vector.no_warning));
        instead = same ? NULL : cs_asprintf("%s, warnings: %s", names, warnings);
    }
    vector_done(&vector);
    return instead;
}

/* ---- one file ---- */

/* "A B" are read together; "" is no topology. */
static struct cs_topology *read_documents(const char *names)
{
    cs_auto_value(cs_strv) list = {0};
    struct cs_topology *topology = cs_topology_new();
    struct cs_err err = {0};

    cs_strv_split(&list, names, ' ');
    for (size_t i = 0; i < list.count; i++) {
        size_t len = 0;
        cs_autofree void *data = read_whole(list.items[i], &len);
        assert_ok(cs_document_read(list.items[i], data, len, topology, &err), &err);
    }
    if (!list.count) {
        cs_topology_free(topology);
        return NULL;
    }
    ck_assert_msg(topology->pool_count, "%s: no pools", names);
    return topology;
}

/* The number of lines that were run. */
static size_t run_set(const char *file, const char *text, const char *documents, size_t *wrong)
{
    cs_auto(cs_topology) topology = read_documents(documents);
    cs_auto_value(cs_strv) lines = {0};
    size_t count = 0;

    cs_strv_split(&lines, text, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        if (lines.items[i][0] == '#') {
            continue;
        }
        cs_autofree char *instead = run_vector(topology, lines.items[i]);
        count++;
        if (instead) {
            fprintf(stderr, "%s, documents %s:\n  %s\n  but: %s\n", file, documents, lines.items[i],
                    instead);
            (*wrong)++;
        }
    }
    return count;
}

static void find_sets(const char *text, struct cs_strv *sets)
{
    static const char mark[] = "# documents:";
    cs_auto_value(cs_strv) lines = {0};

    cs_strv_split(&lines, text, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        if (strncmp(lines.items[i], mark, strlen(mark)) == 0) {
            cs_strv_add(sets,
                        lines.items[i] + strlen(mark) + (lines.items[i][strlen(mark)] == ' '));
        }
    }
    bool says_none = !sets->count;
    for (size_t i = 0; says_none && i < ROWS(example_sets); i++) {
        cs_strv_add(sets, example_sets[i]);
    }
}

START_TEST(test_file)
{
    size_t len = 0;
    size_t wrong = 0;
    cs_autofree char *text = read_whole(files[_i], &len);
    cs_auto_value(cs_strv) sets = {0};

    find_sets(text, &sets);
    for (size_t i = 0; i < sets.count; i++) {
        size_t count = run_set(files[_i], text, sets.items[i], &wrong);
        printf("%s, documents %s: %zu lines\n", files[_i], sets.items[i], count);
        ck_assert_msg(count > 0, "%s holds no line", files[_i]);
    }
    ck_assert_msg(!wrong, "%s: %zu lines did not come true", files[_i], wrong);
}
END_TEST

/* name-vectors.txt, which came with the task, has this many lines. */
START_TEST(test_all_are_there)
{
    size_t len = 0;
    size_t lines = 0;
    cs_autofree char *text = read_whole("name-vectors.txt", &len);

    for (const char *at = text; (at = strstr(at, " => ")); at++) {
        lines++;
    }
    ck_assert_uint_eq(lines, 19);
    ck_assert_msg(file_count > 1, "no *.expected file");
}
END_TEST

static int is_expected(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot && strcmp(dot, ".expected") == 0;
}

static void find_files(void)
{
    cs_autofree char *path = cs_asprintf("%s/" FOLDER, getenv("CS_TESTS"));
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_expected, alphasort);

    files[file_count++] = cs_strdup("name-vectors.txt");
    for (int i = 0; i < count; i++) {
        if (file_count < FILES_MAX) {
            files[file_count++] = cs_strdup(entries[i]->d_name);
        }
        free(entries[i]);
    }
    free(entries);
}

int main(void)
{
    Suite *suite = suite_create("name_vectors");
    TCase *tcase = tcase_create("name_vectors");

    cs_document_init();
    find_files();
    tcase_add_loop_test(tcase, test_file, 0, (int)file_count);
    tcase_add_test(tcase, test_all_are_there);
    suite_add_tcase(suite, tcase);
    int rc = check_run(suite);
    for (size_t i = 0; i < file_count; i++) {
        free(files[i]);
    }
    return rc;
}
