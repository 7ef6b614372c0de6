/* cscert's questions to the protocols of this folder. */
#ifndef CS_CA_SERVE_H
#define CS_CA_SERVE_H

#include "base/strv.h"
#include "ca/protocol.h"
#include "wire/caserve.h"
#include "wire/confine.h"

/* What is served; of table.c but in tests. */
struct cs_ca_served {
    const struct cs_ca_protocol *(*find)(const char *name);
    cs_ca_list_fn list; /* NULL: there is none */
};

/* Serves at the socket @fd until cscert closes its end; the value is the exit code. With the first
 * question the program gives up what it does not need (wire/confine.h): of this user's files it
 * then reads those that this question named. */
int cs_ca_serve(int fd, const struct cs_ca_served *served);

/* What @call needs of this machine: *ret_what borrows @files, to which is added. */
void cs_ca_confine_what(const struct cs_caserve_call *call, struct cs_strv *files,
                        struct cs_confine *ret_what);

#endif
