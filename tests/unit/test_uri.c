#include "pkcs11/uri.h"

#include "base/mem.h"
#include "pkcs11/uri_internal.h"
#include "support/check_run.h"

#include <string.h>

static void fill(CK_UTF8CHAR *field, size_t size, const char *text)
{
    memset(field, ' ', size);
    memcpy(field, text, strlen(text));
}

/* A token as C_GetTokenInfo tells it: padded with spaces. */
static CK_TOKEN_INFO token_of(const char *label, const char *serial)
{
    CK_TOKEN_INFO info = {0};

    fill(info.label, sizeof info.label, label);
    fill(info.manufacturerID, sizeof info.manufacturerID, "ACME GmbH");
    fill(info.model, sizeof info.model, "M 1");
    fill(info.serialNumber, sizeof info.serialNumber, serial);
    return info;
}

/* What stands in RFC 7512 section 3, as far as it names tokens, and what else is right. */
static const struct {
    const char *uri;
    const char *pin_source;
    const char *module_path;
    const char *module_name;
    bool slot;
    bool library;
} good[] = {
    {NULL, NULL, NULL, NULL, false, false},
    {"", NULL, NULL, NULL, false, false},
    {"pkcs11:", NULL, NULL, NULL, false, false},
    {"pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;model=1."
     "0",
     NULL, NULL, NULL, false, false},
    {"pkcs11:token=a?pin-source=file:/etc/token_pin", "file:/etc/token_pin", NULL, NULL, false,
     false},
    {"pkcs11:token=a?pin-source=%7C/usr/lib/pinomatic&module-name=aw", "|/usr/lib/pinomatic", NULL,
     "aw", false, false},
    {"pkcs11:?module-path=/usr/lib/libmypkcs11.so.1", NULL, "/usr/lib/libmypkcs11.so.1", NULL,
     false, false},
    {"pkcs11:slot-description=Sun%20Metaslot", NULL, NULL, NULL, true, false},
    {"pkcs11:slot-manufacturer=S", NULL, NULL, NULL, true, false},
    {"pkcs11:slot-id=327", NULL, NULL, NULL, true, false},
    {"pkcs11:library-manufacturer=Snake%20Oil,%20Inc.;library-description=Soft%20Token%20Library;"
     "library-version=1.23",
     NULL, NULL, NULL, false, true},
    {"pkcs11:library-version=3", NULL, NULL, NULL, false, true},
};

static void assert_text(const char *found, const char *expected)
{
    if (expected) {
        ck_assert_ptr_nonnull(found);
        ck_assert_str_eq(found, expected);
    } else {
        ck_assert_ptr_null(found);
    }
}

START_TEST(takes)
{
    cs_auto(cs_uri) uri = NULL;
    struct cs_err err = {0};

    assert_ok(cs_uri_parse(good[_i].uri, &uri, &err), &err);
    assert_text(cs_uri_pin_source(uri), good[_i].pin_source);
    assert_text(cs_uri_module_path(uri), good[_i].module_path);
    assert_text(cs_uri_module_name(uri), good[_i].module_name);
    ck_assert_int_eq(cs_uri_asks_for_slot(uri), good[_i].slot);
    ck_assert_int_eq(cs_uri_asks_for_library(uri), good[_i].library);
    ck_assert_str_eq(cs_uri_text(uri), good[_i].uri && *good[_i].uri ? good[_i].uri : "pkcs11:");
}
END_TEST

static const struct {
    const char *uri;
    const char *says;
} bad[] = {
    {"token=a", "pkcs11:"},
    {"PKCS11:token=a", "pkcs11:"},
    {"/etc/cscert/token", "pkcs11:"},
    {"pkcs11", "pkcs11:"},
    {"pkcs11:token=a;object=k", "\"object\" names an object"},
    {"pkcs11:id=%01", "\"id\" names an object"},
    {"pkcs11:type=private", "\"type\" names an object"},
    {"pkcs11:tokn=a", "\"tokn\" of the token URI is not known"},
    {"pkcs11:Token=a", "\"Token\""},
    {"pkcs11:token=a?x-wrap=1", "\"x-wrap\""},
    {"pkcs11:token=a?pin-source=file:/p&retry=1", "\"retry\""},
    {"pkcs11:token", "is no token URI"},
    {"pkcs11:token=%zz", "is no token URI"},
    {"pkcs11:token=%4", "is no token URI"},
    {"pkcs11:slot-id=x", "is no token URI"},
    {"pkcs11:library-version=a.b", "is no token URI"},
    {"pkcs11:token=a;token=b", "\"token\" of the token URI is there twice"},
    {"pkcs11:?pin-source=file:/a&pin-source=file:/b", "\"pin-source\""},
    {"pkcs11:token=a%00b", "has a NUL"},
    {"pkcs11:?pin-source=file:/a%00b", "has a NUL"},
    {"pkcs11:module-path=/x.so", "wrong part"},
    {"pkcs11:token=a;pin-source=file:/p", "wrong part"},
    {"pkcs11:?token=a", "wrong part"},
    {"pkcs11:\x1b[2J=a", "\\x1b[2J"},
};

START_TEST(refuses)
{
    cs_auto(cs_uri) uri = NULL;
    struct cs_err err = {0};

    assert_fails(cs_uri_parse(bad[_i].uri, &uri, &err), CS_E_USAGE, &err);
    ck_assert_ptr_null(uri);
    assert_contains(err.message, bad[_i].says);
    ck_assert(err.hint[0]);
}
END_TEST

static const char *const with_pin[] = {
    "pkcs11:token=a?pin-value=s3cr3t",         "pkcs11:token=a?pin-value=",
    "pkcs11:?pin-value=s3cr3t&module-path=/x", "pkcs11:pin-value=s3cr3t",
    "pkcs11:token=%zz?pin-value=s3cr3t",
};

START_TEST(never_repeats_a_pin)
{
    cs_auto(cs_uri) uri = NULL;
    struct cs_err err = {0};

    assert_fails(cs_uri_parse(with_pin[_i], &uri, &err), CS_E_USAGE, &err);
    assert_contains(err.message, "pin-value");
    ck_assert_ptr_null(strstr(err.message, "s3cr3t"));
    ck_assert_ptr_null(strstr(err.hint, "s3cr3t"));
}
END_TEST

START_TEST(refuses_what_is_too_long)
{
    cs_auto(cs_uri) uri = NULL;
    struct cs_err err = {0};
    char text[5000] = "pkcs11:token=";

    memset(text + strlen(text), 'a', sizeof text - strlen(text) - 1);
    text[sizeof text - 1] = 0;
    assert_fails(cs_uri_parse(text, &uri, &err), CS_E_USAGE, &err);
}
END_TEST

/* URIs that also name an object: RFC 7512 section 3, and what else is right. */
static const struct {
    const char *uri;
    bool object;
    const char *token; /* what is left of it without the object */
} with_object[] = {
    {"pkcs11:", false, "pkcs11:"},
    {"pkcs11:token=a?module-name=m", false, "pkcs11:token=a?module-name=m"},
    {"pkcs11:object=my-pubkey;type=public", true, "pkcs11:"},
    {"pkcs11:object=my-key;type=private?pin-source=file:/etc/token", true,
     "pkcs11:?pin-source=file:/etc/token"},
    {"pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;model=1."
     "0;object=my-certificate;type=cert;id=%69%95%3E%5C%F4%BD%EC%91;serial=?pin-source=file:/p",
     true,
     "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;model=1."
     "0;serial=?pin-source=file:/p"},
    {"pkcs11:id=%00%01;token=a?module-path=/x.so&pin-source=file:/p", true,
     "pkcs11:token=a?module-path=/x.so&pin-source=file:/p"},
};

START_TEST(takes_objects)
{
    cs_auto(cs_uri) uri = NULL;
    cs_auto(cs_uri) again = NULL;
    struct cs_err err = {0};

    assert_ok(cs_uri_parse_object(with_object[_i].uri, &uri, &err), &err);
    ck_assert_int_eq(cs_uri_names_object(uri), with_object[_i].object);
    cs_autofree char *token = cs_uri_token_part(with_object[_i].uri);
    ck_assert_str_eq(token, with_object[_i].token);
    assert_ok(cs_uri_parse(token, &again, &err), &err);
}
END_TEST

static const char *const bad_objects[] = {
    "pkcs11:type=key",  "pkcs11:type=",  "pkcs11:object=a;object=b", "pkcs11:object=a%00b",
    "pkcs11:?object=a", "pkcs11:id=%zz", "pkcs11:objekt=a",          "pkcs11:object=a?pin-value=1",
};

START_TEST(refuses_objects)
{
    cs_auto(cs_uri) uri = NULL;
    struct cs_err err = {0};

    assert_fails(cs_uri_parse_object(bad_objects[_i], &uri, &err), CS_E_USAGE, &err);
}
END_TEST

START_TEST(fits_object)
{
    cs_auto(cs_uri) uri = NULL;
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    char label[] = "k";
    CK_BYTE id[] = {0, 1};
    CK_ATTRIBUTE found[] = {
        {CKA_CLASS, &class, sizeof class}, {CKA_LABEL, label, 1}, {CKA_ID, id, sizeof id}};
    struct cs_err err = {0};

    assert_ok(cs_uri_parse_object("pkcs11:object=k;id=%00%01;type=private", &uri, &err), &err);
    ck_assert(cs_uri_fits_object(uri, found, 3));
    label[0] = 'l';
    ck_assert(!cs_uri_fits_object(uri, found, 3));
    label[0] = 'k';
    class = CKO_PUBLIC_KEY;
    ck_assert(!cs_uri_fits_object(uri, found, 3));
    class = CKO_PRIVATE_KEY;
    id[1] = 2;
    ck_assert(!cs_uri_fits_object(uri, found, 3));
    ck_assert(!cs_uri_fits_object(uri, found, 2));
}
END_TEST

static const struct {
    const char *uri;
    bool fits;
} matches[] = {
    {"pkcs11:", true},
    {"pkcs11:token=edge", true},
    {"pkcs11:token=edg", false},
    {"pkcs11:token=edge2", false},
    {"pkcs11:manufacturer=ACME%20GmbH;model=M%201", true},
    {"pkcs11:token=edge;serial=0042", true},
    {"pkcs11:token=edge;serial=42", false},
    {"pkcs11:token=edge;model=M%202", false},
};

START_TEST(fits_token)
{
    CK_TOKEN_INFO info = token_of("edge", "0042");
    cs_auto(cs_uri) uri = NULL;
    struct cs_err err = {0};

    assert_ok(cs_uri_parse(matches[_i].uri, &uri, &err), &err);
    ck_assert_int_eq(cs_uri_fits_token(uri, &info), matches[_i].fits);
}
END_TEST

START_TEST(fits_slot_and_library)
{
    CK_SLOT_INFO slot = {0};
    CK_INFO library = {.libraryVersion = {1, 23}};
    cs_auto(cs_uri) by_slot = NULL;
    cs_auto(cs_uri) by_library = NULL;
    struct cs_err err = {0};

    fill(slot.slotDescription, sizeof slot.slotDescription, "Reader 1");
    fill(slot.manufacturerID, sizeof slot.manufacturerID, "R");
    fill(library.manufacturerID, sizeof library.manufacturerID, "L");
    fill(library.libraryDescription, sizeof library.libraryDescription, "Lib");
    assert_ok(cs_uri_parse("pkcs11:slot-id=7;slot-description=Reader%201", &by_slot, &err), &err);
    ck_assert(cs_uri_fits_slot(by_slot, 7, &slot));
    ck_assert(!cs_uri_fits_slot(by_slot, 8, &slot));
    slot.slotDescription[0] = 'r';
    ck_assert(!cs_uri_fits_slot(by_slot, 7, &slot));

    assert_ok(cs_uri_parse("pkcs11:library-version=1.23", &by_library, &err), &err);
    ck_assert(cs_uri_fits_library(by_library, &library));
    library.libraryVersion.minor = 24;
    ck_assert(!cs_uri_fits_library(by_library, &library));
}
END_TEST

/* What is made names the same token again, whatever stands in its fields. */
static const char *const labels[] = {
    "edge",     "a b",      "a;b?c&d=e", "%41",
    "\xc3\xbc", "\xff\xfe", "\x1b[2J",   "32 characters, the longest there",
    ""};

START_TEST(makes_what_it_takes)
{
    CK_TOKEN_INFO info = token_of(labels[_i], "0042");
    CK_TOKEN_INFO other = token_of("other", "0042");
    cs_autofree char *text = cs_uri_of_token(&info);
    cs_auto(cs_uri) uri = NULL;
    struct cs_err err = {0};

    assert_ok(cs_uri_parse(text, &uri, &err), &err);
    ck_assert(cs_uri_fits_token(uri, &info));
    ck_assert_msg(!*labels[_i] || !cs_uri_fits_token(uri, &other), "%s", text);
    for (const char *c = text; *c; c++) {
        ck_assert_msg(*c > 0x20 && *c < 0x7f, "octet %x in a URI", (unsigned char)*c);
    }
}
END_TEST

START_TEST(makes_uris_of_keys_and_slots)
{
    CK_TOKEN_INFO info = token_of("edge", "0042");
    const uint8_t id[] = {0x00, 0xff, 'a'};
    cs_autofree char *key = cs_uri_of_key(&info, id, sizeof id);
    cs_autofree char *slot = cs_uri_of_slot(&info, 7);

    /* RFC 7512 section 2.3: all of an id should be percent-encoded */
    assert_contains(key, "id=%00%FF%61");
    assert_contains(key, "type=private");
    assert_contains(key, "token=edge");
    assert_contains(key, "serial=0042");
    assert_contains(slot, "slot-id=7");
    assert_contains(slot, "token=edge");
}
END_TEST

/* RFC 7512 section 2.3: an octet as itself or as %XX; attributes apart by ";", the query after "?".
 */
#define TWENTY "%01%02%03%04%05%06%07%08%09%0a%0B%0c%0d%0e%0f%10%11%12%13%FF"

static const struct {
    const char *uri;
    bool good;
} key_uris[] = {
    {"pkcs11:id=" TWENTY, true},
    {"pkcs11:token=edge;id=" TWENTY ";type=private", true},
    {"pkcs11:token=edge;id=" TWENTY "?pin-source=file:/x", true},
    {"pkcs11:token=edge;object=id=1;id=" TWENTY, true},
    {"pkcs11:token=edge", false},
    {"pkcs11:token=edge?id=" TWENTY, false},
    {"pkcs11:grid=" TWENTY, false},
    {"pkcs11:id=", false},
    {"pkcs11:id=" TWENTY "%00", false},
    {"pkcs11:id=%01%02%03", false},
    {"pkcs11:id=%0g" TWENTY, false},
    {"pkcs11:id=%01%02%03%04%05%06%07%08%09%0a%0B%0c%0d%0e%0f%10%11%12%13%F", false},
    {"id=" TWENTY, false},
    {"", false},
};

START_TEST(takes_key_ids)
{
    static const uint8_t expected[CS_KEY_ID_LEN] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                                    11, 12, 13, 14, 15, 16, 17, 18, 19, 255};
    uint8_t id[CS_KEY_ID_LEN] = {0};
    struct cs_err err = {0};
    cs_rc rc = cs_uri_key_id(key_uris[_i].uri, "client-key", id, &err);

    ck_assert_int_eq(rc, key_uris[_i].good ? CS_OK : CS_E_CONFIG);
    if (key_uris[_i].good) {
        ck_assert_mem_eq(id, expected, sizeof id);
    } else {
        assert_contains(err.message, "client-key names no key");
    }
}
END_TEST

START_TEST(takes_plain_octets)
{
    uint8_t id[CS_KEY_ID_LEN] = {0};
    struct cs_err err = {0};

    assert_ok(cs_uri_key_id("pkcs11:id=abcdefghijklmnopqr%2Ft", "x", id, &err), &err);
    ck_assert_mem_eq(id, "abcdefghijklmnopqr/t", sizeof id);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("uri");
    TCase *tcase = tcase_create("uri");

    add_rows(tcase, takes, good);
    add_rows(tcase, refuses, bad);
    add_rows(tcase, never_repeats_a_pin, with_pin);
    tcase_add_test(tcase, refuses_what_is_too_long);
    add_rows(tcase, takes_objects, with_object);
    add_rows(tcase, refuses_objects, bad_objects);
    tcase_add_test(tcase, fits_object);
    add_rows(tcase, fits_token, matches);
    tcase_add_test(tcase, fits_slot_and_library);
    add_rows(tcase, makes_what_it_takes, labels);
    tcase_add_test(tcase, makes_uris_of_keys_and_slots);
    add_rows(tcase, takes_key_ids, key_uris);
    tcase_add_test(tcase, takes_plain_octets);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
