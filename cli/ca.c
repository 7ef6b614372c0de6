/* cscert-ca: speaks to certification authorities for cscert. It is started with a socket
 * (docs/CA-PROGRAM.md), and is no program for the command line. */
#include "base/secret.h"
#include "ca/serve.h"
#include "wire/spawn.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
    const struct cs_ca_served served = {cs_ca_protocol_find, cs_ca_lister()};
    struct stat info;

    if (fstat(CS_SPAWN_SOCKET_FD, &info) != 0 || !S_ISSOCK(info.st_mode)) {
        fputs("cscert-ca is started by cscert; it has no use of its own\n", stderr);
        return CS_E_USAGE;
    }
    /* Without cscert nobody may go on to submit anything. */
    if (cs_child_follow(NULL) != CS_OK || cs_secret_setup(NULL) != CS_OK) {
        return CS_E_INTERNAL;
    }
    /* The libraries' tidying up may take what is given up by now. */
    _exit(cs_ca_serve(CS_SPAWN_SOCKET_FD, &served));
}
