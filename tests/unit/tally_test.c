/* LMDB is opened once in a process: what is committed while libtally has the store open,
 * a child commits.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "api/tally.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../support/test.h"
#include "../support/tmpstore.h"
#include "database/announce.h"

static const char schema[] =
    "{\"streams\":{\"s\":{\"key\":\"k\",\"fields\":{\"k\":\"string\",\"n\":\"int\"}}},"
    "\"views\":{\"all\":{\"measures\":{\"n\":\"sum(n)\"}},"
    "\"per\":{\"by\":[\"k\"],\"measures\":{\"n\":\"sum(n)\"}}}}";

static const char *const first_lines[] = {"a|1", "b|2", "c d|3"};

static void open_store(struct tmpstore *tmp, struct tally_store **ret_store)
{
    struct tally_error error;
    tmpstore_open(tmp, schema);
    tmpstore_put(tmp, "s", first_lines, COUNT_OF(first_lines));
    store_close(TAKE(tmp->store));
    assert_true(tally_open(tmp->path, ret_store, &error));
}

static void close_store(struct tmpstore *tmp, struct tally_store *store)
{
    tally_close(store);
    tmpstore_close(tmp);
}

/* A child that commits each of the LINES as tally does, once there is something to read from
 * PIPE; -1: at once. */
static pid_t start_commits(struct tmpstore *tmp, const char *const *lines, size_t count, int pipe)
{
    struct announce_result told;
    struct error err;
    char go;
    tmp->batch_count += count; /* so that the next child's batches have other digests */
    pid_t const child = fork();
    if (child != 0) return child;
    if (pipe >= 0 && read(pipe, &go, 1) != 1) _exit(1);
    if (!store_open(tmp->path, STORE_WRITE, &tmp->store, &err)) _exit(1);
    for (size_t i = 0; i < count; i++) {
        tmpstore_put(tmp, "s", &lines[i], 1);
        if (!announce_commit(tmp->store, 0, 0, &told, &err)) _exit(1);
    }
    store_close(tmp->store);
    _exit(0);
}

static pid_t start_commit(struct tmpstore *tmp, int pipe)
{
    static const char *const line = "d|10";
    return start_commits(tmp, &line, 1, pipe);
}

static void end_commit(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void check_text(const struct tally_snapshot *snapshot, const char *path,
                       const char *expected)
{
    struct tally_error error;
    char *bytes = NULL;
    size_t size = 99;
    assert_int_equal(tally_read(snapshot, path, &bytes, &size, &error), TALLY_FOUND);
    assert_string_equal(bytes, expected);
    assert_int_equal(size, strlen(expected));
    tally_free(bytes);
}

static void a_path_is_that_of_the_mounted_tree(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct tally_store *store;
    struct tally_snapshot *snapshot;
    open_store(&tmp, &store);
    assert_true(tally_snapshot_open(store, &snapshot, NULL));
    assert_int_equal(tally_snapshot_commit(snapshot), 2);
    check_text(snapshot, "all.json", "{\"n\":6}\n");
    check_text(snapshot, "/per/a.json", "{\"k\":\"a\",\"n\":1}\n");
    check_text(snapshot, "per/c d.csv", "k,n\nc d,3\n");
    check_text(snapshot, "per/.total.json", "{\"n\":6}\n");
    check_text(snapshot, ".tallyfs/generation", "2\n");
    tally_snapshot_close(snapshot);
    close_store(&tmp, store);
}

static void what_is_missing_is_no_error(void **state)
{
    (void)state;
    static const char *const paths[] = {"none.json", "per/d.json", "per/a.json/x",
                                        "..",        "per/a",      ".tallyfs/batches/9.json"};
    struct tmpstore tmp;
    struct tally_store *store;
    struct tally_snapshot *snapshot;
    struct tally_file *file = NULL;
    struct tally_listing *listing = NULL;
    struct tally_stat stat = {.size = 99};
    struct tally_error error = {.message = "untouched"};
    char *bytes = NULL;
    size_t size = 99;
    open_store(&tmp, &store);
    assert_true(tally_snapshot_open(store, &snapshot, &error));
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        assert_int_equal(tally_stat(snapshot, paths[i], &stat, &error), TALLY_MISSING);
        assert_int_equal(tally_read(snapshot, paths[i], &bytes, &size, &error), TALLY_MISSING);
        assert_int_equal(tally_file_open(snapshot, paths[i], &file, &error), TALLY_MISSING);
        assert_int_equal(tally_list(snapshot, paths[i], &listing, &error), TALLY_MISSING);
    }
    assert_string_equal(error.message, "untouched");
    assert_true(!bytes && !file && !listing && size == 99 && stat.size == 99);
    tally_snapshot_close(snapshot);
    close_store(&tmp, store);
}

static void a_file_is_no_directory(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct tally_store *store;
    struct tally_snapshot *snapshot;
    struct tally_file *file;
    struct tally_listing *listing;
    struct tally_error error;
    char *bytes;
    size_t size;
    open_store(&tmp, &store);
    assert_true(tally_snapshot_open(store, &snapshot, &error));
    assert_int_equal(tally_read(snapshot, "per", &bytes, &size, &error), TALLY_FAILED);
    assert_int_equal(error.kind, TALLY_ERROR_INPUT);
    assert_string_equal(error.message, "per: is a directory");
    assert_int_equal(tally_file_open(snapshot, "per", &file, NULL), TALLY_FAILED);
    assert_int_equal(tally_list(snapshot, "per.json", &listing, &error), TALLY_FAILED);
    assert_string_equal(error.message, "per.json: is no directory");
    tally_snapshot_close(snapshot);
    close_store(&tmp, store);
}

static void pieces_make_the_whole_file(void **state)
{
    (void)state;
    static const char whole[] = "k,n\na,1\nb,2\nc d,3\n";
    struct tmpstore tmp;
    struct tally_store *store;
    struct tally_snapshot *snapshot;
    struct tally_file *file;
    char bytes[sizeof whole];
    size_t size;
    open_store(&tmp, &store);
    assert_true(tally_snapshot_open(store, &snapshot, NULL));
    assert_int_equal(tally_file_open(snapshot, "per.csv", &file, NULL), TALLY_FOUND);
    for (size_t step = 1; step < sizeof whole; step++) {
        for (size_t offset = 0; offset < sizeof whole + 2; offset += step) {
            size_t const left = offset < sizeof whole ? sizeof whole - 1 - offset : 0;
            assert_true(tally_file_read(file, offset, bytes, step, &size, NULL));
            assert_int_equal(size, left < step ? left : step);
            if (size) assert_memory_equal(bytes, whole + offset, size);
        }
    }
    assert_true(tally_file_read(file, 1, bytes, SIZE_MAX, &size, NULL));
    assert_int_equal(size, sizeof whole - 2);
    assert_true(tally_file_read(file, UINT64_MAX, bytes, sizeof bytes, &size, NULL));
    assert_int_equal(size, 0);
    tally_file_close(file);
    tally_snapshot_close(snapshot);
    close_store(&tmp, store);
}

static void a_listing_has_the_names_of_ls(void **state)
{
    (void)state;
    static const char *const names[] = {".total.json", "a.json", "b.json", "c d.json"};
    struct tmpstore tmp;
    struct tally_store *store;
    struct tally_snapshot *snapshot;
    struct tally_listing *listing;
    struct tally_entry entry;
    struct tally_stat stat;
    open_store(&tmp, &store);
    assert_true(tally_snapshot_open(store, &snapshot, NULL));
    assert_int_equal(tally_list(snapshot, "per", &listing, NULL), TALLY_FOUND);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        assert_int_equal(tally_list_next(listing, &entry, NULL), TALLY_FOUND);
        assert_string_equal(entry.name, names[i]);
        assert_false(entry.stat.directory);
        assert_int_equal(entry.stat.commit, 2);
    }
    assert_int_equal(entry.stat.size, strlen("{\"k\":\"c d\",\"n\":3}\n"));
    assert_int_equal(tally_list_next(listing, &entry, NULL), TALLY_MISSING);
    tally_list_close(listing);
    assert_int_equal(tally_stat(snapshot, "", &stat, NULL), TALLY_FOUND);
    assert_true(stat.directory && stat.size == 0 && stat.mtime_ns > 0);
    tally_snapshot_close(snapshot);
    close_store(&tmp, store);
}

static void a_snapshot_stays_as_it_is(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct tally_store *store;
    struct tally_snapshot *before, *after;
    struct tally_stat stat;
    open_store(&tmp, &store);
    assert_true(tally_snapshot_open(store, &before, NULL));
    end_commit(start_commit(&tmp, -1));
    assert_true(tally_snapshot_open(store, &after, NULL));
    check_text(before, "all.json", "{\"n\":6}\n");
    check_text(after, "all.json", "{\"n\":16}\n");
    assert_int_equal(tally_snapshot_commit(after), 3);
    assert_int_equal(tally_stat(after, "per/a.json", &stat, NULL), TALLY_FOUND);
    assert_int_equal(stat.commit, 2);
    tally_snapshot_close(before);
    tally_snapshot_close(after);
    close_store(&tmp, store);
}

static void a_store_that_is_not_there_is_told_with_a_remedy(void **state)
{
    (void)state;
    struct tally_store *store = NULL;
    struct tally_error error;
    assert_false(tally_open("/none", &store, &error));
    assert_int_equal(error.kind, TALLY_ERROR_MISSING);
    assert_string_equal(
        error.message,
        "/none: there is no store here (make one with: tally init /none --schema FILE, "
        "or --from FILE of events)");
    assert_false(tally_open("/none", &store, NULL));
    assert_null(store);
}

static void a_store_that_is_open_is_shared(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct tally_store *store, *again;
    struct tally_snapshot *snapshot;
    char other[160];
    open_store(&tmp, &store);
    (void)snprintf(other, sizeof other, "%s/../store", tmp.path);
    assert_true(tally_open(other, &again, NULL));
    assert_ptr_equal(store, again);
    tally_close(store);
    assert_true(tally_snapshot_open(again, &snapshot, NULL));
    check_text(snapshot, "all.json", "{\"n\":6}\n");
    tally_snapshot_close(snapshot);
    close_store(&tmp, again);
}

static void a_child_of_fork_gets_its_own(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct tally_store *store, *own;
    open_store(&tmp, &store);
    pid_t const child = fork();
    if (child == 0) _exit(tally_open(tmp.path, &own, NULL) && own != store ? 0 : 1);
    end_commit(child);
    close_store(&tmp, store);
}

static void who_cannot_enter_the_table_of_readers_is_refused(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct tally_store *store = NULL;
    struct tally_error error;
    char lock[96];
    tmpstore_open(&tmp, schema);
    store_close(TAKE(tmp.store));
    (void)snprintf(lock, sizeof lock, "%s/lock.mdb", tmp.path);
    assert_int_equal(chmod(lock, 0444), 0);
    assert_int_equal(chmod(tmp.directory, 0755), 0);
    uid_t const user = geteuid();
    if (user == 0) assert_int_equal(seteuid(65534), 0);
    bool const opened = tally_open(tmp.path, &store, &error);
    assert_int_equal(seteuid(user), 0);
    assert_false(opened);
    assert_int_equal(error.kind, TALLY_ERROR_DENIED);
    assert_non_null(strstr(error.message, "give the right to write lock.mdb"));
    tmpstore_close(&tmp);
}

enum { THREADS = 4, LAST_COMMIT = 12 };

/* Until the last commit is there. NULL: some snapshot did not have the figure of its own commit. */
static void *read_again_and_again(void *store)
{
    for (uint64_t commit = 0; commit < LAST_COMMIT;) {
        struct tally_snapshot *snapshot;
        char expected[32], *bytes;
        size_t size;
        if (!tally_snapshot_open(store, &snapshot, NULL)) return NULL;
        commit = tally_snapshot_commit(snapshot);
        (void)snprintf(expected, sizeof expected, "{\"n\":%llu}\n", (unsigned long long)commit + 4);
        if (tally_read(snapshot, "all.json", &bytes, &size, NULL) != TALLY_FOUND ||
            strcmp(bytes, expected) != 0)
            return NULL;
        tally_free(bytes);
        tally_snapshot_close(snapshot);
    }
    return store;
}

static void threads_share_a_store(void **state)
{
    (void)state;
    static const char *const lines[LAST_COMMIT - 2] = {"d|1", "e|1", "f|1", "g|1", "h|1",
                                                       "i|1", "j|1", "k|1", "l|1", "m|1"};
    struct tmpstore tmp;
    struct tally_store *store;
    pthread_t threads[THREADS];
    void *good;
    int pipe_ends[2];
    open_store(&tmp, &store);
    assert_int_equal(pipe(pipe_ends), 0);
    pid_t const child = start_commits(&tmp, lines, COUNT_OF(lines), pipe_ends[0]);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_again_and_again, store), 0);
    assert_int_equal(write(pipe_ends[1], "", 1), 1);
    end_commit(child);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], &good), 0);
        assert_ptr_equal(good, store);
    }
    (void)close(pipe_ends[0]);
    (void)close(pipe_ends[1]);
    close_store(&tmp, store);
}

/* What tally_wait waits by; the others in this program do not. */
static enum waiting { WAIT_TOLD, WAIT_LOOKING, WAIT_INTERRUPTED } waiting;
static int go = -1; /* written to when it begins to wait */

/* It takes poll's place: under its own name it would be what a fortified header defines already. */
int wait_as_told(struct pollfd *polls, nfds_t count, int timeout_ms) __asm__("poll");

int wait_as_told(struct pollfd *polls, nfds_t count, int timeout_ms)
{
    static const struct timespec at_once = {0};
    (void)timeout_ms;
    if (go >= 0) assert_int_equal(write(go, "", 1), 1);
    go = -1;
    if (waiting == WAIT_INTERRUPTED) {
        errno = EINTR;
        return -1;
    }
    return waiting == WAIT_TOLD ? ppoll(polls, count, NULL, NULL) : ppoll(NULL, 0, &at_once, NULL);
}

static void check_waiting(enum waiting way)
{
    struct tmpstore tmp;
    struct tally_store *store;
    struct tally_error error;
    uint64_t commit = 0;
    int pipe_ends[2];
    open_store(&tmp, &store);
    assert_int_equal(pipe(pipe_ends), 0);
    pid_t const child = start_commit(&tmp, pipe_ends[0]);
    waiting = way;
    go = pipe_ends[1];
    assert_int_equal(tally_wait(store, 2, -1, &commit, &error), TALLY_FOUND);
    assert_int_equal(commit, 3);
    end_commit(child);
    (void)close(pipe_ends[0]);
    (void)close(pipe_ends[1]);
    close_store(&tmp, store);
}

static void an_announcement_ends_the_wait(void **state)
{
    (void)state;
    check_waiting(WAIT_TOLD);
}

static void a_commit_that_nobody_announced_is_found_by_looking(void **state)
{
    (void)state;
    check_waiting(WAIT_LOOKING);
}

static void a_wait_ends_without_a_commit(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct tally_store *store;
    uint64_t commit = 99;
    open_store(&tmp, &store);
    waiting = WAIT_LOOKING;
    assert_int_equal(tally_wait(store, 2, 0, &commit, NULL), TALLY_MISSING);
    assert_int_equal(tally_wait(store, 2, 3, &commit, NULL), TALLY_MISSING);
    waiting = WAIT_INTERRUPTED;
    assert_int_equal(tally_wait(store, 2, -2, &commit, NULL), TALLY_MISSING);
    assert_int_equal(commit, 99);
    assert_int_equal(tally_wait(store, 0, -1, &commit, NULL), TALLY_FOUND); /* does not wait */
    assert_int_equal(commit, 2);
    close_store(&tmp, store);
}

static void check_sum(struct tally_store *store, const char *text)
{
    struct tally_snapshot *snapshot;
    struct tally_error error;
    char *bytes;
    size_t size;
    assert_true(tally_snapshot_open(store, &snapshot, &error));
    assert_int_equal(tally_read(snapshot, "all.json", &bytes, &size, &error), TALLY_FOUND);
    assert_string_equal(bytes, text);
    tally_free(bytes);
    tally_snapshot_close(snapshot);
}

static void a_store_that_was_replaced_is_told(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct tally_store *store, *other;
    struct tally_error error;
    struct error err;
    char moved[128];
    uint64_t commit;
    open_store(&tmp, &store);
    waiting = WAIT_LOOKING;
    (void)snprintf(moved, sizeof moved, "%s/moved", tmp.directory);
    assert_false(tally_is_replaced(store));
    assert_int_equal(rename(tmp.path, moved), 0);
    assert_false(tally_is_replaced(store)); /* it may come back */
    assert_int_equal(tally_wait(store, 2, 3, &commit, &error), TALLY_MISSING);
    assert_true(store_create(tmp.path, slice_text(schema), &err));
    assert_true(tally_is_replaced(store));
    assert_int_equal(tally_wait(store, 2, -1, &commit, &error), TALLY_FAILED);
    assert_int_equal(error.kind, TALLY_ERROR_MISSING);
    assert_non_null(strstr(error.message, "open the path again"));
    assert_true(tally_open(tmp.path, &other, &error));
    assert_ptr_not_equal(other, store);
    assert_false(tally_is_replaced(other));
    end_commit(start_commit(&tmp, -1));
    check_sum(other, "{\"n\":10}\n");
    check_sum(store, "{\"n\":6}\n");
    tally_close(store);
    close_store(&tmp, other);
}

/* One entry of the table of groups behind everybody's back: its sum is right,
 * its content is not. */
static void damage_is_told(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct tally_store *store;
    struct tally_snapshot *snapshot;
    struct tally_stat stat;
    struct tally_error error;
    struct slice const any = {0};
    tmpstore_open(&tmp, schema);
    tmpstore_put(&tmp, "s", first_lines, COUNT_OF(first_lines));
    (void)tmpstore_cut(&tmp, TABLE_GROUPS, any, 1);
    store_close(TAKE(tmp.store));
    assert_true(tally_open(tmp.path, &store, &error));
    assert_true(tally_snapshot_open(store, &snapshot, &error));
    assert_int_equal(tally_stat(snapshot, "all.json", &stat, &error), TALLY_FAILED);
    assert_int_equal(error.kind, TALLY_ERROR_CORRUPT);
    assert_non_null(strstr(error.message, "tally rebuild STORE"));
    tally_snapshot_close(snapshot);
    close_store(&tmp, store);
}

static void closing_nothing_does_nothing(void **state)
{
    (void)state;
    tally_close(NULL);
    tally_snapshot_close(NULL);
    tally_file_close(NULL);
    tally_list_close(NULL);
    tally_free(NULL);
    assert_string_equal(tally_version(), TALLYFS_VERSION);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(a_path_is_that_of_the_mounted_tree),
        cmocka_unit_test(what_is_missing_is_no_error),
        cmocka_unit_test(a_file_is_no_directory),
        cmocka_unit_test(pieces_make_the_whole_file),
        cmocka_unit_test(a_listing_has_the_names_of_ls),
        cmocka_unit_test(a_snapshot_stays_as_it_is),
        cmocka_unit_test(a_store_that_is_not_there_is_told_with_a_remedy),
        cmocka_unit_test(a_store_that_is_open_is_shared),
        cmocka_unit_test(a_child_of_fork_gets_its_own),
        cmocka_unit_test(threads_share_a_store),
        cmocka_unit_test(who_cannot_enter_the_table_of_readers_is_refused),
        cmocka_unit_test(an_announcement_ends_the_wait),
        cmocka_unit_test(a_commit_that_nobody_announced_is_found_by_looking),
        cmocka_unit_test(a_wait_ends_without_a_commit),
        cmocka_unit_test(a_store_that_was_replaced_is_told),
        cmocka_unit_test(damage_is_told),
        cmocka_unit_test(closing_nothing_does_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
