/* How two files change as one.
 *
 * LMDB tells its writers from lock.mdb which pages somebody still reads, and its readers which of
 * the two meta pages of data.mdb is in force. So a data.mdb must never be used with the lock.mdb of
 * another: a writer would reuse pages under the readers that it does not see, and as the
 * transactions of a copy count from 1 again, a reader would look at the wrong meta page and find an
 * empty store. One rename cannot replace two files. The order is:
 *
 *   0   data.mdb.new (a copy, synced) and lock.mdb.new (empty: LMDB fills it in) are
 *       made beside them
 *   1   lock.mdb     -> lock.mdb.old    from here on the swap is known to have begun
 *   2   data.mdb.new -> data.mdb        from here on it is known to have happened
 *   3   lock.mdb.new -> lock.mdb
 *   4   the directory is synced, lock.mdb.old removed
 *
 * Steps 1 to 4 hold the directory's lock (flock) alone, and opening the two files holds it shared.
 * The kernel drops it with the process, so that whoever then gets it may find any step done last;
 * lock.mdb.old tells.
 *
 *   after 0   no lock.mdb.old, the old store; the next writer removes the .new files
 *   after 1   no lock.mdb, data.mdb.new is there: lock.mdb.old goes back, the same inode that the
 *             processes that have the store open hold
 *   after 2   neither lock.mdb nor data.mdb.new is there: goes on with 3
 *   after 3   lock.mdb is there: goes on with 4. Without the sync a power cut could take back the
 *             rename, and with it what was committed to the new file since.
 *
 * Who may meet whom:
 *
 * - A process that opens the store meets both old files or both new ones, as it holds the lock.
 * - A process that has the old ones open reads on in them: both stay, nameless, and nobody writes
 *   there any more, because writing takes the lock of writers, under which the swap is done, and
 *   whoever gets that lock looks whether data.mdb is still the file that it has open (store_lock).
 *   Looking at the inode is enough: an inode that is open is not given again.
 * - A process that looked, found the old file, and begins to read after the swap, reads the same
 *   content in it. Its next snapshot looks again.
 * - LMDB forbids to open a file twice in a process, as closing either would drop the process's
 *   fcntl locks on the inode of lock.mdb. After a swap both inodes are others, so that a process
 *   may have the old and the new environment open. For the same reason nothing here opens a file
 *   that LMDB has open.
 * - The .new files are removed under the lock of writers, by which they are made, and only after a
 *   swap that was begun has been ended: data.mdb.new is what tells step 1 from step 2.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "database/compact_swap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

/* Opening and swapping take milliseconds. Somebody's own `flock STORE tally ...` would be
 * waited for for ever. */
enum { PATIENCE_MS = 30000, LOOK_MS = 2 };

static bool exists(int directory, const char *name)
{
    struct stat status;
    return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool compact_swap_take_lock(int fd, int how, const char *path, struct error *err)
{
    struct timespec const pause = {.tv_nsec = LOOK_MS * 1000000};
    for (int waited_ms = 0; flock(fd, how | LOCK_NB) < 0; waited_ms += LOOK_MS) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return error_system(err, errno, "cannot lock %s", path);
        if (waited_ms >= PATIENCE_MS) {
            (void)error_set(err, ERROR_BUSY, "another program keeps a lock on the directory");
            (void)error_remedy(err, "see which: lslocks");
            return error_place(err, "%s", path);
        }
        (void)nanosleep(&pause, NULL);
    }
    return true;
}

/* An open file of its own, as flock belongs to that. */
static bool open_lock(int directory, int how, const char *path, int *ret_fd, struct error *err)
{
    AUTO_FD int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return error_system(err, errno, "cannot lock %s", path);
    if (!compact_swap_take_lock(fd, how, path, err)) return false;
    *ret_fd = take_fd(&fd);
    return true;
}

/* Ends a swap from wherever it stands, under the directory's lock. On a read-only medium nothing
 * can be done, and as nobody writes there, nothing has to be. */
static bool compact_swap_recover(int directory, const char *path, struct error *err)
{
    if (!exists(directory, "lock.mdb.old")) return true;
    bool const moved = exists(directory, "lock.mdb");
    bool const back = !moved && exists(directory, "data.mdb.new");
    const char *const from = back ? "lock.mdb.old" : "lock.mdb.new";
    /* Without any lock.mdb LMDB makes one: it is new, too. */
    if (!moved && renameat(directory, from, directory, "lock.mdb") < 0 && errno != ENOENT) {
        if (errno == EROFS) return true;
        (void)error_system(err, errno, "%s: cannot end a compact that was killed", path);
        return error_remedy(err, "tally status %s, as the owner of the store, does it", path);
    }
    if (back) return true;
    if (fsync(directory) < 0 && errno != EROFS && errno != EINVAL)
        return error_system(err, errno, "%s", path);
    (void)unlinkat(directory, "lock.mdb.old", 0); /* beside a lock.mdb it does no harm */
    return true;
}

bool compact_swap_hold(int directory, const char *path, int *ret_hold, struct error *err)
{
    AUTO_FD int fd = -1;
    if (!open_lock(directory, LOCK_SH, path, &fd, err)) return false;
    if (exists(directory, "lock.mdb.old") && (!compact_swap_take_lock(fd, LOCK_EX, path, err) ||
                                              !compact_swap_recover(directory, path, err)))
        return false;
    *ret_hold = take_fd(&fd);
    return true;
}

static bool remove_left(int directory, const char *name, const char *path, struct error *err)
{
    if (unlinkat(directory, name, 0) == 0 || errno == ENOENT) return true;
    return error_system(err, errno, "cannot remove %s/%s", path, name);
}

bool compact_swap_tidy(int directory, const char *path, struct error *err)
{
    AUTO_FD int hold = -1;
    return compact_swap_hold(directory, path, &hold, err) &&
           remove_left(directory, "data.mdb.new", path, err) &&
           remove_left(directory, "lock.mdb.new", path, err);
}

/* An empty file that whoever may use LIKE may use, too. */
static bool make_like(int directory, const char *name, const char *like, const char *path,
                      int *ret_fd, struct error *err)
{
    struct stat status;
    AUTO_FD int fd = openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || fstatat(directory, like, &status, 0) < 0 ||
        fchown(fd, status.st_uid, status.st_gid) < 0 || fchmod(fd, status.st_mode & 0777) < 0) {
        bool const denied = fd >= 0 && errno == EPERM;
        (void)error_system(err, errno, "cannot make %s/%s", path, name);
        return denied && error_remedy(err, "run it as the owner of %s", like);
    }
    *ret_fd = take_fd(&fd);
    return true;
}

bool compact_swap_begin(int directory, const char *path, int *ret_data, struct error *err)
{
    AUTO_FD int lock = -1;
    return make_like(directory, "lock.mdb.new", "lock.mdb", path, &lock, err) &&
           make_like(directory, "data.mdb.new", "data.mdb", path, ret_data, err);
}

void compact_swap_drop(int directory)
{
    /* A swap that could neither be done nor taken back needs them to be taken back later. */
    if (exists(directory, "lock.mdb.old") && !exists(directory, "lock.mdb")) return;
    (void)unlinkat(directory, "data.mdb.new", 0);
    (void)unlinkat(directory, "lock.mdb.new", 0);
}

bool compact_swap_finish(int directory, const char *path, struct error *err)
{
    AUTO_FD int hold = -1;
    struct error ignored;
    if (!open_lock(directory, LOCK_EX, path, &hold, err)) return false;
    if (renameat(directory, "lock.mdb", directory, "lock.mdb.old") < 0)
        return error_system(err, errno, "cannot replace %s/lock.mdb", path);
    if (renameat(directory, "data.mdb.new", directory, "data.mdb") < 0) {
        (void)error_system(err, errno, "cannot replace %s/data.mdb", path);
        (void)compact_swap_recover(directory, path,
                                   &ignored); /* or the next to open the store does */
        return false;
    }
    return compact_swap_recover(directory, path, err);
}
