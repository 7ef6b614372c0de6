/* Documents of a topology, read by cscert-read in a process of its own. */
#ifndef CS_WIRE_READER_H
#define CS_WIRE_READER_H

#include "base/err.h"
#include "model/topology.h"

#include <stddef.h>

/* A larger document or archive is refused before it is read. In octets. */
#define CS_READER_DOCUMENT_MAX  (64U << 20)
#define CS_READER_DOCUMENTS_MAX 16

/* A document: a descriptor of a regular file or memfd at offset 0 (borrowed), its size, and the
 * name that messages and sources give it (its last component is what sources show). */
struct cs_reader_document {
    int fd;
    size_t size;
    const char *name;
};

/* Starts @program (the absolute path of cscert-read), has it read all @documents into one topology,
 * and checks the answer like any input. A topology document may be missing (only simple URLs were
 * given): form is NULL then. CS_E_INPUT with document, line and element for a bad document;
 * CS_E_CONFIG if the program cannot be started; CS_E_INTERNAL if it crashes or stalls. */
CS_MUST_CHECK cs_rc cs_reader_read(const char *program, const struct cs_reader_document *documents,
                                   size_t count, struct cs_topology **ret_topology,
                                   struct cs_err *err);

/* As cs_reader_read(), which gives it a minute. */
CS_MUST_CHECK cs_rc cs_reader_read_within(const char *program,
                                          const struct cs_reader_document *documents, size_t count,
                                          unsigned within_ms, struct cs_topology **ret_topology,
                                          struct cs_err *err);

/* The other end, for cscert-read's main(): reads the question from CS_SPAWN_SOCKET_FD, enters
 * the sandbox, has @parse read each document's octets into @topology, and answers. What @parse and
 * its libraries set up once must be set up before. The value is the exit code; the program ends
 * with _exit(2), because tidying up may take calls that the sandbox does not allow. */
typedef cs_rc (*cs_reader_parse_fn)(const char *name, const void *data, size_t len,
                                    struct cs_topology *topology, struct cs_err *err);
int cs_reader_serve(cs_reader_parse_fn parse);

#endif
