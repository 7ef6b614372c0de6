/* cscert-read: reads topology documents for cscert. It is started with a socket and the documents
 * as descriptors (wire/reader.h), and is no program for the command line. */
#include "topology/document.h"
#include "wire/reader.h"
#include "wire/spawn.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
    struct stat info;

    if (fstat(CS_SPAWN_SOCKET_FD, &info) != 0 || !S_ISSOCK(info.st_mode)) {
        fputs("cscert-read is started by cscert; it has no use of its own\n", stderr);
        return CS_E_USAGE;
    }
    if (cs_child_follow(NULL) != CS_OK) {
        return CS_E_INTERNAL;
    }
    cs_document_init();
    _exit(cs_reader_serve(cs_document_read));
}
