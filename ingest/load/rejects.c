// SPDX-License-Identifier: Apache-2.0
#include "load/rejects.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/open_beneath.h"

static const char directory_name[] = "rejects";

enum { PENDING_BYTES = 256 << 10 };

/* One input may be a batch of several streams, and may be loaded again: the first one's file has
 * the plain name. */
void rejects_init(struct rejects *rejects, int store, const struct batch *batch, uint64_t batch_id)
{
    *rejects = (struct rejects){.store = store, .folder = -1, .fd = -1};
    STACK_BUFFER(name, REJECTS_NAME_BYTES);
    digest_write(&batch->digest, &name);
    if (batch->stream > 0) buffer_format(&name, "-%u", (unsigned)batch->stream);
    if (batch->repeats) buffer_format(&name, "-again-%llu", (unsigned long long)batch_id);
    buffer_add_text(&name, ".tsv");
    memcpy(rejects->name, name.at, name.length); /* fits, with a NUL behind */
}

void rejects_done(struct rejects *rejects)
{
    buffer_done(&rejects->pending);
    auto_fd(&rejects->fd);
    auto_fd(&rejects->folder);
    rejects->fd = rejects->folder = -1;
}

static bool rejects_fail(struct error *err, int sys, const char *what)
{
    (void)error_system(err, sys, "%s", what);
    return error_place(err, "%s", directory_name);
}

static bool open_file(struct rejects *rejects, int flags, struct error *err)
{
    if (rejects->folder < 0) rejects->folder = open_beneath_folder(rejects->store, directory_name);
    rejects->fd = rejects->folder < 0 ? -1
                                      : open_beneath_file(rejects->folder, rejects->name,
                                                          O_WRONLY | O_CREAT | flags, 0644);
    if (rejects->fd < 0) return rejects_fail(err, errno, "cannot open the file of refused records");
    return true;
}

/* The name has to be as durable as the bytes. */
static bool sync_directory(const struct rejects *rejects, struct error *err)
{
    if (fsync(rejects->folder) != 0)
        return rejects_fail(err, errno, "cannot write the directory of refused records");
    return true;
}

bool rejects_resume(struct rejects *rejects, const struct batch *batch, struct error *err)
{
    struct stat found;
    rejects->folder = open_beneath_folder(rejects->store, directory_name);
    if (batch->rejects_bytes == 0) {
        if ((rejects->folder >= 0 && unlinkat(rejects->folder, rejects->name, 0) == 0) ||
            errno == ENOENT)
            return true;
        return rejects_fail(err, errno, "cannot remove the refused records of an earlier attempt");
    }
    if (!open_file(rejects, 0, err)) return false;
    if (fstat(rejects->fd, &found) != 0)
        return rejects_fail(err, errno, "cannot look at the file of refused records");
    /* Somebody may have taken the file away: what is gone is gone, the counts are
     * in the batch log. */
    rejects->bytes = (uint64_t)found.st_size;
    if (rejects->bytes > batch->rejects_bytes) {
        rejects->bytes = batch->rejects_bytes;
        if (ftruncate(rejects->fd, (off_t)rejects->bytes) != 0)
            return rejects_fail(err, errno, "cannot cut the file of refused records");
    }
    if (lseek(rejects->fd, (off_t)rejects->bytes, SEEK_SET) < 0)
        return rejects_fail(err, errno, "cannot go to the end of the refused records");
    return true;
}

static bool write_out(struct rejects *rejects, struct slice rest, struct error *err)
{
    if (rest.length == 0) return true;
    if (rejects->fd < 0) {
        if (!open_file(rejects, O_TRUNC, err) || !sync_directory(rejects, err)) return false;
    }
    while (rest.length > 0) {
        ssize_t const done = write(rejects->fd, rest.at, rest.length);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return rejects_fail(err, errno, "cannot write the refused records");
        rest = slice_of(rest.at + done, rest.length - (size_t)done);
    }
    return true;
}

static bool write_pending(struct rejects *rejects, struct error *err)
{
    if (!write_out(rejects, buffer_slice(&rejects->pending), err)) return false;
    buffer_clear(&rejects->pending);
    return true;
}

void rejects_begin(struct rejects *rejects, uint64_t line, struct slice reason)
{
    size_t const before = rejects->pending.length;
    buffer_format(&rejects->pending, "%llu\t", (unsigned long long)line);
    buffer_add_slice(&rejects->pending, reason);
    buffer_add_byte(&rejects->pending, '\t');
    rejects->bytes += rejects->pending.length - before;
}

bool rejects_add(struct rejects *rejects, struct slice part, struct error *err)
{
    rejects->bytes += part.length;
    if (part.length >= PENDING_BYTES)
        return write_pending(rejects, err) && write_out(rejects, part, err);
    buffer_add_slice(&rejects->pending, part);
    return rejects->pending.length < PENDING_BYTES || write_pending(rejects, err);
}

void rejects_end(struct rejects *rejects)
{
    buffer_add_byte(&rejects->pending, '\n');
    rejects->bytes++;
}

bool rejects_sync(struct rejects *rejects, struct error *err)
{
    if (!write_pending(rejects, err)) return false;
    if (rejects->fd >= 0 && fsync(rejects->fd) != 0)
        return rejects_fail(err, errno, "cannot write the refused records");
    return true;
}
