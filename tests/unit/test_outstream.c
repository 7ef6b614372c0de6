#include "cli/outstream.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/mem.h"
#include "model/request.h"
#include "support/check_run.h"
#include "support/scratch.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define COUNT 3

static struct cs_result results[COUNT];
static struct cs_result_list kept;
static struct cs_ui *ui;

static void add(size_t i, const char *computer)
{
    struct cs_plan *plan = cs_plan_new();

    plan->types = 1U << CS_TYPE_DEFAULT;
    plan->pool = cs_strdup("pool1.a.test");
    plan->computer = cs_strdup(computer);
    results[i] = (struct cs_result){.request = cs_request_new()};
    results[i].request->plan = plan;
}

/* One made, one that failed, one left alone. */
static void setup(void)
{
    const struct cs_ui_options options = {.no_color = true};

    scratch_enter();
    ui = cs_ui_new(&options);
    kept = (struct cs_result_list){0};
    add(0, "fe1.a.test");
    add(1, "frontend2.a.test");
    add(2, "fe3.a.test");
    results[0].request->id = 8;
    results[0].request->state = CS_STATE_OFFLINE;
    cs_strv_add(&results[0].files, "/tmp/fe1.csr");
    cs_err_set(&results[1].error, CS_E_OUTPUT, "/tmp/fe2.csr is there\033[2J");
    cs_err_hint(&results[1].error, "name another");
    results[2].left_alone = true;
    results[2].request->id = 7;
    results[2].existing =
        (struct cs_existing){.fit = CS_FIT_OPEN, .request_id = 7, .state = CS_STATE_OFFLINE};
}

static void teardown(void)
{
    for (size_t i = 0; i < COUNT; i++) {
        cs_result_done(&results[i]);
    }
    cs_result_list_done(&kept);
    cs_ui_free(ui);
    scratch_leave();
}

/* ---- what is written ---- */

static int saved[3];

/* Sends a standard stream to @path. */
static void send(int stream, const char *path)
{
    fflush(NULL);
    saved[stream] = dup(stream);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    dup2(fd, stream);
    close(fd);
}

static void send_back(int stream)
{
    fflush(NULL);
    dup2(saved[stream], stream);
    close(saved[stream]);
}

static char *text_of(const char *path)
{
    cs_auto_value(cs_bytes) file = {0};
    struct cs_err err = {0};

    assert_ok(cs_file_read(path, 100000, &file, &err), &err);
    return cs_strdup((const char *)file.data);
}

struct shown {
    cs_rc rc;
    char *out;
    char *err;
    struct cs_result_sum sum;
};

static void shown_done(struct shown *shown)
{
    free(shown->out);
    free(shown->err);
}

/* Puts the first @count results, all of which were expected. */
static struct shown show(bool json, size_t count, const struct cs_err *error, const char *target)
{
    const struct cs_outstream_options options = {ui, json, true, &kept};
    cs_auto(cs_outstream) stream = cs_outstream_new(&options);
    const struct cs_result_sink sink = cs_outstream_sink(stream);
    struct shown shown = {0};
    struct cs_err err = {0};

    send(STDOUT_FILENO, target ? target : "out");
    send(STDERR_FILENO, "err");
    for (size_t i = 0; i < COUNT; i++) {
        sink.expect(sink.ctx, &results[i]);
    }
    for (size_t i = 0; i < count; i++) {
        sink.put(sink.ctx, &results[i]);
    }
    shown.rc = cs_outstream_end(stream, error, &err);
    send_back(STDOUT_FILENO);
    send_back(STDERR_FILENO);
    shown.out = target ? NULL : text_of("out");
    shown.err = text_of("err");
    shown.sum = *cs_outstream_sum(stream);
    return shown;
}

/* ---- text ---- */

/* The columns of the first line are as wide as the last one needs. */
START_TEST(test_text)
{
    cs_auto_value(shown) shown = show(false, COUNT, NULL, NULL);

    ck_assert_int_eq(shown.rc, CS_OK);
    ck_assert_str_eq(shown.out,
                     "RequestId  RequestStatus  For               Type     File or CA\n"
                     "8          Offline        fe1.a.test        Default  /tmp/fe1.csr\n"
                     "-          Failed         frontend2.a.test  Default  -\n"
                     "  OUTPUT: /tmp/fe2.csr is there\\x1b[2J\n"
                     "7          Offline        fe3.a.test        Default  left alone: request 7, "
                     "Offline: fits\n"
                     "3 certificates: 1 made, 1 left alone, 1 failed\n");
    ck_assert_str_eq(shown.err,
                     "cscert: frontend2.a.test (Default): /tmp/fe2.csr is there\\x1b[2J\n"
                     "  do: name another\n");
    ck_assert_uint_eq(shown.sum.count, COUNT);
    ck_assert_int_eq(cs_result_sum_rc(&shown.sum, true), CS_E_PARTIAL);
    ck_assert_uint_eq(kept.count, COUNT);
    ck_assert_str_eq(kept.items[1].request->plan->computer, "frontend2.a.test");
}
END_TEST

/* The run's error says why there is nothing. */
START_TEST(test_text_of_nothing)
{
    cs_auto_value(shown) shown = show(false, 0, NULL, NULL);

    ck_assert_str_eq(shown.out, "");
    ck_assert_str_eq(shown.err, "");
}
END_TEST

/* ---- JSON ---- */

static json_t *parse(const struct shown *shown)
{
    json_error_t error;
    json_t *array = json_loads(shown->out, JSON_REJECT_DUPLICATES, &error);

    ck_assert_msg(json_is_array(array), "line %d: %s", error.line, error.text);
    return array;
}

static const char *status(const json_t *array, size_t i)
{
    return json_string_value(json_object_get(json_array_get(array, i), "RequestStatus"));
}

/* However many results there were when the run stopped, the array is whole. What went wrong stands
 * in it once. */
static const struct {
    size_t results;
    bool stopped;
    size_t objects;
} arrays[] = {{0, false, 0}, {0, true, 1},  {1, false, 1}, {1, true, 2},
              {2, true, 2},  {3, false, 3}, {3, true, 3}};

START_TEST(test_json)
{
    struct cs_err error = {0};

    if (arrays[_i].stopped) {
        cs_err_set(&error, CS_E_CANCELLED, "stopped by a signal");
    }
    cs_auto_value(shown) shown = show(true, arrays[_i].results, &error, NULL);
    json_t *array = parse(&shown);
    ck_assert_uint_eq(json_array_size(array), arrays[_i].objects);
    if (arrays[_i].results) {
        ck_assert_str_eq(status(array, 0), "Offline");
    }
    if (arrays[_i].stopped && arrays[_i].results < 2) {
        const json_t *last = json_array_get(array, arrays[_i].objects - 1);
        const json_t *message = json_object_get(json_object_get(last, "Error"), "Message");
        ck_assert_str_eq(json_string_value(message), "stopped by a signal");
    }
    json_decref(array);
}
END_TEST

/* ---- nobody reads it ---- */

/* Said once, and what was made counts all the same. */
START_TEST(test_no_room)
{
    cs_auto_value(shown) shown = show(_i == 1, COUNT, NULL, "/dev/full");

    ck_assert_int_eq(shown.rc, CS_E_OUTPUT);
    ck_assert_uint_eq(shown.sum.count, COUNT);
    ck_assert_uint_eq(kept.count, COUNT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("outstream");
    TCase *tcase = tcase_create("stream");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_text);
    tcase_add_test(tcase, test_text_of_nothing);
    add_rows(tcase, test_json, arrays);
    tcase_add_loop_test(tcase, test_no_room, 0, 2);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
