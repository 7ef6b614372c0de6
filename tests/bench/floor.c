/* The floor under the whole job: what a key pair on a token and a request signed there cost when
 * only those Cryptoki calls are made that cannot be left out, and nothing else is done. cscert is
 * compared with it (bench.py).
 *
 *   floor csr    MODULE TOKEN PIN ec|rsa LABEL OUT   the pair is made on the token
 *   floor xcsr   MODULE TOKEN PIN ec|rsa LABEL OUT   made in the session, then copied to the token
 *   floor batch  MODULE TOKEN PIN ec|rsa COUNT       so many jobs as csr in one session
 *   floor xbatch MODULE TOKEN PIN ec|rsa COUNT       as xcsr
 *   floor attrs  MODULE TOKEN PIN LABEL              what both halves of a pair read back
 *
 * The two of many jobs write no request anywhere and print "WALL_MS CPU_MS" of the jobs alone,
 * without loading, login and end. OUT gets a PKCS#10 in DER: subject CN, O and C, five dNSNames,
 * SHA-256 by the token. Written by hand and linked to nothing but the C library, so that no other
 * library's start is counted. */
#include "request.h"

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))
#define ID_LEN        20  /* 160 random bits, as cscert's CKA_ID */
#define DIGEST_LEN    32  /* SHA-256 */
#define SIGNATURE_MAX 512 /* of RSA-4096 */

static CK_FUNCTION_LIST *module;

static void must(CK_RV rv, const char *what)
{
    if (rv != CKR_OK) {
        fprintf(stderr, "floor: %s: 0x%lx\n", what, rv);
        exit(1);
    }
}

#define CALL(function, ...) must(module->function(__VA_ARGS__), #function)

/* ---- the token ---- */

static void load(const char *path)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};

    if (!handle) {
        fprintf(stderr, "floor: %s\n", dlerror());
        exit(1);
    }
    *(void **)&get = dlsym(handle, "C_GetFunctionList");
    must(get ? get(&module) : CKR_GENERAL_ERROR, "C_GetFunctionList");
    CALL(C_Initialize, &args);
}

static CK_SLOT_ID slot_of(const char *label)
{
    CK_SLOT_ID slots[64];
    CK_ULONG count = COUNT(slots);
    CK_TOKEN_INFO info;
    unsigned char padded[sizeof info.label];

    memset(padded, ' ', sizeof padded);
    memcpy(padded, label, strnlen(label, sizeof padded));
    CALL(C_GetSlotList, CK_TRUE, slots, &count);
    for (CK_ULONG i = 0; i < count; i++) {
        CALL(C_GetTokenInfo, slots[i], &info);
        if (memcmp(info.label, padded, sizeof padded) == 0) {
            return slots[i];
        }
    }
    fprintf(stderr, "floor: no token '%s'\n", label);
    exit(1);
}

static CK_SESSION_HANDLE open_session(const char *token, char *pin)
{
    CK_SESSION_HANDLE session;

    CALL(C_OpenSession, slot_of(token), CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session);
    CALL(C_Login, session, CKU_USER, (CK_UTF8CHAR *)pin, strlen(pin));
    return session;
}

struct pair {
    bool rsa;
    CK_OBJECT_HANDLE private_key;
    CK_OBJECT_HANDLE public_key;
};

static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;

static void generate(CK_SESSION_HANDLE session, char *label, bool on_token, struct pair *pair)
{
    static unsigned char p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    static unsigned char f4[] = {1, 0, 1};
    CK_ULONG bits = 2048;
    CK_ULONG label_len = strlen(label);
    CK_BBOOL *token = on_token ? &yes : &no;
    unsigned char id[ID_LEN];
    CK_MECHANISM mechanism = {pair->rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, NULL, 0};
    /* The last row counts for RSA only. */
    CK_ATTRIBUTE public[] = {{CKA_TOKEN, token, 1},
                             {CKA_PRIVATE, &no, 1},
                             {CKA_VERIFY, &yes, 1},
                             {CKA_LABEL, label, label_len},
                             {CKA_ID, id, sizeof id},
                             {CKA_EC_PARAMS, p256, sizeof p256},
                             {CKA_PUBLIC_EXPONENT, f4, sizeof f4}};
    CK_ATTRIBUTE private[] = {{CKA_TOKEN, token, 1},    {CKA_PRIVATE, &yes, 1},
                              {CKA_SENSITIVE, &yes, 1}, {CKA_EXTRACTABLE, &no, 1},
                              {CKA_SIGN, &yes, 1},      {CKA_LABEL, label, label_len},
                              {CKA_ID, id, sizeof id}};

    if (pair->rsa) {
        public[5] = (CK_ATTRIBUTE){CKA_MODULUS_BITS, &bits, sizeof bits};
    }
    CALL(C_GenerateRandom, session, id, sizeof id);
    CALL(C_GenerateKeyPair, session, &mechanism, public, pair->rsa ? 7 : 6, private, COUNT(private),
         &pair->public_key, &pair->private_key);
}

static void copy_to_token(CK_SESSION_HANDLE session, const struct pair *pair)
{
    CK_ATTRIBUTE token = {CKA_TOKEN, &yes, 1};
    CK_OBJECT_HANDLE copy;

    CALL(C_CopyObject, session, pair->private_key, &token, 1, &copy);
    CALL(C_CopyObject, session, pair->public_key, &token, 1, &copy);
}

/* What the copies were made of is not needed any more, and would fill the session. */
static void destroy(CK_SESSION_HANDLE session, const struct pair *pair)
{
    CALL(C_DestroyObject, session, pair->private_key);
    CALL(C_DestroyObject, session, pair->public_key);
}

static void digest(CK_SESSION_HANDLE session, struct der *info, unsigned char *ret_digest)
{
    CK_MECHANISM mechanism = {CKM_SHA256, NULL, 0};
    CK_ULONG len = DIGEST_LEN;

    CALL(C_DigestInit, session, &mechanism);
    CALL(C_Digest, session, info->octets + info->at, der_len(info), ret_digest, &len);
}

/* The length of the raw signature; for RSA the input is a DigestInfo (RFC 8017 section 9.2). */
static size_t sign(CK_SESSION_HANDLE session, const struct pair *pair, const unsigned char *value,
                   unsigned char ret_signature[SIGNATURE_MAX])
{
    unsigned char input[19 + DIGEST_LEN] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
                                            0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                            0x01, 0x05, 0x00, 0x04, 0x20};
    CK_MECHANISM mechanism = {pair->rsa ? CKM_RSA_PKCS : CKM_ECDSA, NULL, 0};
    CK_ULONG len = SIGNATURE_MAX;
    size_t skipped = pair->rsa ? 0 : 19;

    memcpy(input + 19, value, DIGEST_LEN);
    CALL(C_SignInit, session, &mechanism, pair->private_key);
    CALL(C_Sign, session, input + skipped, sizeof input - skipped, ret_signature, &len);
    return len;
}

static void read_public(CK_SESSION_HANDLE session, const struct pair *pair,
                        struct public_key *ret_key)
{
    CK_ATTRIBUTE ec[] = {{CKA_EC_POINT, ret_key->value, sizeof ret_key->value}};
    CK_ATTRIBUTE rsa[] = {{CKA_MODULUS, ret_key->value, sizeof ret_key->value},
                          {CKA_PUBLIC_EXPONENT, ret_key->exponent, sizeof ret_key->exponent}};

    ret_key->rsa = pair->rsa;
    if (pair->rsa) {
        CALL(C_GetAttributeValue, session, pair->public_key, rsa, COUNT(rsa));
        ret_key->len = rsa[0].ulValueLen;
        ret_key->exponent_len = rsa[1].ulValueLen;
    } else {
        CALL(C_GetAttributeValue, session, pair->public_key, ec, COUNT(ec));
        ret_key->len = ec[0].ulValueLen;
    }
}

static void make_request(CK_SESSION_HANDLE session, const struct pair *pair, struct der *ret_der)
{
    struct public_key key;
    struct der info;
    unsigned char value[DIGEST_LEN];
    unsigned char signature[SIGNATURE_MAX];

    read_public(session, pair, &key);
    request_info(&key, &info);
    digest(session, &info, value);
    size_t len = sign(session, pair, value, signature);
    request_finish(&info, pair->rsa, signature, len, ret_der);
}

static void write_file(const char *path, const struct der *der)
{
    FILE *file = fopen(path, "wb");

    if (!file || fwrite(der_data(der), 1, der_len(der), file) != der_len(der) ||
        fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

/* ---- what a key reads back ---- */

/* clang-format off */
#define ATTRIBUTE(name) {#name, name}
/* clang-format on */
static const struct {
    const char *name;
    CK_ATTRIBUTE_TYPE type;
} attributes[] = {
    ATTRIBUTE(CKA_TOKEN),
    ATTRIBUTE(CKA_PRIVATE),
    ATTRIBUTE(CKA_MODIFIABLE),
    ATTRIBUTE(CKA_LABEL),
    ATTRIBUTE(CKA_KEY_TYPE),
    ATTRIBUTE(CKA_START_DATE),
    ATTRIBUTE(CKA_END_DATE),
    ATTRIBUTE(CKA_DERIVE),
    ATTRIBUTE(CKA_LOCAL),
    ATTRIBUTE(CKA_KEY_GEN_MECHANISM),
    ATTRIBUTE(CKA_SUBJECT),
    ATTRIBUTE(CKA_EC_PARAMS),
    ATTRIBUTE(CKA_SENSITIVE),
    ATTRIBUTE(CKA_ALWAYS_SENSITIVE),
    ATTRIBUTE(CKA_EXTRACTABLE),
    ATTRIBUTE(CKA_NEVER_EXTRACTABLE),
    ATTRIBUTE(CKA_WRAP_WITH_TRUSTED),
    ATTRIBUTE(CKA_ALWAYS_AUTHENTICATE),
    ATTRIBUTE(CKA_SIGN),
    ATTRIBUTE(CKA_SIGN_RECOVER),
    ATTRIBUTE(CKA_DECRYPT),
    ATTRIBUTE(CKA_UNWRAP),
    ATTRIBUTE(CKA_TRUSTED),
    ATTRIBUTE(CKA_VERIFY),
    ATTRIBUTE(CKA_VERIFY_RECOVER),
    ATTRIBUTE(CKA_ENCRYPT),
    ATTRIBUTE(CKA_WRAP),
};

static CK_OBJECT_HANDLE find(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, char *label)
{
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class},
                               {CKA_LABEL, label, strlen(label)}};
    CK_OBJECT_HANDLE found[2];
    CK_ULONG count = 0;

    CALL(C_FindObjectsInit, session, template, COUNT(template));
    CALL(C_FindObjects, session, found, COUNT(found), &count);
    CALL(C_FindObjectsFinal, session);
    if (count != 1) {
        fprintf(stderr, "floor: %s '%s'\n", count ? "more than one" : "no", label);
        exit(1);
    }
    return found[0];
}

/* Lines "HALF ATTRIBUTE VALUE", the value in hexadecimal or the CKR. */
static void print_attributes(CK_SESSION_HANDLE session, const char *half, CK_OBJECT_HANDLE key)
{
    for (size_t i = 0; i < COUNT(attributes); i++) {
        unsigned char value[256];
        CK_ATTRIBUTE one = {attributes[i].type, value, sizeof value};
        CK_RV rv = module->C_GetAttributeValue(session, key, &one, 1);

        printf("%s %s ", half, attributes[i].name);
        if (rv != CKR_OK) {
            printf("CKR 0x%lx\n", rv);
            continue;
        }
        for (CK_ULONG j = 0; j < one.ulValueLen; j++) {
            printf("%02x", value[j]);
        }
        puts("");
    }
}

/* ---- the jobs ---- */

static double now_ms(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void one_job(CK_SESSION_HANDLE session, bool rsa, bool in_session, char *label,
                    const char *out)
{
    struct pair pair = {.rsa = rsa};
    struct der der;

    generate(session, label, !in_session, &pair);
    make_request(session, &pair, &der);
    write_file(out, &der);
    if (in_session) {
        copy_to_token(session, &pair);
    }
}

static void many_jobs(CK_SESSION_HANDLE session, bool rsa, bool in_session, long count)
{
    double wall = now_ms(CLOCK_MONOTONIC);
    double cpu = now_ms(CLOCK_PROCESS_CPUTIME_ID);

    for (long i = 0; i < count; i++) {
        struct pair pair = {.rsa = rsa};
        struct der der;
        char label[32];

        snprintf(label, sizeof label, "batch%05ld", i);
        generate(session, label, !in_session, &pair);
        make_request(session, &pair, &der);
        if (in_session) {
            copy_to_token(session, &pair);
            destroy(session, &pair);
        }
    }
    printf("%.3f %.3f\n", now_ms(CLOCK_MONOTONIC) - wall, now_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu);
}

static int usage(void)
{
    fputs("usage: floor csr|xcsr MODULE TOKEN PIN ec|rsa LABEL OUT\n"
          "       floor batch|xbatch MODULE TOKEN PIN ec|rsa COUNT\n"
          "       floor attrs MODULE TOKEN PIN LABEL\n",
          stderr);
    return 2;
}

static const struct verb {
    const char *name;
    int arguments;
    bool in_session;
    bool many;
} verbs[] = {
    {"csr", 8, false, false},  {"xcsr", 8, true, false},   {"batch", 7, false, true},
    {"xbatch", 7, true, true}, {"attrs", 6, false, false},
};

static const struct verb *find_verb(int argc, char **argv)
{
    for (size_t i = 0; i < COUNT(verbs); i++) {
        if (argc == verbs[i].arguments && strcmp(argv[1], verbs[i].name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const struct verb *verb = find_verb(argc, argv);

    if (!verb) {
        return usage();
    }
    load(argv[2]);
    CK_SESSION_HANDLE session = open_session(argv[3], argv[4]);
    bool rsa = strcmp(argv[5], "rsa") == 0;
    if (verb->many) {
        many_jobs(session, rsa, verb->in_session, strtol(argv[6], NULL, 10));
    } else if (verb->arguments == 8) {
        one_job(session, rsa, verb->in_session, argv[6], argv[7]);
    } else {
        print_attributes(session, "private", find(session, CKO_PRIVATE_KEY, argv[5]));
        print_attributes(session, "public", find(session, CKO_PUBLIC_KEY, argv[5]));
    }
    CALL(C_Finalize, NULL);
    return 0;
}
