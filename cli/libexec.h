/* Where the programs are that cscert starts. */
#ifndef CS_CLI_LIBEXEC_H
#define CS_CLI_LIBEXEC_H

/* The absolute path of the program @name ("cscert-read"), which belongs to this executable: beside
 * it where it stands in the build folder, else in the libexec folder of the same installation. Only
 * the executable's own place and what was compiled in count: no environment, no current folder.
 * Valid until the next call. */
const char *cs_libexec_path(const char *name);

/* The same for an executable at @executable, its real path. The caller frees. */
char *cs_libexec_path_of(const char *executable, const char *name);

#endif
