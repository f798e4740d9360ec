/* An input is read twice: once for its digest, which tells whether the store has it already and
 * names its checkpoints, and once for its records. The first pass costs little beside the second,
 * as a thread of its own digests while more is read, and without it a killed ingest could not know
 * where to go on. A pipe can be read only once, so it goes to a nameless file in the store's
 * directory (where the disk is that will take the events too), which vanishes with the process
 * however it ends.
 *
 * Records are handed out from a window over the decompressed stream:
 *
 *     bytes:   [ taken | held from the reader's place on | room ]
 *              0       start                             end     capacity
 *
 * source_more moves the held part to the front when half of the window is taken, or doubles the
 * window, so that a record of any length lies in one piece at a cost linear in its length.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "input/source.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "common/printable.h"
#include "input/decode.h"
#include "input/digest_job.h"
#include "input/spool.h"

enum { WINDOW_BYTES = 1 << 20, COPY_BYTES = 256 << 10, SHOWN_PATH_BYTES = 200, ZEROS_BYTES = 4096 };

struct source {
    char *path;
    int fd;
    bool spooled;
    bool is_part;         /* the file may have more than `identity.input_bytes` */
    bool is_window;       /* its bytes are another source's */
    bool window_ends;     /* and the input ends with them */
    struct stat digested; /* of the file, before it was digested */
    struct source_identity identity;
    enum decode_format format;
    struct decoder *decoder;
    uint8_t *bytes;
    size_t start;
    size_t end;
    size_t capacity;
    uint64_t offset; /* of `start` */
};

void source_write_name(const struct source *source, struct buffer *into)
{
    if (strcmp(source->path, "-") == 0)
        buffer_add_text(into, "standard input");
    else
        printable_write(slice_text(source->path), SHOWN_PATH_BYTES, into);
}

bool source_place(const struct source *source, uint64_t line, struct error *err)
{
    AUTO_BUFFER struct buffer shown = {0};
    source_write_name(source, &shown);
    if (line > 0) buffer_format(&shown, ":%llu", (unsigned long long)line);
    return error_place(err, "%.*s", (int)shown.length, (const char *)shown.at);
}

/* Reads FROM to its end, digesting, and copies it to SPOOL unless that is -1. */
static bool digest_all(struct source *source, int from, int spool, struct progress *progress,
                       struct error *err)
{
    struct digest_job job;
    uint64_t length = 0;
    ssize_t got = 1;
    bool good = true;
    digest_job_begin(&job);
    while (good && got != 0) {
        uint8_t *const bytes = digest_job_room(&job);
        got = read(from, bytes, DIGEST_ROOM_BYTES);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) good = error_system(err, errno, "cannot read");
        if (got <= 0) continue;
        length += (uint64_t)got;
        digest_job_add(&job, (size_t)got);
        if (spool >= 0) good = spool_write(spool, bytes, (size_t)got, err);
        uint64_t const total = spool >= 0 ? 0 : (uint64_t)source->digested.st_size;
        progress_show(progress,
                      (struct progress_point){.done_bytes = length, .total_bytes = total});
    }
    source->identity.digest = digest_job_end(&job);
    source->identity.input_bytes = length;
    return good;
}

static bool source_open_input(struct source *source, struct error *err)
{
    if (strcmp(source->path, "-") == 0)
        source->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    else
        source->fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (source->fd < 0) return error_system(err, errno, "cannot open");
    if (fstat(source->fd, &source->digested) != 0)
        return error_system(err, errno, "cannot look at it");
    if (S_ISDIR(source->digested.st_mode)) return error_set(err, ERROR_INPUT, "is a directory");
    /* Standard input may stand in the middle of a file, with others reading on. */
    source->spooled = !S_ISREG(source->digested.st_mode) || strcmp(source->path, "-") == 0;
    return true;
}

static bool digest_input(struct source *source, int directory, struct progress *progress,
                         struct error *err)
{
    if (!source->spooled) {
        (void)posix_fadvise(source->fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* a hint */
        return digest_all(source, source->fd, -1, progress, err);
    }
    AUTO_FD int spool = -1;
    if (!spool_open(directory, &spool, err)) return false;
    if (!digest_all(source, source->fd, spool, progress, err)) return false;
    int const input = source->fd;
    source->fd = take_fd(&spool);
    (void)close(input); /* a writer at the other end of a pipe is let go */
    return true;
}

static bool source_sniff(struct source *source, struct error *err)
{
    uint8_t head[DECODE_SNIFF_BYTES];
    ssize_t const length = pread(source->fd, head, sizeof head, 0);
    if (length < 0) return error_system(err, errno, "cannot read");
    source->format = decode_sniff(slice_of(head, (size_t)length));
    source->identity.compressed = source->format != DECODE_PLAIN;
    return true;
}

static struct source *new_source(const char *path)
{
    struct source *const source = memory_alloc(sizeof *source);
    source->fd = -1;
    source->path = memory_alloc(strlen(path) + 1);
    memcpy(source->path, path, strlen(path));
    return source;
}

bool source_open(const char *path, int spool, struct progress *progress, struct source **ret_source,
                 struct error *err)
{
    struct source *const source = new_source(path);
    if (!source_open_input(source, err) || !digest_input(source, spool, progress, err) ||
        !source_sniff(source, err)) {
        (void)source_place(source, 0, err);
        source_close(source);
        return false;
    }
    *ret_source = source;
    return true;
}

bool source_open_file(const char *path, int fd, struct progress *progress,
                      struct source **ret_source, struct error *err)
{
    struct source *const source = new_source(path);
    source->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    bool good = source->fd >= 0 && lseek(source->fd, 0, SEEK_SET) == 0 &&
                fstat(source->fd, &source->digested) == 0;
    good = good || error_system(err, errno, "cannot open");
    if (!good || !digest_input(source, -1, progress, err) || !source_sniff(source, err)) {
        (void)source_place(source, 0, err);
        source_close(source);
        return false;
    }
    *ret_source = source;
    return true;
}

bool source_open_part(const char *path, const struct source_part *part, struct source **ret_source,
                      struct error *err)
{
    struct source *const source = new_source(path);
    source->is_part = true;
    source->identity = (struct source_identity){
        .digest = part->digest,
        .input_bytes = part->end_bytes,
    };
    source->fd = fcntl(part->fd, F_DUPFD_CLOEXEC, 0);
    bool good = source->fd >= 0 || error_system(err, errno, "cannot open");
    good = good && source_sniff(source, err);
    if (good && source->identity.compressed) {
        (void)error_set(err, ERROR_INPUT, "is compressed, and cannot be followed");
        good = error_remedy(err, "tally ingest STORE FILE, once it is whole");
    }
    if (!good) {
        (void)source_place(source, 0, err);
        source_close(source);
        return false;
    }
    *ret_source = source;
    return true;
}

/* Copies what a pipe has, MOST_BYTES of it at most, to memory that can be read again. */
static bool hold_head(struct source *source, uint64_t most_bytes, struct error *err)
{
    AUTO_FREE uint8_t *const bytes = memory_room(COPY_BYTES);
    AUTO_FD int copy = memfd_create("head", MFD_CLOEXEC);
    uint64_t length = 0;
    if (copy < 0) return error_system(err, errno, "no memory for the input");
    while (length < most_bytes) {
        size_t const room =
            most_bytes - length < COPY_BYTES ? (size_t)(most_bytes - length) : COPY_BYTES;
        ssize_t const got = read(source->fd, bytes, room);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return error_system(err, errno, "cannot read");
        if (got == 0) break;
        if (!spool_write(copy, bytes, (size_t)got, err)) return false;
        length += (uint64_t)got;
    }
    int const input = source->fd;
    source->fd = take_fd(&copy);
    (void)close(input); /* only read */
    source->identity.input_bytes = length;
    return true;
}

bool source_open_head(const char *path, uint64_t most_bytes, struct source **ret_source,
                      struct error *err)
{
    struct source *const source = new_source(path);
    bool good = source_open_input(source, err);
    if (good && source->spooled) good = hold_head(source, most_bytes, err);
    if (!good || !source_sniff(source, err)) {
        (void)source_place(source, 0, err);
        source_close(source);
        return false;
    }
    if (!source->spooled) source->identity.input_bytes = (uint64_t)source->digested.st_size;
    *ret_source = source;
    return true;
}

void source_close(struct source *source)
{
    if (!source) return;
    decoder_free(source->decoder);
    auto_fd(&source->fd);
    if (!source->is_window) free(source->bytes);
    free(source->path);
    free(source);
}

const struct source_identity *source_identity(const struct source *source)
{
    return &source->identity;
}

bool source_grows(const struct source *source)
{
    return source->is_part;
}

const char *source_path(const struct source *source)
{
    return source->path;
}

bool source_start(struct source *source, uint64_t offset, struct error *err)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
    decoder_free(source->decoder);
    source->decoder = NULL;
    source->start = source->end = 0;
    source->offset = offset;
    if (!decoder_new(source->fd, source->format, &source->decoder, err) ||
        !decoder_skip(source->decoder, offset, err))
        return source_place(source, 0, err);
    if (offset > 0) return true;
    if (source_more(source, err) == SOURCE_FAILED) return false;
    if (slice_starts(source_held(source), slice_of(mark, sizeof mark)))
        source_take(source, sizeof mark);
    return true;
}

struct slice source_held(const struct source *source)
{
    return slice_of(source->bytes + source->start, source->end - source->start);
}

enum source_step source_more(struct source *source, struct error *err)
{
    size_t const held = source->end - source->start;
    if (source->is_window) return source->window_ends ? SOURCE_END : SOURCE_FAILED;
    if (held > source->capacity / 2 || source->capacity == 0) {
        source->capacity = source->capacity ? source->capacity * 2 : WINDOW_BYTES;
        source->bytes = memory_resize(source->bytes, source->capacity);
    }
    if (source->start > 0 && held > 0) memmove(source->bytes, source->bytes + source->start, held);
    source->start = 0;
    source->end = held;
    size_t length, room = source->capacity - held;
    if (source->is_part) {
        uint64_t const end = source->identity.input_bytes;
        uint64_t const at = decoder_position(source->decoder);
        uint64_t const behind = at < end ? end - at : 0;
        if (behind < room) room = (size_t)behind;
    }
    if (!decoder_read(source->decoder, source->bytes + held, room, &length, err)) {
        (void)source_place(source, 0, err);
        return SOURCE_FAILED;
    }
    source->end += length;
    return length > 0 ? SOURCE_MORE : SOURCE_END;
}

struct source *source_window(void)
{
    struct source *const window = new_source("");
    window->is_window = true;
    return window;
}

void source_look(struct source *window, const struct source *of, size_t behind, bool ends)
{
    window->bytes = of->bytes;
    window->start = of->start + behind;
    window->end = of->end;
    window->offset = of->offset + behind;
    window->window_ends = ends;
}

void source_take(struct source *source, size_t length)
{
    assert(length <= source->end - source->start);
    source->start += length;
    source->offset += length;
}

/* How many zero bytes there are in front of others. */
static size_t count_zeros(struct slice bytes)
{
    static const uint8_t zeros[ZEROS_BYTES];
    size_t count = 0;
    while (bytes.length - count >= sizeof zeros &&
           memcmp(bytes.at + count, zeros, sizeof zeros) == 0)
        count += sizeof zeros;
    while (count < bytes.length && bytes.at[count] == 0)
        count++;
    return count;
}

/* Goes on behind the hole that the file has where nothing more is held, without reading it; returns
 * how large that is. */
static uint64_t pass_hole(struct source *source, struct error *err)
{
    uint64_t const at = decoder_position(source->decoder);
    off_t const data = lseek(source->fd, (off_t)at, SEEK_DATA); /* all reading is by pread */
    uint64_t to = data < 0 ? at : (uint64_t)data;
    if (source->is_part && to > source->identity.input_bytes) to = source->identity.input_bytes;
    if (source->format != DECODE_PLAIN || to <= at) return 0;
    (void)!decoder_skip(source->decoder, to - at, err); /* costs nothing, and cannot fail */
    source->offset += to - at;
    return to - at;
}

enum source_step source_skip_zeros(struct source *source, uint64_t *ret_count, struct error *err)
{
    *ret_count = 0;
    if (source->is_window) return SOURCE_FAILED;
    for (;;) {
        struct slice const held = source_held(source);
        size_t const zeros = count_zeros(held);
        source_take(source, zeros);
        *ret_count += zeros;
        if (zeros < held.length) return SOURCE_MORE;
        *ret_count += pass_hole(source, err);
        enum source_step const step = source_more(source, err);
        if (step != SOURCE_MORE) return step;
    }
}

uint64_t source_offset(const struct source *source)
{
    return source->offset;
}

uint64_t source_position(const struct source *source)
{
    if (!source->decoder) return 0;
    uint64_t const position = decoder_position(source->decoder);
    uint64_t const held = source->end - source->start;
    return source->identity.compressed || held > position ? position : position - held;
}

bool source_prove(struct source *source, struct progress *progress, struct error *err)
{
    enum source_step step = SOURCE_MORE;
    if (!source_start(source, 0, err)) return false;
    while (step == SOURCE_MORE) {
        source_take(source, source->end - source->start);
        step = source_more(source, err);
        progress_show(progress, (struct progress_point){
                                    .done_bytes = source_position(source),
                                    .total_bytes = source->identity.input_bytes,
                                });
    }
    return step == SOURCE_END;
}

static bool source_same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool source_check(const struct source *source, struct error *err)
{
    struct stat now;
    if (source->spooled) return true; /* nobody else can reach the copy */
    if (fstat(source->fd, &now) != 0) {
        (void)error_system(err, errno, "cannot look at it");
        return source_place(source, 0, err);
    }
    if (source->is_part && (uint64_t)now.st_size >= source->identity.input_bytes) return true;
    if (!source->is_part && now.st_size == source->digested.st_size &&
        (uint64_t)now.st_size == source->identity.input_bytes &&
        source_same_time(now.st_mtim, source->digested.st_mtim))
        return true;
    (void)error_set(err, ERROR_INPUT, "changed while it was read");
    (void)error_remedy(err, "ingest a file only when it is written as a whole");
    return source_place(source, 0, err);
}
