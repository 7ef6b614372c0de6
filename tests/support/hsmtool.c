/* Fills and counts a token through its real module: for the fixtures and for scripts.
 *
 *   cs-hsmtool populate LABEL PINFILE COUNT rsa|ec   key pairs, about 2 ms each for ec
 *   cs-hsmtool count LABEL PINFILE                   private N public N certificate N other N
 *   cs-hsmtool wipe LABEL PINFILE                    removes all keys and certificates
 *
 * The module is SoftHSM; in the namespaces of tests/tokens/with-token.sh it is that token's,
 * through p11-kit, because one of them is no file.
 *
 * A program of its own because a process has one instance of a module: counting inside the process
 * under test would share its login, its sessions and its faults. */
#include "support/softhsm.h"

#include <dlfcn.h>
#include <p11-kit/p11-kit.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static CK_FUNCTION_LIST *module;

#ifdef CS_SANITIZED
/* What a module leaves behind here says nothing about cscert, and looking for it takes its time. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
#endif

static void must(CK_RV rv, const char *what)
{
    if (rv != CKR_OK) {
        fprintf(stderr, "cs-hsmtool: %s: 0x%lx\n", what, rv);
        exit(1);
    }
}

static CK_FUNCTION_LIST **given; /* NULL: SoftHSM */

static void load_given(const char *name)
{
    given = p11_kit_modules_load(NULL, 0);
    module = given ? p11_kit_module_for_name(given, name) : NULL;
    if (!module) {
        fprintf(stderr, "cs-hsmtool: p11-kit knows no module %s\n", name);
        exit(1);
    }
    must(module->C_Initialize(NULL), "C_Initialize");
}

static void load_softhsm(void)
{
    void *handle = dlopen(CS_SOFTHSM_MODULE, RTLD_NOW | RTLD_LOCAL);
    CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;

    if (!handle) {
        fprintf(stderr, "cs-hsmtool: %s\n", dlerror());
        exit(1);
    }
    *(void **)&get = dlsym(handle, "C_GetFunctionList");
    must(get ? get(&module) : CKR_GENERAL_ERROR, "C_GetFunctionList");
    must(module->C_Initialize(NULL), "C_Initialize");
}

static CK_SLOT_ID slot_of(const char *label)
{
    CK_SLOT_ID slots[64];
    CK_ULONG count = 64;
    CK_TOKEN_INFO info;
    unsigned char padded[sizeof info.label];

    memset(padded, ' ', sizeof padded);
    memcpy(padded, label, strnlen(label, sizeof padded));
    must(module->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
    for (CK_ULONG i = 0; i < count; i++) {
        must(module->C_GetTokenInfo(slots[i], &info), "C_GetTokenInfo");
        if (memcmp(info.label, padded, sizeof padded) == 0) {
            return slots[i];
        }
    }
    fprintf(stderr, "cs-hsmtool: no token '%s'\n", label);
    exit(1);
}

static CK_SESSION_HANDLE open_session(const char *label, const char *pin_file)
{
    CK_SESSION_HANDLE session;
    unsigned char pin[256] = "";
    FILE *file = fopen(pin_file, "r");

    if (!file || !fgets((char *)pin, sizeof pin, file)) {
        fprintf(stderr, "cs-hsmtool: cannot read the PIN file %s\n", pin_file);
        exit(1);
    }
    fclose(file);
    must(module->C_OpenSession(slot_of(label), CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                               &session),
         "C_OpenSession");
    must(module->C_Login(session, CKU_USER, pin, strcspn((char *)pin, "\n")), "C_Login");
    return session;
}

static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;

/* A pair in the session, then copies of both halves on the token: SoftHSM writes an object's file
 * once for each attribute of a generated one, but only a few times for a copy. */
static void add_pair(CK_SESSION_HANDLE session, bool rsa, unsigned number)
{
    static unsigned char p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    static unsigned char f4[] = {1, 0, 1};
    CK_ULONG bits = 2048;
    unsigned char id[20] = {'o', 'l', 'd', rsa ? 'r' : 'e'};
    char label[16];
    CK_MECHANISM mechanism = {rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_OBJECT_HANDLE halves[2];

    for (size_t i = 0; i < sizeof number; i++) {
        id[sizeof id - 1 - i] = (unsigned char)(number >> (8 * i));
    }
    int len = snprintf(label, sizeof label, "old%05u", number);
    CK_ATTRIBUTE public[] = {{CKA_ID, id, sizeof id},
                             {CKA_LABEL, label, (CK_ULONG)len},
                             {CKA_TOKEN, &no, 1},
                             {CKA_VERIFY, &yes, 1},
                             {CKA_EC_PARAMS, p256, sizeof p256},
                             {CKA_PUBLIC_EXPONENT, f4, sizeof f4}};
    CK_ATTRIBUTE private[] = {{CKA_ID, id, sizeof id},  {CKA_LABEL, label, (CK_ULONG)len},
                              {CKA_TOKEN, &no, 1},      {CKA_PRIVATE, &yes, 1},
                              {CKA_SENSITIVE, &yes, 1}, {CKA_EXTRACTABLE, &no, 1},
                              {CKA_SIGN, &yes, 1}};
    if (rsa) {
        public[4] = (CK_ATTRIBUTE){CKA_MODULUS_BITS, &bits, sizeof bits};
    }
    must(module->C_GenerateKeyPair(session, &mechanism, public, rsa ? 6 : 5, private, 7, &halves[0],
                                   &halves[1]),
         "C_GenerateKeyPair");
    for (size_t i = 0; i < 2; i++) {
        CK_ATTRIBUTE token = {CKA_TOKEN, &yes, 1};
        CK_OBJECT_HANDLE copy;

        must(module->C_CopyObject(session, halves[i], &token, 1, &copy), "C_CopyObject");
        must(module->C_DestroyObject(session, halves[i]), "C_DestroyObject");
    }
}

static size_t count_class(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, bool any)
{
    CK_ATTRIBUTE template[] = {{CKA_TOKEN, &yes, 1}, {CKA_CLASS, &class, sizeof class}};
    CK_OBJECT_HANDLE found[256];
    CK_ULONG got;
    size_t count = 0;

    must(module->C_FindObjectsInit(session, template, any ? 1 : 2), "C_FindObjectsInit");
    do {
        must(module->C_FindObjects(session, found, 256, &got), "C_FindObjects");
        count += got;
    } while (got > 0);
    must(module->C_FindObjectsFinal(session), "C_FindObjectsFinal");
    return count;
}

static void print_count(CK_SESSION_HANDLE session)
{
    size_t private_keys = count_class(session, CKO_PRIVATE_KEY, false);
    size_t public_keys = count_class(session, CKO_PUBLIC_KEY, false);
    size_t certificates = count_class(session, CKO_CERTIFICATE, false);
    size_t all = count_class(session, 0, true);

    printf("private %zu public %zu certificate %zu other %zu\n", private_keys, public_keys,
           certificates, all - private_keys - public_keys - certificates);
}

static void wipe_class(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class)
{
    CK_ATTRIBUTE template[] = {{CKA_TOKEN, &yes, 1}, {CKA_CLASS, &class, sizeof class}};
    CK_OBJECT_HANDLE found[256];
    CK_ULONG got = 0;

    must(module->C_FindObjectsInit(session, template, 2), "C_FindObjectsInit");
    must(module->C_FindObjects(session, found, 256, &got), "C_FindObjects");
    must(module->C_FindObjectsFinal(session), "C_FindObjectsFinal");
    for (CK_ULONG i = 0; i < got; i++) {
        /* a card's keys and certificates may go together */
        CK_RV rv = module->C_DestroyObject(session, found[i]);
        must(rv == CKR_OBJECT_HANDLE_INVALID ? CKR_OK : rv, "C_DestroyObject");
    }
}

/* The private key whose CKA_ID is that of the hexadecimal digits. */
static CK_OBJECT_HANDLE find_private(CK_SESSION_HANDLE session, const char *digits)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    unsigned char id[20] = {0};
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class}, {CKA_ID, id, sizeof id}};
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    CK_ULONG got = 0;

    for (size_t i = 0; i < sizeof id && strlen(digits) == 2 * sizeof id; i++) {
        sscanf(digits + 2 * i, "%2hhx", &id[i]);
    }
    must(module->C_FindObjectsInit(session, template, 2), "C_FindObjectsInit");
    must(module->C_FindObjects(session, &key, 1, &got), "C_FindObjects");
    must(module->C_FindObjectsFinal(session), "C_FindObjectsFinal");
    if (got != 1) {
        fprintf(stderr, "cs-hsmtool: there is no private key %s\n", digits);
        exit(1);
    }
    return key;
}

/* Tries to take a private key out of the token, wrapped by an AES key that we know (RFC 5649), and
 * prints what came of it: "0x0 1218 octets", "0x6a". pkcs11-tool 0.23 wraps secret keys only. */
static void print_wrap(CK_SESSION_HANDLE session, const char *digits)
{
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_AES;
    unsigned char value[32] = {1};
    unsigned char wrapped[8192];
    CK_ULONG len = sizeof wrapped;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class},
                               {CKA_KEY_TYPE, &type, sizeof type},
                               {CKA_TOKEN, &no, 1},
                               {CKA_WRAP, &yes, 1},
                               {CKA_VALUE, value, sizeof value}};
    CK_MECHANISM mechanism = {CKM_AES_KEY_WRAP_PAD, NULL, 0};
    CK_OBJECT_HANDLE key = find_private(session, digits);
    CK_OBJECT_HANDLE wrapper;

    must(module->C_CreateObject(session, template, 5, &wrapper), "C_CreateObject");
    CK_RV rv = module->C_WrapKey(session, &mechanism, wrapper, key, wrapped, &len);
    if (rv == CKR_OK) {
        printf("0x0 %lu octets\n", len);
    } else {
        printf("0x%lx\n", rv);
    }
}

static int usage(void)
{
    fputs("usage: cs-hsmtool populate LABEL PINFILE COUNT rsa|ec\n"
          "       cs-hsmtool count LABEL PINFILE\n"
          "       cs-hsmtool wipe LABEL PINFILE\n"
          "       cs-hsmtool wrap LABEL PINFILE CKA_ID\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    bool populate = argc == 6 && strcmp(argv[1], "populate") == 0;
    bool wipe = argc == 4 && strcmp(argv[1], "wipe") == 0;
    bool wrap = argc == 5 && strcmp(argv[1], "wrap") == 0;

    if (!populate && !wrap && !wipe && !(argc == 4 && strcmp(argv[1], "count") == 0)) {
        return usage();
    }
    const char *name = getenv("CS_TOKEN_P11KIT");
    if (name && *name) {
        load_given(name);
    } else {
        load_softhsm();
    }
    CK_SESSION_HANDLE session = open_session(argv[2], argv[3]);
    if (populate) {
        unsigned count = (unsigned)strtoul(argv[4], NULL, 10);
        for (unsigned i = 0; i < count; i++) {
            add_pair(session, strcmp(argv[5], "rsa") == 0, i);
        }
    } else if (wrap) {
        print_wrap(session, argv[4]);
    } else if (wipe) {
        wipe_class(session, CKO_PRIVATE_KEY);
        wipe_class(session, CKO_PUBLIC_KEY);
        wipe_class(session, CKO_CERTIFICATE);
    } else {
        print_count(session);
    }
    must(module->C_Finalize(NULL), "C_Finalize");
    if (given) {
        p11_kit_modules_release(given);
    }
    return 0;
}
