/* The public face of store.h and tree.h. It adds names that others can link with, errors of a
 * size that stays, and that a store is open once in a process however often it is asked for:
 * LMDB locks its table of readers for the process, and the first close of two would let go of it
 * under the other.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "api/tally.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>

#include "database/commit_wait.h"
#include "tree/tree.h"

_Static_assert((int)TALLY_ERROR_INPUT == ERROR_INPUT && (int)TALLY_ERROR_SYSTEM == ERROR_SYSTEM,
               "both count the kinds of errors alike");
_Static_assert((int)TALLY_MESSAGE_BYTES == ERROR_TEXT_BYTES, "no message is cut");

struct tally_store {
    struct store *store;
    dev_t device; /* of the directory */
    ino_t inode;
    pid_t process;     /* a child of fork has the list, and may use nothing on it */
    unsigned openings; /* this and the next are protected by opened.lock */
    struct tally_store *next;
};

static struct {
    pthread_mutex_t lock;
    struct tally_store *first;
} opened = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct tally_snapshot {
    struct snapshot *snapshot;
};

struct tally_file {
    const struct snapshot *snapshot;
    struct arena arena; /* of the node's key */
    struct node node;
    uint64_t size;
    struct tree_reader reader;
};

struct tally_listing {
    struct tree_listing *listing;
    struct buffer name;
};

/* Tells the caller what went wrong, if that is asked for. Returns false, as those of error.h. */
static bool tally_tell(struct tally_error *error, const struct error *err)
{
    if (!error) return false;
    error->kind = (enum tally_error_kind)err->kind;
    (void)error_text(err, error->message, sizeof error->message);
    return false;
}

const char *tally_version(void)
{
    return TALLYFS_VERSION;
}

/* The one in the list that PATH leads to. */
static struct tally_store *find_opened(const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0) return NULL; /* opening it tells why */
    for (struct tally_store *store = opened.first; store; store = store->next) {
        if (store->device == status.st_dev && store->inode == status.st_ino &&
            store->process == getpid())
            return store;
    }
    return NULL;
}

static bool open_first(const char *path, struct tally_store **ret_store, struct error *err)
{
    struct stat status;
    struct store *inner;
    AUTO_FREE char *const absolute = realpath(path, NULL); /* the program may go elsewhere */
    if (!store_open(absolute ? absolute : path, STORE_READ, &inner, err)) return false;
    if (fstat(store_directory(inner), &status) < 0) {
        (void)error_system(err, errno, "%s", path);
        store_close(inner);
        return false;
    }
    struct tally_store *const store = memory_alloc(sizeof *store);
    *store = (struct tally_store){.store = inner,
                                  .device = status.st_dev,
                                  .inode = status.st_ino,
                                  .process = getpid(),
                                  .next = opened.first};
    opened.first = store;
    *ret_store = store;
    return true;
}

bool tally_open(const char *path, struct tally_store **ret_store, struct tally_error *error)
{
    struct error err;
    (void)pthread_mutex_lock(&opened.lock); /* cannot fail: not recursive */
    struct tally_store *store = find_opened(path);
    bool const good = store || open_first(path, &store, &err);
    if (good) {
        store->openings++;
        *ret_store = store;
    }
    (void)pthread_mutex_unlock(&opened.lock);
    return good || tally_tell(error, &err);
}

void tally_close(struct tally_store *store)
{
    if (!store) return;
    (void)pthread_mutex_lock(&opened.lock);
    if (--store->openings == 0) {
        struct tally_store **at = &opened.first;
        while (*at != store)
            at = &(*at)->next;
        *at = store->next;
        store_close(store->store);
        free(store);
    }
    (void)pthread_mutex_unlock(&opened.lock);
}

bool tally_is_replaced(const struct tally_store *store)
{
    return store_is_replaced(store->store);
}

bool tally_snapshot_open(struct tally_store *store, struct tally_snapshot **ret_snapshot,
                         struct tally_error *error)
{
    struct error err;
    struct snapshot *inner;
    if (!snapshot_open(store->store, &inner, &err)) return tally_tell(error, &err);
    struct tally_snapshot *const snapshot = memory_alloc(sizeof *snapshot);
    snapshot->snapshot = inner;
    *ret_snapshot = snapshot;
    return true;
}

void tally_snapshot_close(struct tally_snapshot *snapshot)
{
    if (!snapshot) return;
    snapshot_close(snapshot->snapshot);
    free(snapshot);
}

uint64_t tally_snapshot_commit(const struct tally_snapshot *snapshot)
{
    return snapshot->snapshot->commit_id;
}

enum tally_answer tally_wait(struct tally_store *store, uint64_t after, int timeout_ms,
                             uint64_t *ret_commit, struct tally_error *error)
{
    struct error err;
    switch (commit_wait(store->store, after, timeout_ms, -1, ret_commit, &err)) {
    case COMMIT_WAIT_CAME: return TALLY_FOUND;
    case COMMIT_WAIT_NONE: return TALLY_MISSING;
    case COMMIT_WAIT_REPLACED:
        (void)error_remedy(&err, "open the path again, and close this one");
        break;
    case COMMIT_WAIT_UNREAD: /* there is no output */
    case COMMIT_WAIT_FAILED: break;
    }
    (void)tally_tell(error, &err);
    return TALLY_FAILED;
}

static enum tally_answer tally_answer_of(enum tree_answer found, struct tally_error *error,
                                         const struct error *err)
{
    switch (found) {
    case TREE_FOUND: return TALLY_FOUND;
    case TREE_MISSING:
    case TREE_NEVER:
    case TREE_UNKNOWN: return TALLY_MISSING;
    case TREE_FAILED: break;
    }
    (void)tally_tell(error, err);
    return TALLY_FAILED;
}

static struct tally_stat stat_of(const struct node_stat *stat)
{
    return (struct tally_stat){.directory = stat->directory,
                               .size = stat->size_bytes,
                               .commit = stat->commit_id,
                               .mtime_ns = stat->mtime_ns};
}

/* The node of PATH, whose key lives in ARENA. */
static enum tally_answer tally_find(const struct tally_snapshot *snapshot, const char *path,
                                    struct arena *arena, struct node *ret_node,
                                    struct node_stat *ret_stat, struct tally_error *error)
{
    struct error err;
    return tally_answer_of(
        tree_find(snapshot->snapshot, slice_text(path), arena, ret_node, ret_stat, &err), error,
        &err);
}

enum tally_answer tally_stat(const struct tally_snapshot *snapshot, const char *path,
                             struct tally_stat *ret_stat, struct tally_error *error)
{
    AUTO_ARENA struct arena arena = {0};
    struct node node;
    struct node_stat stat;
    enum tally_answer const found = tally_find(snapshot, path, &arena, &node, &stat, error);
    if (found == TALLY_FOUND) *ret_stat = stat_of(&stat);
    return found;
}

/* One that is not of the kind that was asked for. */
static enum tally_answer is_other(const char *path, const char *fact, struct tally_error *error)
{
    struct error err;
    (void)error_set(&err, ERROR_INPUT, "%s", fact);
    (void)error_place(&err, "%s", path);
    (void)tally_tell(error, &err);
    return TALLY_FAILED;
}

static enum tally_answer find_file(const struct tally_snapshot *snapshot, const char *path,
                                   struct tally_file *file, struct tally_error *error)
{
    struct node_stat stat;
    *file = (struct tally_file){.snapshot = snapshot->snapshot};
    enum tally_answer const found =
        tally_find(snapshot, path, &file->arena, &file->node, &stat, error);
    if (found != TALLY_FOUND) return found;
    if (stat.directory) return is_other(path, "is a directory", error);
    file->size = stat.size_bytes;
    return found;
}

static void file_done(struct tally_file *file)
{
    tree_reader_done(&file->reader);
    arena_done(&file->arena);
}

/* Straight into the caller's memory. */
bool tally_file_read(struct tally_file *file, uint64_t offset, void *bytes, size_t size,
                     size_t *ret_size, struct tally_error *error)
{
    struct error err;
    struct buffer into = {.at = bytes, .capacity = size, .borrowed = true};
    uint64_t const left = offset < file->size ? file->size - offset : 0;
    if (size > left) size = (size_t)left;
    if (size > 0 &&
        !tree_read(file->snapshot, &file->node, &file->reader, offset, size, &into, &err))
        return tally_tell(error, &err);
    *ret_size = into.length;
    return true;
}

enum tally_answer tally_read(const struct tally_snapshot *snapshot, const char *path,
                             char **ret_bytes, size_t *ret_size, struct tally_error *error)
{
    AUTO(file_done) struct tally_file file;
    enum tally_answer const found = find_file(snapshot, path, &file, error);
    if (found != TALLY_FOUND) return found;
    AUTO_FREE char *bytes = memory_alloc((size_t)file.size + 1);
    if (!tally_file_read(&file, 0, bytes, (size_t)file.size, ret_size, error)) return TALLY_FAILED;
    *ret_bytes = TAKE(bytes);
    return TALLY_FOUND;
}

void tally_free(void *bytes)
{
    free(bytes);
}

enum tally_answer tally_file_open(const struct tally_snapshot *snapshot, const char *path,
                                  struct tally_file **ret_file, struct tally_error *error)
{
    struct tally_file *const file = memory_alloc(sizeof *file);
    enum tally_answer const found = find_file(snapshot, path, file, error);
    if (found == TALLY_FOUND)
        *ret_file = file;
    else
        tally_file_close(file);
    return found;
}

void tally_file_close(struct tally_file *file)
{
    if (!file) return;
    file_done(file);
    free(file);
}

enum tally_answer tally_list(const struct tally_snapshot *snapshot, const char *path,
                             struct tally_listing **ret_listing, struct tally_error *error)
{
    AUTO_ARENA struct arena arena = {0};
    struct error err;
    struct node node;
    struct node_stat stat;
    struct tree_listing *inner;
    enum tally_answer const found = tally_find(snapshot, path, &arena, &node, &stat, error);
    if (found != TALLY_FOUND) return found;
    if (!stat.directory) return is_other(path, "is no directory", error);
    if (!tree_list(snapshot->snapshot, &node, &inner, &err))
        return tally_answer_of(TREE_FAILED, error, &err);
    struct tally_listing *const listing = memory_alloc(sizeof *listing);
    listing->listing = inner;
    *ret_listing = listing;
    return TALLY_FOUND;
}

enum tally_answer tally_list_next(struct tally_listing *listing, struct tally_entry *ret_entry,
                                  struct tally_error *error)
{
    struct error err;
    struct tree_entry entry;
    enum tally_answer const found =
        tally_answer_of(tree_listing_next(listing->listing, &entry, &err), error, &err);
    if (found != TALLY_FOUND) return found;
    buffer_set(&listing->name, entry.name);
    buffer_add_byte(&listing->name, '\0');
    *ret_entry =
        (struct tally_entry){.name = (const char *)listing->name.at, .stat = stat_of(&entry.stat)};
    return TALLY_FOUND;
}

void tally_list_close(struct tally_listing *listing)
{
    if (!listing) return;
    tree_listing_free(listing->listing);
    buffer_done(&listing->name);
    free(listing);
}
