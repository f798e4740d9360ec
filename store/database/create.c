// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/open_beneath.h"
#include "database/store.h"
#include "kv/db.h"
#include "lsm/run_list.h"
#include "schema/catalog_ids.h"
#include "tables/meta.h"
#include "types/time_zone.h"

/* data.mdb is made in a folder of its own and gets its place last: where it is, there is a store,
 * and where it is not, what else is there is left of an init that was killed. */
static const char making[] = "init.partial";
static const char *const folders[] = {"mounts", "rejects", making};

/* The directory that is to be the store. */
struct place {
    const char *path;
    int directory;
    bool made; /* by this process */
};

static bool is_left_over(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        if (strcmp(name, folders[i]) == 0) return true;
    }
    return strcmp(name, "lock.mdb") == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Whether the directory holds nothing of others; a store that is there already is told apart. */
static bool check_empty(const struct place *place, struct error *err)
{
    DIR *const directory = opendir(place->path);
    if (!directory) return error_system(err, errno, "%s", place->path);
    bool empty = true, store = false;
    for (const struct dirent *entry; (entry = readdir(directory));) {
        empty &= is_left_over(entry->d_name);
        store |= strcmp(entry->d_name, "data.mdb") == 0;
    }
    (void)closedir(directory); /* only read */
    if (empty) return true;
    if (store) {
        (void)error_set(err, ERROR_INPUT, "there is a store already");
        (void)error_remedy(err, "choose another directory, or see it with: tally status %s",
                           place->path);
    } else {
        (void)error_set(err, ERROR_INPUT, "the directory is not empty");
        (void)error_remedy(err, "give the name of a new directory");
    }
    return error_place(err, "%s", place->path);
}

/* The tables of sorted runs. */
static bool create_trees(struct txn *txn, struct error *err)
{
    for (size_t i = 0; i < LSM_TABLES; i++) {
        if (!run_list_create(txn, lsm_tables[i], err)) return false;
    }
    return true;
}

static bool write_first_commit(struct db *db, const struct schema *schema, struct slice zone,
                               struct error *err)
{
    AUTO_TXN struct txn *txn = NULL;
    AUTO_BUFFER struct buffer layout = {0};
    struct meta meta = {.next_group_id = 1};
    catalog_ids_first(schema, &layout);
    hash_key_draw(&meta.secret);
    meta_next_commit(&meta);
    meta.schema_commit_id = meta.root_listing_commit_id = meta.commit_id;
    return txn_begin(db, true, &txn, err) && create_trees(txn, err) &&
           meta_schema_save(txn, meta.commit_id, schema->text, zone, err) &&
           meta_catalog_ids_save(txn, buffer_slice(&layout), err) && meta_save(txn, &meta, err) &&
           txn_commit(TAKE(txn), err);
}

/* Only one process makes a store there at a time. */
static bool claim(struct place *place, struct error *err)
{
    place->made = mkdir(place->path, 0777) == 0;
    if (!place->made && errno != EEXIST)
        return error_system(err, errno, "cannot make %s", place->path);
    place->directory = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (place->directory < 0) return error_system(err, errno, "%s", place->path);
    if (flock(place->directory, LOCK_EX | LOCK_NB) == 0) return check_empty(place, err);
    place->made = false;
    if (errno != EWOULDBLOCK) return error_system(err, errno, "cannot lock %s", place->path);
    if (!check_empty(place, err)) return false; /* a store that is being read */
    return error_set(err, ERROR_BUSY, "%s: another program makes a store there", place->path);
}

/* What is there already is left of an init that was killed; a link would lead elsewhere. */
static bool create_make_folder(const struct place *place, const char *name, struct error *err)
{
    struct stat there;
    if (mkdirat(place->directory, name, 0777) == 0) return true;
    if (errno != EEXIST) return error_system(err, errno, "cannot make %s/%s", place->path, name);
    if (fstatat(place->directory, name, &there, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(there.st_mode))
        return true;
    return error_set(err, ERROR_DENIED, "%s/%s is not a folder", place->path, name);
}

static bool make_folders(const struct place *place, struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        if (!create_make_folder(place, folders[i], err)) return false;
    }
    return true;
}

/* Takes away what was made for data.mdb, but for the folders of the store. */
static void empty_making(const struct place *place)
{
    AUTO_FD int const folder = open_beneath_folder(place->directory, making);
    if (folder < 0) return;
    (void)unlinkat(folder, "data.mdb", 0); /* what stays is found by whoever needs its place */
    (void)unlinkat(folder, "lock.mdb", 0);
}

static void remove_made(const struct place *place)
{
    empty_making(place);
    (void)unlinkat(place->directory, "data.mdb", 0); /* as above */
    (void)unlinkat(place->directory, "lock.mdb", 0);
    for (size_t i = 0; i < COUNT_OF(folders); i++)
        (void)unlinkat(place->directory, folders[i], AT_REMOVEDIR);
}

static bool make_data(const struct place *place, const struct schema *schema, struct slice zone,
                      struct error *err)
{
    AUTO_BUFFER struct buffer path = {0};
    struct db *db = NULL;
    empty_making(place);
    buffer_format(&path, "%s/%s", place->path, making);
    buffer_add_byte(&path, '\0');
    if (!db_open((char *)path.at, DB_CREATE, &db, err)) return false;
    bool const good = write_first_commit(db, schema, zone, err);
    db_close(db);
    return good;
}

/* Durable on return, with the directory's own entry. */
static bool put_in_place(const struct place *place, struct error *err)
{
    AUTO_FD int const folder = open_beneath_folder(place->directory, making);
    if (folder < 0) return error_system(err, errno, "%s/%s", place->path, making);
    if (renameat(folder, "lock.mdb", place->directory, "lock.mdb") < 0 ||
        renameat(folder, "data.mdb", place->directory, "data.mdb") < 0)
        return error_system(err, errno, "cannot make %s/data.mdb", place->path);
    (void)unlinkat(place->directory, making, AT_REMOVEDIR); /* it does no harm */
    AUTO_FD int const parent = openat(place->directory, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fsync(place->directory) < 0 || (place->made && parent >= 0 && fsync(parent) < 0))
        return error_system(err, errno, "%s", place->path);
    return true;
}

bool store_create(const char *path, struct slice schema_text, struct error *err)
{
    AUTO_BUFFER struct buffer zone = {0};
    struct schema *schema = NULL;
    if (!schema_read(schema_text, NULL, &schema, err)) return false;
    struct place place = {.path = path, .directory = -1};
    bool const claimed = time_zone_load(schema->timezone, &zone, err) && claim(&place, err);
    bool const good = claimed && make_folders(&place, err) &&
                      make_data(&place, schema, buffer_slice(&zone), err) &&
                      put_in_place(&place, err);
    if (claimed && !good) remove_made(&place);
    if (place.made && !good) (void)rmdir(path);
    if (place.directory >= 0) (void)close(place.directory); /* with the lock */
    schema_free(schema);
    return good;
}
