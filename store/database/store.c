// SPDX-License-Identifier: Apache-2.0
#include "database/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/open_beneath.h"
#include "base/same_file.h"
#include "database/compact_swap.h"
#include "database/lmdb_env.h"
#include "schema/catalog_ids.h"
#include "tables/meta.h"

/* The schema of some commit, shared by the snapshots that see it. */
struct loaded_schema {
    struct schema *schema;
    uint64_t commit_id;
    unsigned references; /* protected by the store's lock; the store itself holds one */
};

struct store {
    char *path;
    int directory;
    int lock_file; /* -1: not locked */
    enum store_mode mode;
    struct lmdb_env *environment; /* the newest; protected by `lock` */
    pthread_mutex_t lock;
    unsigned references;          /* its own, and one a snapshot; protected by `lock` */
    struct loaded_schema *newest; /* protected by `lock`; NULL before the first snapshot */
};

/* What a struct snapshot is allocated in. */
struct open_snapshot {
    struct snapshot snapshot;
    struct lmdb_env *environment;
    struct loaded_schema *schema;
};

static void schema_release(struct loaded_schema *loaded)
{
    if (!loaded || --loaded->references > 0) return;
    schema_free(loaded->schema);
    free(loaded);
}

/* What is at PATH instead of a store. */
static bool fail_without(const char *path, struct error *err)
{
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode)) {
        (void)error_set(err, ERROR_INPUT, "is a file, and a store is a directory");
        (void)error_remedy(err, "the store comes first: tally COMMAND STORE ...");
        return error_place(err, "%s", path);
    }
    (void)error_set(err, ERROR_MISSING, "there is no store here");
    (void)error_remedy(err, "make one with: tally init %s --schema FILE, or --from FILE of events",
                       path);
    return error_place(err, "%s", path);
}

static bool find_store(const char *path, struct error *err)
{
    AUTO_BUFFER struct buffer data = {0};
    struct stat status;
    buffer_format(&data, "%s/data.mdb", path);
    buffer_add_byte(&data, '\0');
    if (stat((char *)data.at, &status) < 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? fail_without(path, err)
                   : error_system(err, errno, "%s", (char *)data.at);
    if (S_ISREG(status.st_mode)) return true;
    (void)error_set(err, ERROR_INPUT, "data.mdb is %s",
                    S_ISDIR(status.st_mode) ? "a directory" : "not a regular file");
    (void)error_remedy(err, "this is no store: give the directory of one");
    return error_place(err, "%s", path);
}

/* Goes on with the file that is in the directory now. Under the store's lock. */
static bool refresh(struct store *store, struct error *err)
{
    struct lmdb_env *newer;
    if (!db_is_replaced(store->environment->db, store->directory)) return true;
    if (!lmdb_env_open(store->path, store->directory, store->mode == STORE_WRITE, &newer, err))
        return false;
    lmdb_env_release(store->environment);
    store->environment = newer;
    schema_release(store->newest); /* it need not be a copy of the file before */
    store->newest = NULL;
    return true;
}

bool store_open(const char *path, enum store_mode mode, struct store **ret_store, struct error *err)
{
    if (!find_store(path, err)) return false;
    struct store *const store = memory_alloc(sizeof *store);
    store->lock_file = -1;
    store->references = 1;
    store->mode = mode;
    store->path = memory_alloc(strlen(path) + 1);
    memcpy(store->path, path, strlen(path));
    (void)pthread_mutex_init(&store->lock, NULL); /* cannot fail for a plain mutex */
    store->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool const good =
        store->directory < 0
            ? error_system(err, errno, "%s", path)
            : lmdb_env_open(path, store->directory, mode == STORE_WRITE, &store->environment, err);
    if (!good) {
        store_close(store);
        return false;
    }
    *ret_store = store;
    return true;
}

/* Behind the last use of it. */
static void release(struct store *store)
{
    (void)pthread_mutex_lock(&store->lock);
    bool const used = --store->references > 0;
    (void)pthread_mutex_unlock(&store->lock);
    if (used) return;
    schema_release(store->newest);
    lmdb_env_release(store->environment);
    if (store->directory >= 0) (void)close(store->directory); /* only read */
    (void)pthread_mutex_destroy(&store->lock);
    free(store->path);
    free(store);
}

void store_close(struct store *store)
{
    if (!store) return;
    store_unlock(store);
    release(store);
}

const char *store_path(const struct store *store)
{
    return store->path;
}

int store_directory(const struct store *store)
{
    return store->directory;
}

bool store_is_replaced(const struct store *store)
{
    struct stat named, opened;
    return stat(store->path, &named) == 0 && fstat(store->directory, &opened) == 0 &&
           !is_same_file(&named, &opened);
}

size_t store_dirty_bytes(const struct store *store)
{
    return db_dirty_bytes(store_db(store));
}

struct db *store_db(const struct store *store)
{
    return store->environment->db;
}

/* The pid of whoever holds the lock, as it wrote it down; 0 where it had no time to. */
static int read_holder(int fd)
{
    char text[16] = "";
    ssize_t const length = pread(fd, text, sizeof text - 1, 0);
    return length > 0 ? (int)strtol(text, NULL, 10) : 0;
}

static bool write_holder(int fd, struct error *err)
{
    char text[16];
    int const length = snprintf(text, sizeof text, "%d\n", (int)getpid());
    ssize_t const written = ftruncate(fd, 0) == 0 ? pwrite(fd, text, (size_t)length, 0) : -1;
    /* A few bytes that are written in part are the last that there was room for. */
    return written == length ||
           error_system(err, written < 0 ? errno : ENOSPC, "cannot write ingest.lock");
}

enum store_locking store_lock(struct store *store, bool wait, int *ret_holder, struct error *err)
{
    /* flock, so that the kernel releases it however the process ends. */
    AUTO_FD int fd = open_beneath_file(store->directory, "ingest.lock", O_RDWR | O_CREAT, 0666);
    if (fd < 0) {
        (void)error_system(err, errno, "cannot open %s/ingest.lock", store->path);
        return STORE_LOCK_FAILED;
    }
    int answer;
    do {
        answer = flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB);
    } while (answer < 0 && errno == EINTR);
    if (answer < 0 && errno == EWOULDBLOCK) {
        *ret_holder = read_holder(fd);
        return STORE_LOCK_HELD;
    }
    if (answer < 0) {
        (void)error_system(err, errno, "cannot lock %s/ingest.lock", store->path);
        return STORE_LOCK_FAILED;
    }
    if (!write_holder(fd, err) || !compact_swap_tidy(store->directory, store->path, err))
        return STORE_LOCK_FAILED;
    (void)pthread_mutex_lock(&store->lock);
    /* whoever had the lock may have compacted, or been killed behind a commit */
    bool const good = refresh(store, err) && db_recover(store_db(store), err);
    (void)pthread_mutex_unlock(&store->lock);
    if (!good) return STORE_LOCK_FAILED;
    store->lock_file = take_fd(&fd);
    return STORE_LOCKED;
}

void store_unlock(struct store *store)
{
    if (store->lock_file < 0) return;
    (void)close(store->lock_file); /* releases the lock; the pid in it means nothing by now */
    store->lock_file = -1;
}

/* The schema in force at the commit of META: the one held, or read anew where it is another. */
static bool acquire_schema(struct store *store, const struct txn *txn, const struct meta *meta,
                           struct loaded_schema **ret_schema, struct error *err)
{
    if (!store->newest || store->newest->commit_id != meta->schema_commit_id) {
        struct slice text, zone, layout;
        struct schema *schema;
        if (!meta_schema_load(txn, &text, &zone, err) ||
            !meta_catalog_ids_load(txn, &layout, err) || !schema_read(text, &zone, &schema, err))
            return false;
        if (!catalog_ids_apply(layout, schema, err)) {
            schema_free(schema);
            return false;
        }
        struct loaded_schema *const loaded = memory_alloc(sizeof *loaded);
        *loaded = (struct loaded_schema){
            .schema = schema, .commit_id = meta->schema_commit_id, .references = 1};
        schema_release(store->newest);
        store->newest = loaded;
    }
    store->newest->references++;
    *ret_schema = store->newest;
    return true;
}

/* A transaction of the newest commit, and the environment that it is of. */
static bool begin_reading(struct store *store, struct lmdb_env **ret_environment,
                          struct txn **ret_txn, struct error *err)
{
    (void)pthread_mutex_lock(&store->lock); /* cannot fail: not recursive, initialised */
    bool const good = refresh(store, err) && txn_begin(store->environment->db, false, ret_txn, err);
    if (good) {
        *ret_environment = lmdb_env_acquire(store->environment);
        store->references++;
    }
    (void)pthread_mutex_unlock(&store->lock);
    return good;
}

static void end_reading(struct store *store, struct lmdb_env *environment, struct txn *txn)
{
    txn_abort(txn);
    lmdb_env_release(environment);
    release(store);
}

bool snapshot_open(struct store *store, struct snapshot **ret_snapshot, struct error *err)
{
    struct lmdb_env *environment;
    struct txn *txn;
    struct meta meta;
    struct meta_commit commit;
    struct loaded_schema *schema = NULL;
    if (!begin_reading(store, &environment, &txn, err)) return false;
    (void)pthread_mutex_lock(&store->lock);
    bool const good = meta_load(txn, &meta, err) &&
                      meta_commit_load(txn, meta.commit_id, &commit, err) &&
                      acquire_schema(store, txn, &meta, &schema, err);
    (void)pthread_mutex_unlock(&store->lock);
    if (!good) {
        end_reading(store, environment, txn);
        return false;
    }
    struct open_snapshot *const opened = memory_alloc(sizeof *opened);
    opened->environment = environment;
    opened->schema = schema;
    opened->snapshot = (struct snapshot){
        .store = store,
        .txn = txn,
        .schema = schema->schema,
        .secret = meta.secret,
        .commit_id = meta.commit_id,
        .commit_nonce = commit.nonce,
        .commit_ns = meta.commit_ns,
        .schema_commit_id = meta.schema_commit_id,
        .root_listing_commit_id = meta.root_listing_commit_id,
        .last_batch_id = meta.last_batch_id,
        .event_count = meta.event_count,
        .row_count = meta.row_count,
    };
    *ret_snapshot = &opened->snapshot;
    return true;
}

void snapshot_close(struct snapshot *snapshot)
{
    if (!snapshot) return;
    struct open_snapshot *const opened = (struct open_snapshot *)snapshot;
    struct store *const store = snapshot->store;
    txn_abort(snapshot->txn);
    (void)pthread_mutex_lock(&store->lock);
    schema_release(opened->schema);
    (void)pthread_mutex_unlock(&store->lock);
    lmdb_env_release(opened->environment);
    release(store);
    free(opened);
}

bool snapshot_is_superseded(const struct snapshot *snapshot)
{
    const struct open_snapshot *const opened = (const struct open_snapshot *)snapshot;
    struct store *const store = snapshot->store;
    (void)pthread_mutex_lock(&store->lock);
    bool const superseded = opened->environment != store->environment;
    (void)pthread_mutex_unlock(&store->lock);
    return superseded;
}

bool snapshot_holds(const struct snapshot *snapshot, uint64_t commit_id, uint64_t nonce,
                    bool *ret_holds, struct error *err)
{
    struct meta_commit commit = {.nonce = 0};
    bool const reached = commit_id <= snapshot->commit_id;
    if (reached && !meta_commit_load(snapshot->txn, commit_id, &commit, err)) return false;
    *ret_holds = reached && commit.nonce == nonce;
    return true;
}

bool store_schema(struct store *store, const struct schema **ret_schema, struct error *err)
{
    struct snapshot *snapshot;
    if (!snapshot_open(store, &snapshot, err)) return false;
    *ret_schema = snapshot->schema; /* the store holds it on */
    snapshot_close(snapshot);
    return true;
}

bool store_newest_commit(struct store *store, uint64_t *ret_commit_id, struct error *err)
{
    struct lmdb_env *environment;
    struct txn *txn;
    struct meta meta;
    if (!begin_reading(store, &environment, &txn, err)) return false;
    bool const good = meta_load(txn, &meta, err);
    end_reading(store, environment, txn);
    if (good) *ret_commit_id = meta.commit_id;
    return good;
}

bool store_compact(struct store *store, struct error *err)
{
    if (!lmdb_env_compact(store->environment, store->path, store->directory, err)) return false;
    (void)pthread_mutex_lock(&store->lock);
    bool const good = refresh(store, err);
    (void)pthread_mutex_unlock(&store->lock);
    return good;
}

bool snapshot_commit_time(const struct snapshot *snapshot, uint64_t commit_id, int64_t *ret_ns,
                          struct error *err)
{
    struct meta_commit commit;
    if (!meta_commit_load(snapshot->txn, commit_id, &commit, err)) return false;
    *ret_ns = commit.ns;
    return true;
}

bool store_usage(const struct snapshot *snapshot, struct store_usage *ret_usage, struct error *err)
{
    struct db_usage usage;
    if (!db_usage(snapshot->txn, &usage, err)) return false;
    *ret_usage = (struct store_usage){.file_bytes = usage.file_bytes,
                                      .free_bytes = usage.free_bytes,
                                      .map_bytes = usage.map_bytes};
    return true;
}
