/* A computer with an endpoint mapper and a CA that behaves as badly as it is told: real octets on
 * real sockets, NTLM by gss-ntlmssp's other half, sealed by core/net/ntlmseal.c's. In a process of
 * its own, on the ports 135 and FAKECA_PORT of 127.0.0.1, for one client. */
#ifndef CS_TESTS_SUPPORT_FAKECA_H
#define CS_TESTS_SUPPORT_FAKECA_H

#include "base/bytes.h"

#include <sys/types.h>

#define FAKECA_PORT     50001
#define FAKECA_ACCOUNT  "LITWAREINC\\kenmyer"
#define FAKECA_PASSWORD "Passw0rd!"

/* What it does instead of the right thing; the word before the first underscore says where. */
enum fakeca_trick {
    FAKECA_GOOD,      /* answers each call with its reply */
    FAKECA_FRAGMENTS, /* the same in many small fragments */
    FAKECA_MAPPER_CLOSES,
    FAKECA_MAPPER_SILENT,
    FAKECA_MAPPER_HTTP,
    FAKECA_MAPPER_NAK,
    FAKECA_MAPPER_FAULT,
    FAKECA_MAPPER_EMPTY,     /* the interface is not registered */
    FAKECA_MAPPER_ELSEWHERE, /* the tower names another host */
    FAKECA_MAPPER_CLOSED,    /* a port on which nobody listens */
    FAKECA_BIND_CLOSES,
    FAKECA_BIND_SILENT,
    FAKECA_BIND_GARBAGE,
    FAKECA_BIND_NAK,
    FAKECA_BIND_REFUSED,  /* no such interface */
    FAKECA_BIND_UNSIGNED, /* headers are not signed */
    FAKECA_BIND_NO_TOKEN,
    FAKECA_BIND_INTEGRITY, /* a lower level */
    FAKECA_BIND_BAD_TOKEN,
    FAKECA_CALL_CLOSES,
    FAKECA_CALL_SILENT,
    FAKECA_CALL_CUT, /* closes in the middle of its answer */
    FAKECA_CALL_DENIED,
    FAKECA_CALL_NOT_RUN,   /* a fault that says so */
    FAKECA_CALL_PLAIN,     /* not encrypted */
    FAKECA_CALL_INTEGRITY, /* a lower level */
    FAKECA_CALL_FORGED,
    FAKECA_CALL_OTHER_CALL,
    FAKECA_CALL_EMPTY, /* a fragment without a stub */
    FAKECA_CALL_NOT_FIRST,
    FAKECA_CALL_FIRST_AGAIN,
    FAKECA_CALL_ENDLESS,
    FAKECA_CALL_BIND_ACK, /* a PDU of another type */
};

/* Starts it; it answers calls with @reply, a stub, of which the first octets may be the text
 * "COUNT", for the stub of a pending request whose message is how many fragments and octets came.
 * Ends with the test, or when its client has gone. */
pid_t fakeca_start(enum fakeca_trick trick, const struct cs_bytes *reply);

#endif
