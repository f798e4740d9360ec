// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "db.h"
#include "layout.h"
#include "meta.h"
#include "store.h"
#include "zone.h"

static const char *const own_names[] = {"data.mdb",    "lock.mdb", "data.mdb.new",
                                        "ingest.lock", "mounts",   "rejects"};

static void path_join(const char *directory, const char *name, struct buffer *path)
{
    buffer_clear(path);
    buffer_format(path, "%s/%s", directory, name);
    buffer_add_byte(path, '\0');
}

/* Whether the directory holds nothing; a store that is there already is told apart. */
static bool check_empty(const char *path, struct error *err)
{
    DIR *const directory = opendir(path);
    if (!directory) return error_system(err, errno, "%s", path);
    bool empty = true, store = false;
    for (const struct dirent *entry; (entry = readdir(directory));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        empty = false;
        if (strcmp(entry->d_name, "data.mdb") == 0) store = true;
    }
    (void)closedir(directory); /* only read */
    if (empty) return true;
    if (store) {
        (void)error_set(err, ERROR_INPUT, "there is a store already");
        (void)error_remedy(err, "choose another directory, or see it with: tally status %s", path);
    } else {
        (void)error_set(err, ERROR_INPUT, "the directory is not empty");
        (void)error_remedy(err, "give the name of a new directory");
    }
    return error_place(err, "%s", path);
}

static bool write_first_commit(struct db *db, const struct schema *schema, struct slice zone,
                               struct error *err)
{
    AUTO_TXN struct txn *txn = NULL;
    AUTO_BUFFER struct buffer layout = {0};
    struct meta meta = {.next_group_id = 1};
    layout_first(schema, &layout);
    meta_next_commit(&meta);
    meta.schema_commit_id = meta.root_listing_commit_id = meta.commit_id;
    return txn_begin(db, true, &txn, err) && meta_schema_save(txn, schema->text, zone, err) &&
           meta_layout_save(txn, buffer_slice(&layout), err) && meta_save(txn, &meta, err) &&
           txn_commit(TAKE(txn), err);
}

static bool make_directories(const char *path, struct error *err)
{
    AUTO_BUFFER struct buffer inner = {0};
    static const char *const names[] = {"mounts", "rejects"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        path_join(path, names[i], &inner);
        if (mkdir((char *)inner.at, 0777) < 0)
            return error_system(err, errno, "cannot make %s", (char *)inner.at);
    }
    return true;
}

/* Takes away what store_create made, and nothing else. */
static void remove_made(const char *path, bool made_directory)
{
    AUTO_BUFFER struct buffer inner = {0};
    for (size_t i = 0; i < COUNT_OF(own_names); i++) {
        path_join(path, own_names[i], &inner);
        (void)remove((char *)inner.at); /* best effort behind an error that is told */
    }
    if (made_directory) (void)rmdir(path);
}

/* The directory's own entry and its entries must last too when the store is said to be there. */
static bool sync_directory(const char *path, struct error *err)
{
    AUTO_FD int const fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0) return error_system(err, errno, "%s", path);
    return true;
}

static bool fill_store(const char *path, const struct schema *schema, struct slice zone,
                       struct error *err)
{
    struct db *db = NULL;
    if (!make_directories(path, err) || !db_open(path, DB_CREATE, &db, err)) return false;
    bool const good = write_first_commit(db, schema, zone, err) && sync_directory(path, err);
    db_close(db);
    return good;
}

bool store_create(const char *path, struct slice schema_text, struct error *err)
{
    AUTO_BUFFER struct buffer zone = {0};
    struct schema *schema = NULL;
    if (!schema_read(schema_text, NULL, &schema, err)) return false;
    bool good = zone_load(schema->timezone, &zone, err);
    bool const made_directory = good && mkdir(path, 0777) == 0;
    if (good && !made_directory) {
        if (errno != EEXIST)
            good = error_system(err, errno, "cannot make %s", path);
        else
            good = check_empty(path, err);
    }
    if (good) {
        good = fill_store(path, schema, buffer_slice(&zone), err);
        if (!good) remove_made(path, made_directory);
    }
    schema_free(schema);
    return good;
}
