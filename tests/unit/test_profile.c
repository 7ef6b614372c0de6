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
                               "library = 'TPM2*'\n"
                               "cannot = {'RSA-4096: no room', 'ECDH_P521: broken: x'}\n"
                               "needs = 'a daemon'\n"
                               "exclusive = true\n"
                               "tried = false\n"
                               "note = 'slow'\n",
                               "tpm2.profile", &profile, &err),
              &err);
    ck_assert_str_eq(profile.name, "tpm2");
    ck_assert_int_eq(profile.generation, CS_GEN_SESSION_COPY);
    ck_assert_int_eq(profile.exportable, CS_EXPORTABLE_IGNORED);
    ck_assert_str_eq(profile.library, "TPM2*");
    ck_assert(profile.is_exclusive);
    ck_assert(profile.is_untried);
    ck_assert(!profile.is_generic);
    for (int i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        ck_assert_int_eq(profile.unreliable[i], i == CS_ATTR_LOCAL || i == CS_ATTR_SENSITIVE);
    }
    ck_assert(cs_profile_refuses(&profile, "CKA_DECRYPT", false));
    ck_assert(!cs_profile_refuses(&profile, "CKA_DECRYPT", true));
    ck_assert(cs_profile_refuses(&profile, "CKA_ENCRYPT", false));
    ck_assert(cs_profile_refuses(&profile, "CKA_ENCRYPT", true));
    ck_assert(!cs_profile_refuses(&profile, "CKA_DERIVE", false));
    ck_assert_str_eq(cs_profile_cannot(&profile, &(struct cs_key_spec){CS_KEY_RSA, 4096}),
                     "no room");
    ck_assert_str_eq(cs_profile_cannot(&profile, &(struct cs_key_spec){CS_KEY_EC_P521, 521}),
                     "broken: x");
    ck_assert_ptr_null(cs_profile_cannot(&profile, &(struct cs_key_spec){CS_KEY_RSA, 3072}));
    ck_assert_ptr_null(cs_profile_cannot(&profile, &(struct cs_key_spec){CS_KEY_EC_P384, 384}));
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
    ck_assert_ptr_null(profile.library);
    ck_assert_uint_eq(profile.cannot.count, 0);
    ck_assert(!profile.is_exclusive);
    ck_assert(!profile.is_untried);
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
    {HEAD "cannot = {'RSA-4096'}\n", 3, "RSA-4096"},
    {HEAD "cannot = {'RSA-4096: '}\n", 3, "RSA-4096"},
    {HEAD "cannot = {'RSA: all'}\n", 3, "RSA: all"},
    {HEAD "cannot = {'RSA-512: small'}\n", 3, "RSA-512"},
    {HEAD "cannot = {'RSA-40960: large'}\n", 3, "RSA-40960"},
    {HEAD "cannot = {'P521: its name is another'}\n", 3, "P521"},
    {HEAD "cannot = {'an algorithm of a name that is too long: x'}\n", 3, "too long"},
    {HEAD "exclusive = 'mostly'\n", 3, "exclusive"},
    {HEAD "tried = 'perhaps'\n", 3, "tried"},
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
    const char *library;
    struct cs_profile_token token; /* .ctx is what its module says */
    bool fits;
} fits[] = {
    {"ACME", NULL, NULL, {.manufacturer = "ACME", .model = "any"}, true},
    {"ACME", NULL, NULL, {.manufacturer = "ACME GmbH", .model = "any"}, false},
    {"ACME*", NULL, NULL, {.manufacturer = "ACME GmbH", .model = "any"}, true},
    {"ACME", NULL, NULL, {.manufacturer = "acme", .model = "any"}, false},
    {"ACME", "M1", NULL, {.manufacturer = "ACME", .model = "M1"}, true},
    {"ACME", "M1", NULL, {.manufacturer = "ACME", .model = "M2"}, false},
    {"ACME", "M?", NULL, {.manufacturer = "ACME", .model = "M2"}, true},
    {"*", NULL, NULL, {.manufacturer = "", .model = ""}, true},
    {"*", NULL, "TPM2*", {.manufacturer = "IFX", .model = "", .ctx = "TPM2.0 Cryptoki"}, true},
    {"*", NULL, "TPM2*", {.manufacturer = "IFX", .model = "", .ctx = "OpenSC"}, false},
    {"*", NULL, "TPM2*", {.manufacturer = "IFX", .model = ""}, false},
    {"IBM", NULL, "TPM2*", {.manufacturer = "IFX", .model = "", .ctx = "TPM2.0 Cryptoki"}, false},
};

static size_t asked;

static const char *say_library(void *ctx)
{
    asked++;
    return ctx;
}

START_TEST(fits_by_pattern)
{
    struct cs_profile_token token = fits[_i].token;
    cs_auto_value(cs_profile) profile = {.manufacturer = cs_strdup(fits[_i].manufacturer),
                                         .model = cs_strdup(fits[_i].model),
                                         .library = cs_strdup(fits[_i].library)};

    token.library = token.ctx ? say_library : NULL;
    ck_assert_int_eq(cs_profile_fits(&profile, &token), fits[_i].fits);
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

/* What the tokens say of themselves: those of the matrix as they did, the others as published. */
static const struct {
    const char *manufacturer;
    const char *model;
    const char *library;
    const char *profile;
    bool untried;
} makes[] = {
    {"SoftHSM project", "SoftHSM v2", "Implementation of PKCS11", "softhsm2", false},
    {"IBM Corp.", "IBM SoftTok", "Meta PKCS11 LIBRARY", "opencryptoki-soft", false},
    {"IBM", "EP11", "Meta PKCS11 LIBRARY", "generic", false},
    {"IBM", "SW   TPM", "TPM2.0 Cryptoki", "tpm2-pkcs11", false},
    {"Intel", "Intel", "TPM2.0 Cryptoki", "tpm2-pkcs11", false},
    {"unknown", "PKCS#15", "OpenSC smartcard framework", "opensc-isoapplet", false},
    {"piv_II", "PKCS#15 emulated", "OpenSC smartcard framework", "opensc", true},
    {"Yubico (www.yubico.com)", "YubiHSM", "YubiHSM PKCS#11 Library", "yubihsm2", true},
    {"Yubico (www.yubico.com)", "YubiKey YK5", "PKCS#11 PIV Library", "yubikey-piv", true},
    {"SafeNet", "Luna K7", "Chrystoki", "luna", true},
    {"Safenet, Inc.", "LunaSA 7.4.0", "Chrystoki", "luna", true},
    {"SafeNet, Inc.", "eToken", "SafeNet eToken PKCS#11", "generic", false},
    {"nCipher Corp. Ltd", "", "nShield PKCS#11", "nshield", true},
    {"Utimaco IS GmbH", "CryptoServer", "CryptoServer PKCS11 Library", "utimaco", true},
    {"Marvell Semiconductors, Inc.", "LS2", "CloudHSM PKCS#11", "aws-cloudhsm", true},
    {"Cavium Networks", "NITROX-III CNN35XX-NFBE", "CloudHSM PKCS#11", "aws-cloudhsm", true},
    {"Nitrokey GmbH", "NetHSM", "Nitrokey PKCS#11", "nethsm", true},
    {"Mozilla Foundation", "NSS 3", "NSS Internal Crypto Services", "generic", false},
};

START_TEST(each_make_has_its_profile)
{
    cs_autofree char *library = cs_strdup(makes[_i].library);
    const struct cs_profile_token token = {makes[_i].manufacturer, makes[_i].model, say_library,
                                           library};
    cs_auto_value(cs_profile) profile = {0};
    struct cs_err err = {0};

    assert_ok(cs_profile_find(NULL, &token, &profile, &err), &err);
    ck_assert_str_eq(profile.name, makes[_i].profile);
    ck_assert_int_eq(profile.is_untried, makes[_i].untried);
}
END_TEST

static const struct cs_profile_token softhsm2 = {
    .manufacturer = "SoftHSM project", .model = "SoftHSM v2", .library = say_library};
static const struct cs_profile_token nobody = {.manufacturer = "Nobody", .model = "N"};

START_TEST(finds_by_token)
{
    cs_auto_value(cs_profile) softhsm = {0};
    cs_auto_value(cs_profile) unknown = {0};
    struct cs_err err = {0};

    assert_ok(cs_profile_find(NULL, &softhsm2, &softhsm, &err), &err);
    ck_assert_str_eq(softhsm.name, "softhsm2");
    ck_assert_int_eq(softhsm.generation, CS_GEN_SESSION_COPY);
    ck_assert_int_eq(softhsm.exportable, CS_EXPORTABLE_YES);
    ck_assert(!softhsm.is_generic);
    ck_assert_uint_eq(asked, 0); /* a call that it can do without */

    assert_ok(cs_profile_find(NULL, &nobody, &unknown, &err), &err);
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
    assert_ok(cs_profile_find(path, &softhsm2, &own, &err), &err);
    ck_assert_str_eq(own.name, "mine");
    ck_assert_int_eq(own.generation, CS_GEN_TOKEN);
    assert_ok(cs_profile_find(path, &nobody, &other, &err), &err);
    ck_assert_str_eq(other.name, "generic");
}
END_TEST

START_TEST(own_profile_must_be_trusted)
{
    cs_auto_value(cs_profile) profile = {0};
    struct cs_err err = {0};

    write_profile("name = 'mine'\nmanufacturer = '*'\n", 0666);
    assert_fails(cs_profile_find(path, &softhsm2, &profile, &err), CS_E_CONFIG, &err);
    assert_contains(err.message, path);
    ck_assert_ptr_null(profile.name);
}
END_TEST

START_TEST(own_profile_must_be_there)
{
    cs_auto_value(cs_profile) profile = {0};
    struct cs_err err = {0};

    assert_fails(cs_profile_find("/nonexistent/x.profile", &nobody, &profile, &err), CS_E_CONFIG,
                 &err);
    assert_contains(err.message, "/nonexistent/x.profile");
}
END_TEST

START_TEST(own_profile_must_be_right_even_if_it_does_not_fit)
{
    cs_auto_value(cs_profile) profile = {0};
    struct cs_err err = {0};

    write_profile("name = 'mine'\nmanufacturer = 'Other'\nx = 1\n", 0600);
    assert_fails(cs_profile_find(path, &softhsm2, &profile, &err), CS_E_CONFIG, &err);
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
    add_rows(tcase, each_make_has_its_profile, makes);
    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(file, NULL, remove_profile);
    tcase_add_test(file, own_profile_goes_first);
    tcase_add_test(file, own_profile_must_be_trusted);
    tcase_add_test(file, own_profile_must_be_there);
    tcase_add_test(file, own_profile_must_be_right_even_if_it_does_not_fit);
    suite_add_tcase(suite, file);
    return check_run(suite);
}
