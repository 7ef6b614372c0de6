/* What get, import, set and remove print of certificates. */
#include "base/clock.h"
#include "base/mem.h"
#include "cli/outcert.h"
#include "support/check_run.h"

#include <jansson.h>

#define HOSTILE "evil\x1b[2J\n.test"

static struct cs_certificate items[2];
static struct cs_certificate_list list;

static void add_use(struct cs_certificate *certificate, const char *type, enum cs_use_slot slot,
                    int64_t effective)
{
    struct cs_use_list *uses = &certificate->uses;

    uses->items = cs_realloc(uses->items, uses->count + 1, sizeof *uses->items);
    uses->items[uses->count++] = (struct cs_use){
        .type = cs_strdup(type), .slot = slot, .assigned = 1795000000, .effective = effective};
}

static void setup(void)
{
    struct cs_certificate *one = &items[0];

    one->facts = (struct cs_cert_facts){
        .subject = cs_strdup("CN=edge1.litwareinc.com"),
        .issuer = cs_strdup("CN=" HOSTILE),
        .common_name = cs_strdup("edge1.litwareinc.com"),
        .serial = cs_strdup("1a2b03"),
        .thumbprint = cs_strdup("B142918E463981A76503828BB1278391B7162809"),
        .sha256 = cs_strdup("00ff"),
        .not_before = 1700000000,
        .not_after = cs_clock_now() + 30 * INT64_C(86400) + 100,
    };
    for (int i = 0; i < 40; i++) {
        cs_strv_take(&one->facts.names, cs_asprintf("name%02d.litwareinc.com", i));
    }
    cs_strv_add(&one->facts.other_names, "IP Address:192.0.2.1");
    one->label = cs_strdup("edge");
    one->uri = cs_strdup("pkcs11:token=edge;id=%01;type=cert");
    one->token = cs_strdup("pkcs11:token=edge");
    one->key_id = cs_bytes_copy("\1\2", 2);
    one->origin = CS_KEY_IMPORTED;
    one->request_id = 7;
    add_use(one, "Default", CS_USE_CURRENT, 0);
    add_use(one, "OAuthTokenIssuer", CS_USE_STAGED, 1796000000);
    cs_strv_add(&one->warnings, "careful");
    /* an object that is no certificate */
    items[1].label = cs_strdup(HOSTILE);
    items[1].uri = cs_strdup("pkcs11:object=x");
    items[1].origin = CS_KEY_NOT_THERE;
    list = (struct cs_certificate_list){.items = items, .count = 2};
}

static void teardown(void)
{
    for (size_t i = 0; i < ROWS(items); i++) {
        struct cs_certificate *one = &items[i];
        cs_cert_facts_done(&one->facts);
        free(one->label);
        free(one->uri);
        free(one->token);
        cs_bytes_done(&one->key_id);
        cs_use_list_done(&one->uses);
        cs_strv_done(&one->warnings);
    }
}

/* The names of Get-CsCertificate's own lines in its order, every alternative name, and both orders
 * of the serial number. */
START_TEST(text_has_everything)
{
    static const char *const lines[] = {
        "Issuer           : CN=evil\\x1b[2J\\x0a.test\n",
        "\nNotAfter         : ",
        "\nDaysLeft         : 30\n",
        "\nNotBefore        : 2023-11-14T22:13:20Z\n",
        "\nSerialNumber     : 1a2b03\n",
        "\n  reversed       : 032b1a\n",
        "\nSubject          : CN=edge1.litwareinc.com\n",
        "\nAlternativeNames : name00.litwareinc.com\n                   name01.litwareinc.com\n",
        "\n                   name39.litwareinc.com\n",
        "\n                   IP Address:192.0.2.1\n",
        "\nThumbprint       : B142918E463981A76503828BB1278391B7162809\n",
        "\nUse              : Default (current)\n",
        "\n                   OAuthTokenIssuer (staged, serves from 2026-11-30T00:53:20Z)\n",
        "\nFriendlyName     : edge\n",
        "\nToken            : pkcs11:token=edge\n",
        "\nKey              : on the token, imported: it was outside of it before\n",
        "\nUri              : pkcs11:token=edge;id=%01;type=cert\n",
        "\nRequestId        : 7\n",
        "\nWarning          : careful\n",
        "\n\nUse              : none\n",
        "\nKey              : not on the token\n",
    };
    cs_autofree char *text = cs_outcert_text(&list, true);
    const char *at = text;

    for (size_t i = 0; i < ROWS(lines); i++) {
        const char *found = strstr(at, lines[i]);
        ck_assert_msg(found, "\"%s\" is not there, or out of order, in:\n%s", lines[i], text);
        at = found + strlen(lines[i]) - 1;
    }
    ck_assert_ptr_null(strchr(text, '\x1b'));
    cs_autofree char *quiet = cs_outcert_text(&list, false);
    ck_assert_ptr_null(strstr(quiet, "careful"));
}
END_TEST

static const char *string_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

START_TEST(json_has_everything)
{
    static const char *const members[] = {
        "Subject",
        "Issuer",
        "NotBefore",
        "NotAfter",
        "DaysLeft",
        "SerialNumber",
        "SerialNumberReversed",
        "Thumbprint",
        "Sha256",
        "AlternativeNames",
        "OtherNames",
        "IsCa",
        "FriendlyName",
        "Use",
        "Token",
        "Uri",
        "KeyId",
        "KeyOrigin",
        "RequestId",
        "Warnings",
    };
    cs_autofree char *text = cs_outcert_json(&list);
    json_t *root = json_loads(text, 0, NULL);
    const json_t *one = json_array_get(root, 0);
    const json_t *other = json_array_get(root, 1);

    ck_assert_uint_eq(json_array_size(root), 2);
    for (size_t i = 0; i < ROWS(members); i++) {
        ck_assert_msg(json_object_get(one, members[i]), "%s", members[i]);
        ck_assert_msg(json_object_get(other, members[i]), "%s", members[i]);
    }
    ck_assert_uint_eq(json_object_size(one), ROWS(members));
    ck_assert_str_eq(string_of(one, "NotBefore"), "2023-11-14T22:13:20Z");
    ck_assert_int_eq(json_integer_value(json_object_get(one, "DaysLeft")), 30);
    ck_assert_str_eq(string_of(one, "SerialNumberReversed"), "032b1a");
    ck_assert_uint_eq(json_array_size(json_object_get(one, "AlternativeNames")), 40);
    ck_assert_str_eq(string_of(one, "KeyId"), "0102");
    ck_assert_str_eq(string_of(one, "KeyOrigin"), "Imported");
    const json_t *staged = json_array_get(json_object_get(one, "Use"), 1);
    ck_assert_str_eq(string_of(staged, "Type"), "OAuthTokenIssuer");
    ck_assert_str_eq(string_of(staged, "Slot"), "staged");
    ck_assert_str_eq(string_of(staged, "EffectiveDate"), "2026-11-30T00:53:20Z");
    ck_assert(json_is_null(
        json_object_get(json_array_get(json_object_get(one, "Use"), 0), "EffectiveDate")));
    ck_assert(json_is_null(json_object_get(other, "Subject")));
    ck_assert(json_is_null(json_object_get(other, "NotAfter")));
    ck_assert(json_is_null(json_object_get(other, "DaysLeft")));
    ck_assert(json_is_null(json_object_get(other, "KeyOrigin")));
    ck_assert(json_is_null(json_object_get(other, "RequestId")));
    ck_assert_str_eq(string_of(other, "FriendlyName"), HOSTILE);
    json_decref(root);
}
END_TEST

static const struct {
    const char *serial;
    const char *reversed;
} serials[] = {
    {"01f4", "f401"},
    {"1f4", "f401"},
    {"00", "00"},
    {"7", "07"},
    {"", ""},
    {"-05", ""},
    {"3dced71509fd385d69262a633125320e8fd19298", "9892d18f0e322531632a26695d38fd0915d7ce3d"},
};

START_TEST(serial_is_reversed_by_octets)
{
    cs_autofree char *reversed = cs_outcert_reversed(serials[_i].serial);

    ck_assert_str_eq(reversed, serials[_i].reversed);
}
END_TEST

START_TEST(origins_differ)
{
    static const struct {
        enum cs_key_origin origin;
        const char *word; /* of the JSON */
    } rows[] = {{CS_KEY_NOT_ASKED, NULL},
                {CS_KEY_NOT_THERE, NULL},
                {CS_KEY_GENERATED, "Generated"},
                {CS_KEY_IMPORTED, "Imported"},
                {CS_KEY_OF_UNKNOWN, "Unknown"}};

    for (size_t i = 0; i < ROWS(rows); i++) {
        items[0].origin = rows[i].origin;
        cs_autofree char *text = cs_outcert_json(&list);
        json_t *root = json_loads(text, 0, NULL);
        const char *word = string_of(json_array_get(root, 0), "KeyOrigin");
        ck_assert_msg(word ? rows[i].word && strcmp(word, rows[i].word) == 0 : !rows[i].word,
                      "row %zu", i);
        json_decref(root);
        cs_autofree char *shown = cs_outcert_text(&list, false);
        ck_assert_int_eq(strstr(shown, "Key   ") < strstr(shown, "\n\n"),
                         rows[i].origin != CS_KEY_NOT_ASKED);
    }
}
END_TEST

START_TEST(nothing_is_an_empty_array)
{
    const struct cs_certificate_list empty = {0};
    cs_autofree char *json = cs_outcert_json(&empty);
    cs_autofree char *text = cs_outcert_text(&empty, true);
    json_t *root = json_loads(json, 0, NULL);

    ck_assert_uint_eq(json_array_size(root), 0);
    ck_assert(json_is_array(root));
    ck_assert_str_eq(text, "");
    json_decref(root);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("outcert");
    TCase *tcase = tcase_create("outcert");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, text_has_everything);
    tcase_add_test(tcase, json_has_everything);
    add_rows(tcase, serial_is_reversed_by_octets, serials);
    tcase_add_test(tcase, origins_differ);
    tcase_add_test(tcase, nothing_is_an_empty_array);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
