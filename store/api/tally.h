/* tally.h - libtally: the files of a tallyfs store, read without a mount.
 *
 *   tally_open -> tally_snapshot_open -> tally_stat, tally_read, tally_file_*, tally_list*
 *                                     -> tally_snapshot_close
 *              -> tally_wait -> the next snapshot -> tally_close
 *
 * A snapshot is the store as of one commit: whatever is read of it belongs together, and never
 * changes. A path is that of the mounted tree ("metrics.json", "breakdown/eu-central.csv",
 * ".tallyfs/status.json"; a leading slash does no harm, "" is the root), and .tallyfs/README there
 * tells its grammar. Contents are byte for byte those of a mount.
 *
 * Answers  what can only work or fail returns bool. What may also be missing returns enum
 *          tally_answer: TALLY_MISSING is no error and fills none. Out-arguments are written on
 *          success only, *ERROR on failure only; ERROR may be NULL.
 * Units    sizes and offsets are bytes, without the NUL of a text; times nanoseconds since 1970
 *          (UTC); timeouts milliseconds.
 * Memory   what a call opens is closed by the call named for it; every close and tally_free takes
 *          NULL. Close files and listings before their snapshot, snapshots before their store.
 *          Arguments are borrowed until the call returns.
 * Threads  a store may be used by many threads at once. A snapshot, with its files and
 *          listings, is used by one at a time. A child of fork uses nothing that its parent
 *          opened, and opens nothing itself where another thread of the parent may have been
 *          opening a store at that moment.
 * Errors   enum tally_error_kind says what the caller may do, the message what is wrong and what
 *          helps. Each call names those of its own. Whatever reads may give TALLY_ERROR_CORRUPT, or
 *          TALLY_ERROR_SYSTEM where the system refuses.
 * Limits   1022 snapshots of a store are open at a time, those of mounts and commands among them;
 *          tally_wait needs a place for moments. A message has TALLY_MESSAGE_BYTES at most, and is
 *          cut beyond. A name in a listing has 255 bytes at most. A path in the tree may have any
 *          length: what is longer than any name is TALLY_MISSING. That of a store is as long as
 *          the system allows.
 * Rights   reading takes the right to read STORE and to write STORE/lock.mdb, where a reader enters
 *          itself so that no writer reuses what it reads. On a read-only medium there is no entry,
 *          as there is no writer: do not give a reader a read-only view (a bind mount, a volume of
 *          a container) of a store that is written elsewhere.
 * Space    while a snapshot is open, the store keeps what later commits replaced, and
 *          grows. Close it soon.
 * Ends     the process aborts with a line on standard error when an assertion of LMDB fails, and
 *          ends with one when the system has no memory left. Damage that can be told is
 *          TALLY_ERROR_CORRUPT, and what LMDB follows is looked at before. A data.mdb that is cut
 *          or cannot be read behind the reader's back is a SIGBUS.
 * Signals  are the host's: no handler is installed, no mask is changed, and no process is forked.
 * Place    a store is the directory that was at the path when it was opened, wherever that is by
 *          now; see tally_is_replaced.
 * Store    what it holds is never written. Do not open it by LMDB or in another way in
 *          the same process.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TALLY_H
#define TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum tally_answer {
    TALLY_FAILED,  /* see the error */
    TALLY_FOUND,   /* the out-arguments are written */
    TALLY_MISSING, /* not there: no such path, the end of a listing, no commit in time */
};

/* What the caller may do about it. */
enum tally_error_kind {
    TALLY_ERROR_INPUT,   /* an argument, as a directory to read: mend the call */
    TALLY_ERROR_SCHEMA,  /* the schema of the store */
    TALLY_ERROR_BUSY,    /* somebody else holds it: try again */
    TALLY_ERROR_FULL,    /* table of readers, disk */
    TALLY_ERROR_DENIED,  /* permission */
    TALLY_ERROR_MISSING, /* no store there */
    TALLY_ERROR_CORRUPT, /* the store is damaged: restore it */
    TALLY_ERROR_VERSION, /* the store is of another version of tallyfs */
    TALLY_ERROR_MEMORY,  /* address space, too */
    TALLY_ERROR_SYSTEM,  /* any other answer of the system */
};

enum { TALLY_MESSAGE_BYTES = 1100 };

struct tally_error {
    enum tally_error_kind kind;
    /* "place: what is wrong (what to do)": one line, no control characters. */
    char message[TALLY_MESSAGE_BYTES];
};

/* The version of the library that runs, as "1.2.3". */
const char *tally_version(void);

struct tally_store;
struct tally_snapshot;
struct tally_file;
struct tally_listing;

/* Opens the store in the directory PATH. One that the process has open already is shared, so that
 * every open has its own close. Waits where the store's files are just being exchanged by `tally
 * compact`, half a minute at most. TALLY_ERROR_MISSING: no store there; _INPUT: a file, or what can
 * be no store; _DENIED: see Rights; _VERSION; _BUSY: it was exchanged again meanwhile; _FULL: no
 * room on the disk for lock.mdb; _MEMORY: no address space; _SYSTEM: no descriptor left, a path too
 * long. */
bool tally_open(const char *path, struct tally_store **ret_store, struct tally_error *error);
void tally_close(struct tally_store *store);

/* Whether another directory is at the path by now that the store was opened by (with its links
 * resolved then): it was restored, made anew or put there. This one goes on to answer from what was
 * there before, in which there may be no commit any more. To go on with the other one, open the
 * path again, and close this one with what is open of it; numbers of commits of one say nothing of
 * the other. Costs a look at the path. */
bool tally_is_replaced(const struct tally_store *store);

/* The newest commit. Microseconds, but for the first of a schema, which is read. TALLY_ERROR_FULL:
 * 1022 are open; _BUSY: another process made the store larger than this one can map while it has
 * snapshots open: close them; _SCHEMA, _VERSION: the commit is of a newer tallyfs. Where files were
 * exchanged since by `tally compact`, those of tally_open, too. */
bool tally_snapshot_open(struct tally_store *store, struct tally_snapshot **ret_snapshot,
                         struct tally_error *error);
void tally_snapshot_close(struct tally_snapshot *snapshot);
/* Its number: 1 for the empty store, and rising by 1. */
uint64_t tally_snapshot_commit(const struct tally_snapshot *snapshot);

/* Waits until there is a commit after number AFTER, and gives the number of the newest.
 * TALLY_MISSING: there was none within TIMEOUT_MS (0: looks once; below 0: no limit), or a handler
 * of a signal ran in this thread. Returns at once if there is one already. Takes no more rights
 * than reading, and no writer ever waits for it. Where the system does not tell (no inotify watch
 * left, a writer that was killed) the store is looked at every two seconds. TALLY_FAILED, with
 * TALLY_ERROR_MISSING, when there is none and the store is replaced, which is looked for as often;
 * else those of tally_snapshot_open. */
enum tally_answer tally_wait(struct tally_store *store, uint64_t after, int timeout_ms,
                             uint64_t *ret_commit, struct tally_error *error);

struct tally_stat {
    bool directory;
    uint64_t size; /* bytes; 0 of a directory */
    /* That last changed it. While it is the same, so is every byte; a directory's: its names. */
    uint64_t commit;
    int64_t mtime_ns; /* time of that commit, since 1970 */
};

/* Rows are not read for it, however many there are. */
enum tally_answer tally_stat(const struct tally_snapshot *snapshot, const char *path,
                             struct tally_stat *ret_stat, struct tally_error *error);

/* A whole file into new memory, with a NUL behind it that *RET_SIZE does not count.
 * TALLY_ERROR_INPUT: it is a directory. */
enum tally_answer tally_read(const struct tally_snapshot *snapshot, const char *path,
                             char **ret_bytes, size_t *ret_size, struct tally_error *error);
void tally_free(void *bytes);

/* A file that is read in pieces. TALLY_ERROR_INPUT: it is a directory. */
enum tally_answer tally_file_open(const struct tally_snapshot *snapshot, const char *path,
                                  struct tally_file **ret_file, struct tally_error *error);
/* Up to SIZE bytes from OFFSET on into BYTES; fewer, and 0, only at the end of the file. Reading on
 * costs what is read, any other offset a scan over the rows in front. */
bool tally_file_read(struct tally_file *file, uint64_t offset, void *bytes, size_t size,
                     size_t *ret_size, struct tally_error *error);
void tally_file_close(struct tally_file *file);

struct tally_entry {
    const char *name; /* lives until the next call on its listing */
    struct tally_stat stat;
};

/* The names in a directory, as `ls` of a mount shows them, in the order of their values.
 * TALLY_ERROR_INPUT: it is no directory. */
enum tally_answer tally_list(const struct tally_snapshot *snapshot, const char *path,
                             struct tally_listing **ret_listing, struct tally_error *error);
/* TALLY_MISSING: that were all. */
enum tally_answer tally_list_next(struct tally_listing *listing, struct tally_entry *ret_entry,
                                  struct tally_error *error);
void tally_list_close(struct tally_listing *listing);

#ifdef __cplusplus
}
#endif

#endif
