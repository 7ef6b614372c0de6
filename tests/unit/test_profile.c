#include "pkcs11/profile.h"

#include "base/mem.h"
#include "support/check_run.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "name = 'n'\nmanufacturer = 'M'\n"

START_TEST(reads_every_key)
{
    cs_auto_value(cs_profile) profile = {0};
    struct cs_err err = {0};

    assert_ok(cs_profile_parse("# a comment\n"
                               "name = 'tpm2'\n"
                               "manufacturer = 'STMicro*'\n"
                               "model = 'ST33'\n"
                               "generation = 'session-copy'\n"
                               "refuses = {'CKA_DECRYPT=false', 'CKA_ENCRYPT'}\n"
                               "unreliable = {'CKA_LOCAL', 'CKA_SENSITIVE'}\n"
                               "exportable = 'ignored'\n"
                               "note = 'slow'\n",
                               "tpm2.profile", &profile, &err),
              &err);
    ck_assert_str_eq(profile.name, "tpm2");
    ck_assert_str_eq(profile.note, "slow");
    ck_assert_int_eq(profile.generation, CS_GEN_SESSION_COPY);
    ck_assert_int_eq(profile.exportable, CS_EXPORTABLE_IGNORED);
    ck_assert(!profile.is_generic);
    for (int i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        ck_assert_int_eq(profile.unreliable[i], i == CS_ATTR_LOCAL || i == CS_ATTR_SENSITIVE);
    }
    ck_assert(cs_profile_refuses(&profile, "CKA_DECRYPT", false));
    ck_assert(!cs_profile_refuses(&profile, "CKA_DECRYPT", true));
    ck_assert(cs_profile_refuses(&profile, "CKA_ENCRYPT", false));
    ck_assert(cs_profile_refuses(&profile, "CKA_ENCRYPT", true));
    ck_assert(!cs_profile_refuses(&profile, "CKA_DERIVE", false));
}
END_TEST

START_TEST(has_defaults)
{
    cs_auto_value(cs_profile) profile = {0};
    struct cs_err err = {0};

    assert_ok(cs_profile_parse(HEAD, "x", &profile, &err), &err);
    ck_assert_int_eq(profile.generation, CS_GEN_TOKEN);
    ck_assert_int_eq(profile.exportable, CS_EXPORTABLE_YES);
    ck_assert_uint_eq(profile.refuses.count, 0);
    ck_assert_ptr_null(profile.model);
}
END_TEST

/* A mistake, and the line that the message must name; 0: it has none. */
static const struct {
    const char *text;
    int line;
    const char *says;
} wrong[] = {
    {HEAD "colour = 'red'\n", 3, "colour"},
    {HEAD "\n\nGeneration = 'token'\n", 5, "Generation"},
    {HEAD "generation = 'session'\n", 3, "session-copy"},
    {HEAD "exportable = 'maybe'\n", 3, "maybe"},
    {HEAD "refuses = {'CKA_DECRYPT=0'}\n", 3, "CKA_DECRYPT=0"},
    {HEAD "refuses = {'CKA_SENSITIVE=true'}\n", 3, "CKA_SENSITIVE"},
    {HEAD "refuses = {'CKA_SIGN'}\n", 3, "CKA_SIGN"},
    {HEAD "refuses = {'CKA_DECRYPT'\n, 'decrypt'}\n", 4, "decrypt"},
    {HEAD "unreliable = {'CKA_EXTRACTABLE'}\n", 3, "CKA_EXTRACTABLE"},
    {HEAD "unreliable = {'CKA_VALUE'}\n", 3, "CKA_VALUE"},
    {HEAD "note = \n", 0, "x.profile"},
    {HEAD "note\n", 0, "x.profile"},
    {"name = 'n'\n", 0, "manufacturer"},
    {"manufacturer = 'M'\n", 0, "name"},
    {"name = ''\nmanufacturer = 'M'\n", 0, "name"},
    {"", 0, "name"},
};

START_TEST(refuses_mistakes)
{
    cs_auto_value(cs_profile) profile = {0};
    struct cs_err err = {0};

    assert_fails(cs_profile_parse(wrong[_i].text, "x.profile", &profile, &err), CS_E_CONFIG, &err);
    assert_contains(err.message, "x.profile");
    assert_contains(err.message, wrong[_i].says);
    if (wrong[_i].line) {
        cs_autofree char *line = cs_asprintf("line %d:", wrong[_i].line);
        assert_contains(err.message, line);
    }
    ck_assert_ptr_null(profile.name);
}
END_TEST

static const struct {
    const char *manufacturer; /* of the profile */
    const char *model;
    const char *token_manufacturer;
    const char *token_model;
    bool fits;
} fits[] = {
    {"ACME", NULL, "ACME", "any", true},       {"ACME", NULL, "ACME GmbH", "any", false},
    {"ACME*", NULL, "ACME GmbH", "any", true}, {"ACME", NULL, "acme", "any", false},
    {"ACME", "M1", "ACME", "M1", true},        {"ACME", "M1", "ACME", "M2", false},
    {"ACME", "M?", "ACME", "M2", true},        {"*", NULL, "", "", true},
};

START_TEST(fits_by_pattern)
{
    cs_auto_value(cs_profile) profile = {.manufacturer = cs_strdup(fits[_i].manufacturer),
                                         .model = cs_strdup(fits[_i].model)};

    ck_assert_int_eq(cs_profile_fits(&profile, fits[_i].token_manufacturer, fits[_i].token_model),
                     fits[_i].fits);
}
END_TEST

/* Every profile that is built in can be read and fits the token it is for. */
START_TEST(built_in_ones_are_good)
{
    struct cs_err err = {0};

    ck_assert_uint_ge(cs_profile_text_count, 1);
    for (size_t i = 0; i < cs_profile_text_count; i++) {
        cs_auto_value(cs_profile) profile = {0};
        assert_ok(
            cs_profile_parse(cs_profile_texts[i].text, cs_profile_texts[i].origin, &profile, &err),
            &err);
        cs_autofree char *origin = cs_asprintf("%s.profile", profile.name);
        ck_assert_str_eq(cs_profile_texts[i].origin, origin);
    }
}
END_TEST

START_TEST(finds_by_token)
{
    cs_auto_value(cs_profile) softhsm = {0};
    cs_auto_value(cs_profile) unknown = {0};
    struct cs_err err = {0};

    assert_ok(cs_profile_find(NULL, "SoftHSM project", "SoftHSM v2", &softhsm, &err), &err);
    ck_assert_str_eq(softhsm.name, "softhsm2");
    ck_assert_int_eq(softhsm.generation, CS_GEN_SESSION_COPY);
    ck_assert_int_eq(softhsm.exportable, CS_EXPORTABLE_YES);
    ck_assert(!softhsm.is_generic);

    assert_ok(cs_profile_find(NULL, "Nobody", "N", &unknown, &err), &err);
    ck_assert_str_eq(unknown.name, "generic");
    ck_assert_int_eq(unknown.generation, CS_GEN_TOKEN);
    ck_assert_int_eq(unknown.exportable, CS_EXPORTABLE_YES);
    ck_assert(unknown.is_generic);
}
END_TEST

/* ---- a profile of the user's ---- */

static char path[] = "/tmp/cs-profile-XXXXXX";

static void write_profile(const char *text, mode_t mode)
{
    int fd = mkostemp(path, O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(fchmod(fd, mode), 0);
    close(fd);
}

static void remove_profile(void)
{
    unlink(path);
}

START_TEST(own_profile_goes_first)
{
    cs_auto_value(cs_profile) own = {0};
    cs_auto_value(cs_profile) other = {0};
    struct cs_err err = {0};

    write_profile("name = 'mine'\nmanufacturer = 'SoftHSM*'\n", 0644);
    assert_ok(cs_profile_find(path, "SoftHSM project", "SoftHSM v2", &own, &err), &err);
    ck_assert_str_eq(own.name, "mine");
    ck_assert_int_eq(own.generation, CS_GEN_TOKEN);
    assert_ok(cs_profile_find(path, "Nobody", "N", &other, &err), &err);
    ck_assert_str_eq(other.name, "generic");
}
END_TEST

START_TEST(own_profile_must_be_trusted)
{
    cs_auto_value(cs_profile) profile = {0};
    struct cs_err err = {0};

    write_profile("name = 'mine'\nmanufacturer = '*'\n", 0666);
    assert_fails(cs_profile_find(path, "SoftHSM project", "", &profile, &err), CS_E_CONFIG, &err);
    assert_contains(err.message, path);
    ck_assert_ptr_null(profile.name);
}
END_TEST

START_TEST(own_profile_must_be_there)
{
    cs_auto_value(cs_profile) profile = {0};
    struct cs_err err = {0};

    assert_fails(cs_profile_find("/nonexistent/x.profile", "M", "", &profile, &err), CS_E_CONFIG,
                 &err);
    assert_contains(err.message, "/nonexistent/x.profile");
}
END_TEST

START_TEST(own_profile_must_be_right_even_if_it_does_not_fit)
{
    cs_auto_value(cs_profile) profile = {0};
    struct cs_err err = {0};

    write_profile("name = 'mine'\nmanufacturer = 'Other'\nx = 1\n", 0600);
    assert_fails(cs_profile_find(path, "SoftHSM project", "", &profile, &err), CS_E_CONFIG, &err);
    assert_contains(err.message, "line 3:");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("profile");
    TCase *tcase = tcase_create("profile");
    TCase *file = tcase_create("file");

    tcase_add_test(tcase, reads_every_key);
    tcase_add_test(tcase, has_defaults);
    add_rows(tcase, refuses_mistakes, wrong);
    add_rows(tcase, fits_by_pattern, fits);
    tcase_add_test(tcase, built_in_ones_are_good);
    tcase_add_test(tcase, finds_by_token);
    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(file, NULL, remove_profile);
    tcase_add_test(file, own_profile_goes_first);
    tcase_add_test(file, own_profile_must_be_trusted);
    tcase_add_test(file, own_profile_must_be_there);
    tcase_add_test(file, own_profile_must_be_right_even_if_it_does_not_fit);
    suite_add_tcase(suite, file);
    return check_run(suite);
}
