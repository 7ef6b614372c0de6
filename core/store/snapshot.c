#include "store/snapshot.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "store/storefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Above this a store is not ours: thousands of requests need some ten MiB. */
#define SNAPSHOT_MAX (1024 * 1024 * 1024)

/* Where SQLite locks a file (https://sqlite.org/fileformat2.html section 1.4 and os.h): a reader
 * holds a read lock on the 510 octets from 0x40000002 on. */
#define SHARED_FIRST 0x40000002
#define SHARED_SIZE  510

/* Header octets that say "WAL" (2) or "rollback journal" (1); a database in memory has no WAL
 * (https://sqlite.org/c3ref/deserialize.html). */
#define HEADER_SIZE   100
#define WRITE_VERSION 18
#define READ_VERSION  19

#define POLL_MS 10

/* The octets of a database, from sqlite3_malloc(). */
struct image {
    unsigned char *data;
    sqlite3_int64 len;
};

static void image_done(struct image *image)
{
    sqlite3_free(image->data);
    *image = (struct image){0};
}

static cs_rc fail_locked(const char *place, struct cs_err *err)
{
    cs_auto_value(cs_db) db = {.path = cs_strdup(place)};

    return cs_db_fail(&db, SQLITE_BUSY, "fcntl", err);
}

/* While we hold it nobody can take the store for himself, which the last one who closes it must do
 * to fold its -wal into it: a -wal that appears while we read is still there afterwards. */
static cs_rc lock_shared(int fd, const char *place, unsigned wait_ms, struct cs_err *err)
{
    struct flock lock = {
        .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = SHARED_FIRST, .l_len = SHARED_SIZE};
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};

    for (unsigned waited = 0; fcntl(fd, F_SETLK, &lock) != 0; waited += POLL_MS) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR) {
            return cs_storefile_fail("fcntl", errno, place, "cannot be locked", err);
        }
        if (waited >= wait_ms) {
            return fail_locked(place, err);
        }
        nanosleep(&pause, NULL);
    }
    return CS_OK;
}

static cs_rc read_octets(int fd, const char *place, struct image *image, struct cs_err *err)
{
    struct stat info;

    if (fstat(fd, &info) != 0) {
        return cs_storefile_fail("fstat", errno, place, "cannot be read", err);
    }
    if (info.st_size > SNAPSHOT_MAX) {
        return cs_fail(err, CS_E_STORE, "the store %s has %lld octets, more than a store can have",
                       place, (long long)info.st_size);
    }
    image->len = info.st_size;
    image->data = sqlite3_malloc64((uint64_t)image->len + 1);
    if (!image->data) {
        return cs_fail(err, CS_E_INTERNAL, "no memory for the store %s", place);
    }
    for (sqlite3_int64 done = 0; done < image->len;) {
        ssize_t got = pread(fd, image->data + done, (size_t)(image->len - done), done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return cs_storefile_fail("pread", got < 0 ? errno : EIO, place, "cannot be read", err);
        }
        done += got;
    }
    return CS_OK;
}

static bool is_at_rest(const char *place)
{
    return !cs_storefile_has(place, "-wal") && !cs_storefile_has(place, "-journal");
}

/* The file alone is the store if nobody has it open to write. *ret_alone false: somebody has. */
static cs_rc read_file(const char *place, unsigned wait_ms, struct image *image, bool *ret_alone,
                       struct cs_err *err)
{
    if (!is_at_rest(place)) {
        *ret_alone = false;
        return CS_OK;
    }
    cs_autoclose int fd = open(place, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return cs_storefile_fail("open", errno, place, "cannot be read", err);
    }
    CS_TRY(lock_shared(fd, place, wait_ms, err));
    if (!is_at_rest(place)) {
        *ret_alone = false;
        return CS_OK;
    }
    CS_TRY(read_octets(fd, place, image, err));
    *ret_alone = is_at_rest(place);
    return CS_OK;
}

/* Somebody writes, or died while writing: the files that SQLite needs are there, and SQLite reads
 * one state of the store through them. */
static cs_rc read_through_sqlite(const char *place, unsigned wait_ms, struct image *image,
                                 struct cs_err *err)
{
    cs_auto_value(cs_db) db = {0};

    CS_TRY(cs_db_open(place, place, SQLITE_OPEN_READONLY, wait_ms, &db, err));
    /* Says what is wrong, which sqlite3_serialize() does not. */
    CS_TRY(cs_db_exec(&db, "SELECT count(*) FROM sqlite_schema", err));
    image->data = sqlite3_serialize(db.handle, "main", &image->len, 0);
    if (!image->data) {
        int code = sqlite3_extended_errcode(db.handle);
        return cs_db_fail(&db, code ? code : SQLITE_IOERR, "sqlite3_serialize", err);
    }
    return CS_OK;
}

static cs_rc open_image(const char *place, struct image *image, struct cs_db *ret_db,
                        struct cs_err *err)
{
    cs_auto_value(cs_db) db = {0};

    CS_TRY(cs_db_open(":memory:", place, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, 0, &db, err));
    db.readonly = true;
    if (image->len < HEADER_SIZE) {
        return cs_db_fail(&db, SQLITE_NOTADB, "read", err);
    }
    image->data[WRITE_VERSION] = 1;
    image->data[READ_VERSION] = 1;
    unsigned char *data = cs_steal(&image->data);
    int code = sqlite3_deserialize(db.handle, "main", data, image->len, image->len,
                                   SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
    if (code != SQLITE_OK) {
        return cs_db_fail(&db, code, "sqlite3_deserialize", err);
    }
    *ret_db = cs_db_steal(&db);
    return CS_OK;
}

cs_rc cs_snapshot_open(const char *place, unsigned wait_ms, struct cs_db *ret_db,
                       struct cs_err *err)
{
    __attribute__((cleanup(image_done))) struct image image = {0};
    bool alone = false;

    CS_TRY(read_file(place, wait_ms, &image, &alone, err));
    if (!alone) {
        image_done(&image);
        CS_TRY(read_through_sqlite(place, wait_ms, &image, err));
    }
    return open_image(place, &image, ret_db, err);
}
