/* What the files of the check share. */
#ifndef CS_PKCS11_PROBE_INTERNAL_H
#define CS_PKCS11_PROBE_INTERNAL_H

#include "pkcs11/key.h"
#include "pkcs11/probe.h"
#include "pkcs11/template.h"
#include "pkcs11/token_internal.h"

#define CS_PROBE_PAIRS_MAX 64

/* Lines of the draft. */
struct cs_probe_facts {
    bool made_any;
    bool copies;               /* session-copy keeps all answers */
    bool copies_tried;         /* there are session key pairs to copy */
    struct cs_strv refuses;    /* "CKA_DECRYPT=false" */
    struct cs_strv unreliable; /* "CKA_LOCAL" */
    struct cs_strv cannot;     /* "ECDH_P521: why" */
    size_t exportable[3];      /* pairs by enum cs_exportable */
};

struct cs_prober {
    struct cs_token *token;
    struct cs_probe *report;
    const struct cs_probe_options *options;

    struct cs_profile plain; /* says nothing but where pairs are made */
    CK_SESSION_HANDLE main;  /* the token's own while a side session is in its place */
    char label[48];          /* of every object of ours */
    uint8_t ids[CS_PROBE_PAIRS_MAX][CS_KEY_ID_LEN]; /* of what may be on the token */
    size_t id_count;
    char about[48]; /* of the findings */
    size_t done;    /* steps */
    bool gone;      /* the token is: nothing more is tried */
    bool rsa_wrapped;
    bool ec_wrapped;
    struct cs_probe_facts facts;
};

/* A throw-away pair. */
struct cs_probe_pair {
    struct cs_token_key *key; /* with its attributes and public half, as far as they are read */
    struct cs_template asked;
    struct cs_key_request request;
    CK_RV rv; /* of C_GenerateKeyPair */
    double milliseconds;
};

/* ---- probe.c ---- */

/* Adds a finding about prober->about. */
void cs_probe_add(struct cs_prober *prober, const char *what, enum cs_probe_result result,
                  enum cs_probe_severity severity, const char *format, ...) CS_PRINTF(5, 6);

/* The same with what a call gave; CKR_OK: nothing is said of it. */
void cs_probe_add_rv(struct cs_prober *prober, const char *what, enum cs_probe_result result,
                     enum cs_probe_severity severity, const char *operation, CK_RV rv,
                     const char *format, ...) CS_PRINTF(7, 8);

/* How long one such act took, of the last finding. */
void cs_probe_time(struct cs_prober *prober, double milliseconds);

/* What the next findings are about, and what is being done, for who waits or reads of a crash. */
void cs_probe_about(struct cs_prober *prober, const char *format, ...) CS_PRINTF(2, 3);
void cs_probe_doing(struct cs_prober *prober, const char *what);

/* Operations that may stay active run in a session of their own, which takes the main one's
 * place. False: there is none to be had. */
bool cs_probe_enter_side(struct cs_prober *prober);
void cs_probe_leave_side(struct cs_prober *prober);

/* A word for a list of the draft, once. */
void cs_probe_note(struct cs_strv *list, const char *word);

/* The token is not there any more: every further call would say so again. */
bool cs_probe_is_gone(CK_RV rv);

double cs_probe_now(void); /* milliseconds */
bool cs_probe_stopped(struct cs_prober *prober);
void cs_probe_spec_name(const struct cs_key_spec *spec, char ret_name[24]); /* "RSA-2048" */

/* What carries @id may be on the token: it is looked for when the pair's turn is over. */
void cs_probe_may_stay(struct cs_prober *prober, const uint8_t id[CS_KEY_ID_LEN]);

/* Destroys an object of ours; invalid handles are nothing. */
void cs_probe_destroy(struct cs_prober *prober, CK_OBJECT_HANDLE object);

/* ---- probetoken.c ---- */
void cs_probe_token(struct cs_prober *prober);
void cs_probe_mechanisms(struct cs_prober *prober);

/* ---- probekey.c ---- */

/* A request with a fresh CKA_ID. */
void cs_probe_request(struct cs_prober *prober, const struct cs_key_spec *spec, bool exportable,
                      struct cs_probe_pair *ret_pair);

/* C_GenerateKeyPair with the template of what the token is known not to refuse; pair->rv says what
 * came of it. @extra: an attribute more that is true, or CS_PROBE_NO_EXTRA. */
#define CS_PROBE_NO_EXTRA CK_UNAVAILABLE_INFORMATION
void cs_probe_make_plain(struct cs_prober *prober, struct cs_probe_pair *pair,
                         CK_ATTRIBUTE_TYPE extra);
void cs_probe_pair_done(struct cs_prober *prober, struct cs_probe_pair *pair);

/* All of one kind and size. */
void cs_probe_key(struct cs_prober *prober, const struct cs_key_spec *spec);

/* Does session objects for pairs exist? Sets prober->plain. */
void cs_probe_where(struct cs_prober *prober);

CK_MECHANISM_TYPE cs_probe_generator(const struct cs_key_spec *spec);

/* ---- probeback.c ---- */

/* The attributes of a pair that was made; false and a finding if they cannot be read. */
bool cs_probe_read_pair(struct cs_prober *prober, struct cs_probe_pair *pair);

/* Against what was asked for. */
void cs_probe_judge_attributes(struct cs_prober *prober, const struct cs_probe_pair *pair);

/* False if the public half cannot be read. */
bool cs_probe_public(struct cs_prober *prober, struct cs_probe_pair *pair);

/* Session-copy: what cscert does on tokens whose profile says so. */
void cs_probe_copy(struct cs_prober *prober, struct cs_probe_pair *pair);

/* ---- probesign.c ---- */
bool cs_probe_sign(struct cs_prober *prober, struct cs_probe_pair *pair);
void cs_probe_always_authenticate(struct cs_prober *prober, const struct cs_key_spec *spec);

/* ---- probestay.c: a key that is not extractable stays so ---- */
void cs_probe_stays(struct cs_prober *prober, struct cs_probe_pair *pair);

/* Reading the private part in clear. */
void cs_probe_reads(struct cs_prober *prober, struct cs_probe_pair *pair);

/* A boolean attribute. */
enum cs_answer cs_probe_flag(struct cs_prober *prober, CK_OBJECT_HANDLE object,
                             CK_ATTRIBUTE_TYPE type);

/* ---- probewrap.c ---- */

/* Once for each kind of key. */
void cs_probe_wraps(struct cs_prober *prober, struct cs_probe_pair *pair);

/* Wrapping of a key that is not extractable. */
void cs_probe_wrap_refused(struct cs_prober *prober, struct cs_probe_pair *pair);

/* ---- probedraft.c ---- */
char *cs_probe_draft(struct cs_prober *prober);

/* ---- probeguard.c: a module that crashes ---- */
void cs_probe_guard(struct cs_watch *watch, const char *label);
void cs_probe_guard_end(struct cs_watch *watch);
void cs_probe_guard_doing(struct cs_watch *watch, const char *about, const char *what);

#endif
