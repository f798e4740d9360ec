/* The tables come first: what is read by way of damaged pages or entries proves nothing. Then the
 * references and each view, which need nothing of each other. Each thread that takes one has a
 * snapshot of its own, as a transaction is one thread's; where a commit has come in between, there
 * are no more of this one, and fewer threads.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <pthread.h>

#include "base/arena.h"
#include "base/workers.h"
#include "kv/db.h"
#include "verify/verify_check.h"

enum { PART_TABLES, PART_REFERENCES, PART_VIEWS /* the first of them */ };

/* What came of one part. */
struct part {
    struct verify_result result;
    struct error err; /* where it is not good */
    bool good;
};

struct proof {
    const struct schema *schema;
    size_t memory_bytes; /* of a thread */
    struct part *parts;
    size_t part_count;
    pthread_mutex_t mutex;             /* of the snapshots, and of who is told */
    const struct snapshot **snapshots; /* that no thread has; the caller's is the first */
    size_t snapshot_count;
    void (*differ)(void *context, const char *path, const char *what);
    void *context;
};

static void tell(void *context, const char *path, const char *what)
{
    struct proof *const proof = context;
    (void)pthread_mutex_lock(&proof->mutex);
    proof->differ(proof->context, path, what);
    (void)pthread_mutex_unlock(&proof->mutex);
}

/* There is one: there are as many as threads. */
static const struct snapshot *take_snapshot(struct proof *proof)
{
    (void)pthread_mutex_lock(&proof->mutex);
    const struct snapshot *const snapshot = proof->snapshots[--proof->snapshot_count];
    (void)pthread_mutex_unlock(&proof->mutex);
    return snapshot;
}

static void give_snapshot(struct proof *proof, const struct snapshot *snapshot)
{
    (void)pthread_mutex_lock(&proof->mutex);
    proof->snapshots[proof->snapshot_count++] = snapshot;
    (void)pthread_mutex_unlock(&proof->mutex);
}

static bool prove_part(struct proof *proof, struct check *check, size_t number, struct error *err)
{
    switch (number) {
    case PART_TABLES: return verify_tables(check->snapshot, &check->result.events, err);
    case PART_REFERENCES: return verify_derived(check, err);
    default: return verify_view(check, &proof->schema->views[number - PART_VIEWS], err);
    }
}

static void do_part(void *context, size_t number)
{
    struct proof *const proof = context;
    struct part *const part = &proof->parts[number];
    if (number > PART_TABLES && !proof->parts[PART_TABLES].good) return;
    const struct snapshot *const snapshot = take_snapshot(proof);
    struct check check = {.snapshot = snapshot,
                          .memory_bytes = proof->memory_bytes,
                          .differ = tell,
                          .context = proof};
    part->good = prove_part(proof, &check, number, &part->err);
    part->result = check.result;
    buffer_done(&check.path);
    buffer_done(&check.expected);
    buffer_done(&check.found);
    give_snapshot(proof, snapshot);
}

/* Up to COUNT of the commit of SNAPSHOT, which is the first. */
static bool open_snapshots(struct proof *proof, const struct snapshot *snapshot, size_t count,
                           struct error *err)
{
    proof->snapshots = memory_alloc(count * sizeof *proof->snapshots);
    proof->snapshots[proof->snapshot_count++] = snapshot;
    while (proof->snapshot_count < count) {
        struct snapshot *another;
        if (!snapshot_open(snapshot->store, &another, err)) return false;
        if (another->schema != snapshot->schema || another->commit_id != snapshot->commit_id ||
            another->commit_nonce != snapshot->commit_nonce) {
            snapshot_close(another);
            break;
        }
        proof->snapshots[proof->snapshot_count++] = another;
    }
    return true;
}

static void close_snapshots(struct proof *proof, const struct snapshot *first)
{
    for (size_t i = 0; i < proof->snapshot_count; i++) {
        struct snapshot *const each = (struct snapshot *)(uintptr_t)proof->snapshots[i];
        if (each != first) snapshot_close(each);
    }
    free(proof->snapshots);
}

static void add_result(struct verify_result *into, const struct verify_result *more)
{
    into->events += more->events;
    into->files += more->files;
    into->differing += more->differing;
    into->unproven += more->unproven;
}

/* The first part that failed is why all of it did. */
static bool add_up(const struct proof *proof, struct verify_result *ret_result, struct error *err)
{
    *ret_result = (struct verify_result){.events = 0};
    for (size_t i = 0; i < proof->part_count; i++) {
        const struct part *const part = &proof->parts[i];
        if (!part->good) {
            *err = part->err;
            return false;
        }
        add_result(ret_result, &part->result);
    }
    return true;
}

static void run_parts(struct proof *proof)
{
    struct workers workers;
    workers_init(&workers);
    workers_start(&workers, proof->snapshot_count);
    workers_begin(&workers, PART_TABLES + 1, proof->part_count, do_part, proof);
    workers_wait(&workers);
    workers_stop(&workers);
}

bool verify_store_within(const struct snapshot *snapshot, const struct resources *resources,
                         void (*differ)(void *context, const char *path, const char *what),
                         void *context, struct verify_result *ret_result, struct error *err)
{
    size_t const views = snapshot->schema->view_count;
    size_t const wanted = resources->threads < views ? resources->threads : views;
    struct proof proof = {.schema = snapshot->schema,
                          .part_count = PART_VIEWS + views,
                          .differ = differ,
                          .context = context};
    if (!db_check_pages(store_db(snapshot->store), err)) return false;
    (void)pthread_mutex_init(&proof.mutex, NULL); /* cannot fail on Linux */
    proof.parts = memory_alloc(proof.part_count * sizeof *proof.parts);
    bool good = open_snapshots(&proof, snapshot, wanted ? wanted : 1, err);
    proof.memory_bytes = resources->memory_bytes / proof.snapshot_count;
    if (good) run_parts(&proof);
    good = good && add_up(&proof, ret_result, err);
    close_snapshots(&proof, snapshot);
    free(proof.parts);
    (void)pthread_mutex_destroy(&proof.mutex);
    return good;
}

bool verify_store(const struct snapshot *snapshot,
                  void (*differ)(void *context, const char *path, const char *what), void *context,
                  struct verify_result *ret_result, struct error *err)
{
    static const struct resources resources = {.memory_bytes = VERIFY_MEMORY_BYTES, .threads = 1};
    return verify_store_within(snapshot, &resources, differ, context, ret_result, err);
}
