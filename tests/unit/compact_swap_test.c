// SPDX-License-Identifier: Apache-2.0
#include "database/compact_swap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "../support/test.h"
#include "../support/tmpstore.h"
#include "kv/db.h"

static const char schema[] =
    "{\"streams\":{\"s\":{\"key\":\"k\",\"on_duplicate\":\"replace\","
    "\"fields\":{\"k\":\"string\",\"n\":\"int\"}}},"
    "\"views\":{\"v\":{\"by\":[\"k\"],\"measures\":{\"n\":\"sum(n)\",\"u\":\"uniq(n)\"}}}}";

/* The calls that change the directory are ours here: one of them can be the last, or fail. */
enum ending { ENDING_NONE, ENDING_KILLED, ENDING_FAILED };
static enum ending ending;
static int steps_left;

static bool step_fails(void)
{
    if (ending == ENDING_NONE || steps_left-- != 0) return false;
    if (ending == ENDING_KILLED) (void)kill(getpid(), SIGKILL);
    errno = EIO;
    return true;
}

int renameat(int from_directory, const char *from, int to_directory, const char *to)
{
    if (step_fails()) return -1;
    return (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, 0);
}

int unlinkat(int directory, const char *name, int flags)
{
    if (step_fails()) return -1;
    return (int)syscall(SYS_unlinkat, directory, name, flags);
}

int fsync(int fd)
{
    if (step_fails()) return -1;
    return (int)syscall(SYS_fsync, fd);
}

enum { KEYS = 200 };

/* A commit that replaces every event. */
static void put_all(struct tmpstore *tmp, int version)
{
    char text[KEYS][32];
    const char *lines[KEYS];
    for (int i = 0; i < KEYS; i++) {
        (void)snprintf(text[i], sizeof text[i], "key%d|%d", i, i * version);
        lines[i] = text[i];
    }
    (void)tmpstore_put(tmp, "s", lines, KEYS);
}

static void open_garbage(struct tmpstore *tmp)
{
    tmpstore_open(tmp, schema);
    for (int version = 1; version < 12; version++)
        put_all(tmp, version);
}

/* A number for everything that the snapshot shows. */
static uint64_t content(const struct snapshot *snapshot)
{
    static const enum db_table tables[] = {TABLE_EVENTS, TABLE_GROUPS, TABLE_VALUES};
    struct error err;
    uint64_t sum = 0;
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        AUTO_CURSOR struct cursor *cursor = NULL;
        struct db_entry entry;
        assert_true(cursor_open(snapshot->txn, tables[i], &cursor, &err));
        enum db_finding found = cursor_seek(cursor, slice_of("", 1), &entry, &err);
        for (; found == DB_FOUND; found = cursor_next(cursor, &entry, &err)) {
            for (size_t at = 0; at < entry.key.length; at++)
                sum = sum * 31 + entry.key.at[at];
            for (size_t at = 0; at < entry.value.length; at++)
                sum = sum * 31 + entry.value.at[at];
        }
        assert_int_equal(found, DB_MISSING);
    }
    return sum;
}

static void lock_store(struct store *store)
{
    struct error err;
    int holder;
    char text[ERROR_TEXT_BYTES];
    if (store_lock(store, false, &holder, &err) != STORE_LOCKED)
        fail_msg("%s", error_text(&err, text, sizeof text));
}

static struct snapshot *look(struct store *store)
{
    struct snapshot *snapshot;
    struct error err;
    char text[ERROR_TEXT_BYTES];
    if (!snapshot_open(store, &snapshot, &err)) fail_msg("%s", error_text(&err, text, sizeof text));
    return snapshot;
}

static bool is_there(const struct tmpstore *tmp, const char *name)
{
    struct stat status;
    return fstatat(store_directory(tmp->store), name, &status, 0) == 0;
}

static void expect_only_the_store(const struct tmpstore *tmp)
{
    static const char *const temporary[] = {"data.mdb.new", "lock.mdb.new", "lock.mdb.old"};
    for (size_t i = 0; i < COUNT_OF(temporary); i++) {
        if (is_there(tmp, temporary[i])) fail_msg("%s is left", temporary[i]);
    }
    assert_true(is_there(tmp, "data.mdb"));
    assert_true(is_there(tmp, "lock.mdb"));
}

static void a_snapshot_outlives_its_file(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct error err;
    struct stat before, after;
    uint64_t commit_id;
    open_garbage(&tmp);
    struct snapshot *const held = look(tmp.store);
    uint64_t const shown = content(held);
    assert_int_equal(fstatat(store_directory(tmp.store), "data.mdb", &before, 0), 0);
    lock_store(tmp.store);
    assert_false(snapshot_is_superseded(held));
    assert_true(store_compact(tmp.store, &err));
    assert_int_equal(fstatat(store_directory(tmp.store), "data.mdb", &after, 0), 0);
    assert_true(after.st_size < before.st_size);
    assert_int_equal(after.st_mode, before.st_mode);
    assert_true(snapshot_is_superseded(held));
    struct snapshot *const newer = look(tmp.store);
    assert_false(snapshot_is_superseded(newer));
    assert_int_equal(newer->commit_id, held->commit_id);
    assert_int_equal(content(newer), shown);
    put_all(&tmp, 20);
    assert_int_equal(content(held), shown);
    assert_int_equal(content(newer), shown);
    assert_true(store_newest_commit(tmp.store, &commit_id, &err));
    assert_int_equal(commit_id, held->commit_id + 1);
    snapshot_close(held);
    snapshot_close(newer);
    expect_only_the_store(&tmp);
    tmpstore_close(&tmp);
}

/* Runs it in a process of its own, as LMDB wants one environment a process; returns whether it
 * came to its end. */
static bool in_a_process(void (*run)(struct tmpstore *tmp), const struct tmpstore *tmp,
                         bool *ret_killed)
{
    int status;
    pid_t const child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct tmpstore own = *tmp;
        struct error err;
        enum ending const wanted = ending;
        ending = ENDING_NONE; /* opening is not what is tried */
        if (!store_open(tmp->path, STORE_WRITE, &own.store, &err)) {
            (void)fprintf(stderr, "%s\n", err.fact);
            _exit(1);
        }
        ending = wanted;
        run(&own);
        ending = ENDING_NONE;
        store_close(own.store);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    *ret_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void compact_once(struct tmpstore *tmp)
{
    struct error err;
    enum ending const wanted = ending;
    ending = ENDING_NONE;
    lock_store(tmp->store);
    ending = wanted;
    if (!store_compact(tmp->store, &err)) _exit(1);
}

static void write_on(struct tmpstore *tmp)
{
    lock_store(tmp->store);
    for (int version = 30; version < 50; version++)
        put_all(tmp, version);
}

/* While somebody else reads, as a mount does: his lock file must stay that of his data. */
static void a_compact_may_be_killed_before_any_step(void **state)
{
    (void)state;
    bool killed = true;
    int step;
    for (step = 0; killed; step += (int)test_slice()) {
        struct tmpstore tmp;
        bool writer_killed;
        open_garbage(&tmp);
        struct snapshot *const held = look(tmp.store);
        uint64_t const shown = content(held);
        ending = ENDING_KILLED;
        steps_left = step;
        (void)in_a_process(compact_once, &tmp, &killed);
        ending = ENDING_NONE;
        if (!in_a_process(write_on, &tmp, &writer_killed)) fail_msg("after step %d", step);
        if (content(held) != shown) fail_msg("what is read was written over after step %d", step);
        struct snapshot *const newer = look(tmp.store);
        assert_int_equal(newer->commit_id, held->commit_id + 20);
        assert_int_equal(newer->event_count, KEYS);
        assert_true(content(newer) != shown);
        snapshot_close(newer);
        snapshot_close(held);
        expect_only_the_store(&tmp);
        tmpstore_close(&tmp);
    }
    assert_true(step > 5); /* the renames, the syncs, the removal */
}

/* A writer that waits for the lock has the store open from before. */
static void a_waiting_writer_ends_what_was_killed(void **state)
{
    (void)state;
    bool killed = true;
    for (int step = 0; killed; step += (int)test_slice()) {
        struct tmpstore tmp;
        open_garbage(&tmp);
        struct snapshot *const held = look(tmp.store);
        uint64_t const shown = content(held);
        ending = ENDING_KILLED;
        steps_left = step;
        (void)in_a_process(compact_once, &tmp, &killed);
        ending = ENDING_NONE;
        lock_store(tmp.store);
        assert_false(db_is_replaced(store_db(tmp.store), store_directory(tmp.store)));
        put_all(&tmp, 30);
        assert_int_equal(content(held), shown);
        snapshot_close(held);
        store_unlock(tmp.store);
        expect_only_the_store(&tmp);
        store_close(tmp.store);
        struct error err;
        assert_true(store_open(tmp.path, STORE_WRITE, &tmp.store, &err));
        struct snapshot *const newer = look(tmp.store);
        assert_true(content(newer) != shown);
        snapshot_close(newer);
        tmpstore_close(&tmp);
    }
}

static void a_step_that_fails_leaves_the_store(void **state)
{
    (void)state;
    bool good = false;
    for (int step = 0; !good; step += (int)test_slice()) {
        struct tmpstore tmp;
        struct error err;
        open_garbage(&tmp);
        struct snapshot *const held = look(tmp.store);
        uint64_t const shown = content(held);
        lock_store(tmp.store);
        ending = ENDING_FAILED;
        steps_left = step;
        good = store_compact(tmp.store, &err);
        bool const reached = steps_left < 0;
        ending = ENDING_NONE;
        if (!good) assert_non_null(strstr(err.fact, "Input/output error"));
        if (!good && !db_is_replaced(store_db(tmp.store), store_directory(tmp.store)))
            expect_only_the_store(&tmp);
        good = good && !reached;
        store_unlock(tmp.store);
        lock_store(tmp.store);
        expect_only_the_store(&tmp);
        struct snapshot *const newer = look(tmp.store);
        assert_int_equal(content(newer), shown);
        snapshot_close(newer);
        put_all(&tmp, 30);
        assert_int_equal(content(held), shown);
        snapshot_close(held);
        tmpstore_close(&tmp);
    }
}

static void opening_waits_for_the_swap(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct error err;
    int hold, status;
    tmpstore_open(&tmp, schema);
    int const directory = store_directory(tmp.store);
    int const swapping = openat(directory, ".", O_RDONLY | O_DIRECTORY);
    assert_int_equal(flock(swapping, LOCK_EX), 0);
    pid_t const child = fork();
    if (child == 0) {
        (void)close(swapping);
        _exit(compact_swap_hold(directory, tmp.path, &hold, &err) ? 0 : 1);
    }
    struct timespec const pause = {.tv_nsec = 100000000}; /* it must still be waiting */
    (void)nanosleep(&pause, NULL);
    assert_int_equal(waitpid(child, &status, WNOHANG), 0);
    assert_int_equal(flock(swapping, LOCK_UN), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    (void)close(swapping);
    tmpstore_close(&tmp);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(a_snapshot_outlives_its_file),
        cmocka_unit_test(a_compact_may_be_killed_before_any_step),
        cmocka_unit_test(a_waiting_writer_ends_what_was_killed),
        cmocka_unit_test(a_step_that_fails_leaves_the_store),
        cmocka_unit_test(opening_waits_for_the_swap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
