// SPDX-License-Identifier: Apache-2.0
#include "database/store.h"

#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../support/test.h"
#include "../support/tmpstore.h"
#include "database/backup.h"
#include "kv/db.h"
#include "types/pack.h"

static const char schema[] =
    "{\"streams\":{\"s\":{\"key\":\"k\",\"fields\":{\"k\":\"string\",\"n\":\"int\"}}},"
    "\"views\":{\"v\":{\"by\":[\"k\"],\"measures\":{\"n\":\"sum(n)\"}}}}";

static void expect_refused(const char *path, enum error_kind kind, const char *fact)
{
    struct store *store;
    struct error err;
    assert_false(store_open(path, STORE_READ, &store, &err));
    assert_int_equal(err.kind, kind);
    if (!strstr(err.fact, fact)) fail_msg("%s", err.fact);
    assert_string_not_equal(err.remedy, "");
}

static void what_is_no_store_is_refused(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct error err;
    tmpstore_open(&tmp, schema);
    expect_refused(tmp.directory, ERROR_MISSING, "no store");
    expect_refused("/nonexistent/store", ERROR_MISSING, "no store");
    assert_false(store_create(tmp.path, slice_text(schema), &err));
    assert_non_null(strstr(err.fact, "already"));
    assert_false(store_create(tmp.directory, slice_text(schema), &err));
    assert_non_null(strstr(err.fact, "not empty"));
    tmpstore_close(&tmp);
}

/* What a killed init leaves, wherever it was killed, is no hindrance; another that is at it is. */
static void a_store_is_made_over_what_is_left_of_one(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct error err;
    char path[128], inner[192];
    tmpstore_open(&tmp, schema);
    (void)snprintf(path, sizeof path, "%s/other", tmp.directory);
    (void)snprintf(inner, sizeof inner, "%s/init.partial", path);
    assert_int_equal(mkdir(path, 0777), 0);
    assert_int_equal(mkdir(inner, 0777), 0);
    (void)snprintf(inner, sizeof inner, "%s/init.partial/data.mdb", path);
    AUTO_FD int const junk = open(inner, O_WRONLY | O_CREAT, 0666);
    assert_int_equal(write(junk, "junk", 4), 4);
    AUTO_FD int const held = open(path, O_RDONLY | O_DIRECTORY);
    assert_int_equal(flock(held, LOCK_EX), 0);
    assert_false(store_create(path, slice_text(schema), &err));
    assert_int_equal(err.kind, ERROR_BUSY);
    assert_int_equal(access(inner, F_OK), 0);
    assert_int_equal(flock(held, LOCK_UN), 0);
    assert_true(store_create(path, slice_text(schema), &err));
    assert_int_equal(access(inner, F_OK), -1);
    struct store *store;
    assert_true(store_open(path, STORE_READ, &store, &err));
    store_close(store);
    tmpstore_close(&tmp);
}

/* As a store has it of a format that has no such table. */
static void drop_table(const char *path, const char *name)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi table;
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 1), 0);
    assert_int_equal(mdb_env_set_mapsize(env, 1 << 28),
                     0); /* valgrind has no room for the store's own */
    assert_int_equal(mdb_env_open(env, path, 0, 0666), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, name, 0, &table), 0);
    assert_int_equal(mdb_drop(txn, table, 1), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void a_store_of_another_format_is_refused(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct txn *txn;
    struct error err;
    AUTO_BUFFER struct buffer record = {0};
    tmpstore_open(&tmp, schema);
    pack_u16(&record, 99);
    assert_true(txn_begin(store_db(tmp.store), true, &txn, &err));
    assert_true(db_put(txn, TABLE_META, slice_text("store"), buffer_slice(&record), &err));
    assert_true(txn_commit(txn, &err));
    store_close(TAKE(tmp.store));
    expect_refused(tmp.path, ERROR_VERSION, "format 99");
    drop_table(tmp.path, "references");
    expect_refused(tmp.path, ERROR_VERSION, "format 99");
    tmpstore_close(&tmp);
}

static void a_store_without_a_table_is_refused(void **state)
{
    (void)state;
    struct tmpstore tmp;
    tmpstore_open(&tmp, schema);
    store_close(TAKE(tmp.store));
    drop_table(tmp.path, "references");
    expect_refused(tmp.path, ERROR_CORRUPT, "the store has no table 'references'");
    tmpstore_close(&tmp);
}

static void a_file_that_is_cut_or_foreign_is_refused(void **state)
{
    (void)state;
    struct tmpstore tmp;
    char data[128];
    tmpstore_open(&tmp, schema);
    for (int i = 0; i < 50; i++) {
        char line[32];
        (void)snprintf(line, sizeof line, "key%d|%d", i, i);
        (void)tmpstore_put(&tmp, "s", (const char *const[]){line}, 1);
    }
    store_close(TAKE(tmp.store));
    (void)snprintf(data, sizeof data, "%s/data.mdb", tmp.path);
    struct stat status;
    assert_int_equal(stat(data, &status), 0);
    assert_int_equal(truncate(data, status.st_size / 2), 0);
    expect_refused(tmp.path, ERROR_CORRUPT, "cut short");
    int const fd = open(data, O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, schema, sizeof schema), (ssize_t)sizeof schema);
    assert_int_equal(close(fd), 0);
    expect_refused(tmp.path, ERROR_CORRUPT, "LMDB");
    tmpstore_close(&tmp);
}

static void the_lock_tells_who_has_it(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct error err;
    int holder = 0, status;
    tmpstore_open(&tmp, schema);
    assert_int_equal(store_lock(tmp.store, false, &holder, &err), STORE_LOCKED);
    pid_t const child = fork();
    if (child == 0) { /* flock is of the open file: another open is another holder */
        struct store *const inherited = tmp.store;
        int const directory = store_directory(inherited);
        int const fd = openat(directory, "ingest.lock", O_RDONLY);
        char text[16] = "";
        _exit(read(fd, text, sizeof text - 1) > 0 && atoi(text) == (int)getppid() ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    store_unlock(tmp.store);
    assert_int_equal(store_lock(tmp.store, false, &holder, &err), STORE_LOCKED);
    tmpstore_close(&tmp);
}

/* flock is of the open file: another open is another holder. */
static void a_lock_that_is_held_is_not_waited_for_unasked(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct error err;
    int holder = 0;
    tmpstore_open(&tmp, schema);
    AUTO_FD int const other =
        openat(store_directory(tmp.store), "ingest.lock", O_RDWR | O_CREAT, 0666);
    assert_int_equal(flock(other, LOCK_EX), 0);
    assert_int_equal(store_lock(tmp.store, false, &holder, &err), STORE_LOCK_HELD);
    assert_int_equal(holder, 0); /* it has not written its number yet */
    assert_int_equal(write(other, "4711\n", 5), 5);
    assert_int_equal(store_lock(tmp.store, false, &holder, &err), STORE_LOCK_HELD);
    assert_int_equal(holder, 4711);
    assert_int_equal(flock(other, LOCK_UN), 0);
    assert_int_equal(store_lock(tmp.store, false, &holder, &err), STORE_LOCKED);
    tmpstore_close(&tmp);
}

static void links_in_a_store_are_not_followed(void **state)
{
    (void)state;
    static const char *const names[] = {"data.mdb", "lock.mdb"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct tmpstore tmp;
        char path[128], elsewhere[128];
        tmpstore_open(&tmp, schema);
        store_close(TAKE(tmp.store));
        (void)snprintf(path, sizeof path, "%s/%s", tmp.path, names[i]);
        (void)snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", tmp.directory);
        assert_int_equal(rename(path, elsewhere), 0);
        assert_int_equal(symlink("../elsewhere", path), 0);
        expect_refused(tmp.path, ERROR_DENIED, names[i]);
        tmpstore_close(&tmp);
    }
}

/* What is open stays good; what has to be opened anew is not taken from another place. */
static void a_store_that_was_moved_is_told(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct snapshot *snapshot;
    struct error err;
    char moved[128], data[160], copy[160];
    tmpstore_open(&tmp, schema);
    (void)tmpstore_put(&tmp, "s", (const char *const[]){"a|1"}, 1);
    (void)snprintf(moved, sizeof moved, "%s/moved", tmp.directory);
    assert_int_equal(rename(tmp.path, moved), 0);
    tmpstore_check(&tmp, "v.csv", "k,n\na,1\n");
    (void)snprintf(data, sizeof data, "%s/data.mdb", moved);
    (void)snprintf(copy, sizeof copy, "%s/data.mdb.copy", moved);
    AUTO_FD int const fd = open(copy, O_WRONLY | O_CREAT, 0666);
    assert_true(db_copy(store_db(tmp.store), fd, &err));
    assert_int_equal(rename(copy, data), 0); /* as a compact does */
    assert_false(snapshot_open(tmp.store, &snapshot, &err));
    assert_int_equal(err.kind, ERROR_MISSING);
    assert_non_null(strstr(err.fact, "not here any more"));
    assert_true(store_create(tmp.path, slice_text(schema), &err)); /* another one in its place */
    assert_false(snapshot_open(tmp.store, &snapshot, &err));
    assert_non_null(strstr(err.fact, "not here any more"));
    tmpstore_close(&tmp);
}

static void a_snapshot_does_not_see_later_commits(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct snapshot *snapshot;
    struct error err;
    uint64_t newest;
    tmpstore_open(&tmp, schema);
    (void)tmpstore_put(&tmp, "s", (const char *const[]){"a|1"}, 1);
    assert_true(snapshot_open(tmp.store, &snapshot, &err));
    (void)tmpstore_put(&tmp, "s", (const char *const[]){"b|2"}, 1);
    assert_true(store_newest_commit(tmp.store, &newest, &err));
    assert_int_equal(newest, snapshot->commit_id + 1);
    assert_int_equal(snapshot->event_count, 1);
    int64_t earlier, later;
    assert_true(snapshot_commit_time(snapshot, 1, &earlier, &err));
    assert_true(snapshot_commit_time(snapshot, 2, &later, &err));
    assert_true(earlier < later);
    snapshot_close(snapshot);
    tmpstore_close(&tmp);
}

/* Whether the newest commit of the store at PATH came behind the one given. */
static bool holds(const char *path, uint64_t commit_id, uint64_t nonce)
{
    struct store *store;
    struct snapshot *snapshot;
    struct error err;
    bool answer;
    assert_true(store_open(path, STORE_WRITE, &store, &err));
    assert_true(snapshot_open(store, &snapshot, &err));
    assert_true(snapshot_holds(snapshot, commit_id, nonce, &answer, &err));
    snapshot_close(snapshot);
    store_close(store);
    return answer;
}

static void a_copy_that_goes_on_by_itself_is_told_by_its_commits(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct snapshot *shared, *own;
    struct backup *backup;
    struct error err;
    char copy[128], other[128];
    tmpstore_open(&tmp, schema);
    (void)tmpstore_put(&tmp, "s", (const char *const[]){"a|1"}, 1);
    (void)snprintf(copy, sizeof copy, "%s/copy", tmp.directory);
    (void)snprintf(other, sizeof other, "%s/other", tmp.directory);
    assert_true(backup_begin(tmp.store, copy, &backup, &err) && backup_finish(backup, &err));
    backup_free(backup);
    assert_true(store_create(other, slice_text(schema), &err));
    assert_true(snapshot_open(tmp.store, &shared, &err));
    assert_true(holds(copy, shared->commit_id, shared->commit_nonce));
    assert_false(holds(other, shared->commit_id, shared->commit_nonce));
    assert_false(holds(other, 1, shared->commit_nonce));
    (void)tmpstore_put(&tmp, "s", (const char *const[]){"b|2"}, 1);
    assert_true(snapshot_open(tmp.store, &own, &err));
    assert_true(holds(tmp.path, shared->commit_id, shared->commit_nonce));
    assert_true(holds(tmp.path, own->commit_id, own->commit_nonce));
    assert_false(holds(copy, own->commit_id, own->commit_nonce)); /* not reached */
    struct store *const first = tmp.store;
    assert_true(store_open(copy, STORE_WRITE, &tmp.store, &err));
    (void)tmpstore_put(&tmp, "s", (const char *const[]){"b|2"}, 1); /* as many, and the same */
    store_close(tmp.store);
    tmp.store = first;
    assert_false(holds(copy, own->commit_id, own->commit_nonce));
    snapshot_close(own);
    snapshot_close(shared);
    tmpstore_close(&tmp);
}

/* LMDB's locks would be gone with the first close, and its pages reused under the other's
 * snapshot. */
static void a_file_that_is_open_is_not_opened_again(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct store *again;
    struct snapshot *snapshot;
    struct error err;
    char moved[128];
    tmpstore_open(&tmp, schema);
    (void)snprintf(moved, sizeof moved, "%s/moved", tmp.directory);
    assert_int_equal(rename(tmp.path, moved), 0);
    assert_true(store_open(moved, STORE_WRITE, &again, &err));
    assert_ptr_equal(store_db(again), store_db(tmp.store));
    assert_true(snapshot_open(again, &snapshot, &err));
    store_close(again);
    assert_int_equal(snapshot->event_count, 0); /* it outlives its store */
    snapshot_close(snapshot);
    (void)tmpstore_put(&tmp, "s", (const char *const[]){"a|1"}, 1);
    tmpstore_check(&tmp, "v.csv", "k,n\na,1\n");
    tmpstore_close(&tmp);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(what_is_no_store_is_refused),
        cmocka_unit_test(a_store_is_made_over_what_is_left_of_one),
        cmocka_unit_test(a_store_of_another_format_is_refused),
        cmocka_unit_test(a_store_without_a_table_is_refused),
        cmocka_unit_test(a_file_that_is_cut_or_foreign_is_refused),
        cmocka_unit_test(the_lock_tells_who_has_it),
        cmocka_unit_test(a_lock_that_is_held_is_not_waited_for_unasked),
        cmocka_unit_test(links_in_a_store_are_not_followed),
        cmocka_unit_test(a_store_that_was_moved_is_told),
        cmocka_unit_test(a_snapshot_does_not_see_later_commits),
        cmocka_unit_test(a_copy_that_goes_on_by_itself_is_told_by_its_commits),
        cmocka_unit_test(a_file_that_is_open_is_not_opened_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
