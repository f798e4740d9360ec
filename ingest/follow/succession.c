// SPDX-License-Identifier: Apache-2.0
#include "follow/succession.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "common/printable.h"

void succession_drop(struct succession *succession)
{
    while (succession->count > 0)
        auto_fd(&succession->held[--succession->count].fd);
}

void succession_done(struct succession *succession)
{
    succession_drop(succession);
    buffer_done(&succession->told);
}

bool succession_begin(struct succession *succession, int fd, enum sibling_form form,
                      struct error *err)
{
    succession->newest = (struct sibling){.form = form};
    return sibling_look(fd, &succession->newest, err);
}

void succession_begin_at(struct succession *succession, int64_t time_ns, bool is_gone)
{
    succession->newest = (struct sibling){.form = is_gone ? SIBLING_PACKED : SIBLING_PLAIN,
                                          .begun_ns = time_ns,
                                          .written_ns = time_ns,
                                          .renamed_ns = time_ns};
}

void succession_know(struct succession *succession, const struct probe *probe)
{
    succession->known[succession->known_count++ % SUCCESSION_KNOWN] = *probe;
}

struct successor succession_take(struct succession *succession)
{
    struct successor const first = succession->held[0];
    memmove(succession->held, succession->held + 1, --succession->count * sizeof *succession->held);
    return first;
}

void succession_put(struct succession *succession, struct successor successor)
{
    if (succession->count == SUCCESSORS_MOST) auto_fd(&succession->held[--succession->count].fd);
    memmove(succession->held + 1, succession->held, succession->count++ * sizeof *succession->held);
    succession->held[0] = successor;
}

void succession_count_arrivals(struct succession *succession, int watch)
{
    _Alignas(struct inotify_event) char events[4096];
    ssize_t got;
    while (watch >= 0 && (got = read(watch, events, sizeof events)) > 0) {
        for (const char *at = events; at < events + got;) {
            const struct inotify_event *const event = (const void *)at;
            if (event->len > 0 && (event->mask & (IN_CREATE | IN_MOVED_TO)) &&
                strcmp(event->name, succession->name) == 0)
                succession->arrivals++;
            at += sizeof *event + event->len;
        }
    }
}

/* Whether it is the first time. */
static bool is_news(struct succession *succession, const char *name)
{
    for (size_t at = 0; at < succession->told.length;) {
        const char *const each = (const char *)succession->told.at + at;
        if (strcmp(each, name) == 0) return false;
        at += strlen(each) + 1;
    }
    buffer_add(&succession->told, name, strlen(name) + 1);
    return true;
}

static void tell_left_out(struct succession *succession, const struct sibling *sibling,
                          const char *reason)
{
    AUTO_BUFFER struct buffer shown = {0};
    if (!is_news(succession, sibling->name)) return;
    printable_write(slice_text(sibling->name), SIZE_MAX, &shown);
    notices_show(succession->notices, "%s: %.*s beside it %s; its %llu bytes are not loaded",
                 succession->path, (int)shown.length, (const char *)shown.at, reason,
                 (unsigned long long)sibling->size);
}

static bool is_held(const struct succession *succession, uint64_t inode)
{
    for (size_t i = 0; i < succession->count; i++) {
        if (succession->held[i].inode == inode) return true;
    }
    return false;
}

/* Whether one of the last MOST files that were taken is this one, or was copied to it. */
static bool is_known(const struct succession *succession, int fd, size_t most,
                     bool (*fits)(const struct probe *probe, int fd))
{
    size_t const count = succession->known_count < most ? succession->known_count : most;
    for (size_t i = 1; i <= count; i++) {
        size_t const at = (succession->known_count - i) % SUCCESSION_KNOWN;
        if (fits(&succession->known[at], fd)) return true;
    }
    return false;
}

/* Whether what it has was taken, or will be, from another file. */
static bool is_copy(const struct succession *succession, const struct sibling *sibling, int fd,
                    int read_fd)
{
    if (sibling->form == SIBLING_LOG) return false;
    if (sibling->form == SIBLING_PACKED) /* to look costs as much as it has */
        return is_known(succession, fd, SUCCESSION_KNOWN_PACKED, probe_fits_packed);
    if (read_fd >= 0 && probe_is_copy(fd, sibling->size, read_fd)) return true;
    for (size_t i = 0; i < succession->count; i++) {
        if (probe_is_copy(fd, sibling->size, succession->held[i].fd)) return true;
    }
    return is_known(succession, fd, SUCCESSION_KNOWN, probe_fits);
}

/* A log that was copied and truncated is older than its copies, and goes on behind them. */
static void set_newest(struct succession *succession, const struct sibling *found)
{
    int64_t const begun_ns = succession->newest.begun_ns;
    succession->newest = *found;
    if (found->begun_ns < begun_ns) succession->newest.begun_ns = begun_ns;
}

static bool hold(struct succession *succession, const struct sibling *sibling, int read_fd,
                 struct error *err)
{
    int const links = sibling->form == SIBLING_LOG ? 0 : O_NOFOLLOW;
    AUTO_FD int fd = openat(succession->folder, sibling->name,
                            O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | links);
    struct sibling found = {.form = sibling->form};
    if (fd < 0 && errno == ENOENT) return true; /* renamed meanwhile: the next look finds it */
    if (fd < 0 && sibling->form == SIBLING_LOG) return error_system(err, errno, "cannot open");
    if (fd < 0) {
        tell_left_out(succession, sibling, "cannot be opened");
        return true;
    }
    if (!sibling_look(fd, &found, err)) return false;
    if (found.inode != sibling->inode) return true; /* likewise */
    if (is_copy(succession, &found, fd, read_fd)) {
        tell_left_out(succession, sibling, "is a copy of what was taken");
        return true;
    }
    succession->held[succession->count++] =
        (struct successor){.fd = take_fd(&fd), .inode = found.inode, .form = found.form};
    set_newest(succession, &found);
    succession->seen++;
    return true;
}

/* Whether the compressed file is on its way, and what it is made of still there. */
static bool has_twin(const struct siblings *siblings, const struct sibling *packed)
{
    size_t const length = (size_t)(strrchr(packed->name, '.') - packed->name);
    for (size_t i = 0; i < siblings->count; i++) {
        const char *const name = siblings->at[i].name;
        if (strlen(name) == length && memcmp(name, packed->name, length) == 0) return true;
    }
    return false;
}

static bool consider(struct succession *succession, const struct siblings *siblings,
                     const struct sibling *sibling, int read_fd, struct error *err)
{
    bool const is_packed = sibling->form == SIBLING_PACKED || sibling->form == SIBLING_UNREADABLE;
    if (sibling->form == SIBLING_OTHER || is_held(succession, sibling->inode) ||
        succession->count == SUCCESSORS_MOST || (is_packed && has_twin(siblings, sibling)))
        return true;
    if (sibling->form != SIBLING_UNREADABLE) return hold(succession, sibling, read_fd, err);
    tell_left_out(succession, sibling, "is compressed in a form that cannot be read");
    return true;
}

/* It is written as long as it is open. */
static bool look_at_newest(struct succession *succession, int read_fd, struct error *err)
{
    struct sibling found = {.form = succession->newest.form};
    int const fd = succession->count ? succession->held[succession->count - 1].fd : read_fd;
    if (fd < 0 || found.form == SIBLING_PACKED) return true;
    if (!sibling_look(fd, &found, err)) return false;
    set_newest(succession, &found);
    return true;
}

static void take_name(struct sibling *sibling, const struct siblings *siblings)
{
    for (size_t i = 0; i < siblings->count; i++) {
        if (siblings->at[i].inode == sibling->inode) sibling->name = siblings->at[i].name;
    }
}

static void tell_lost(struct succession *succession)
{
    if (succession->arrivals <= succession->seen) return;
    notices_show(succession->notices,
                 "%s: %llu files that had this name came and went unseen; what they had is not "
                 "loaded",
                 succession->path, (unsigned long long)(succession->arrivals - succession->seen));
    succession->seen = succession->arrivals;
}

/* Whether the path still names the newest one. One that is closed may be gone, and its number that
 * of another file. */
static bool is_newest(const struct succession *succession, const struct sibling *log, int read_fd)
{
    const struct sibling *const newest = &succession->newest;
    bool const is_open = read_fd >= 0 || succession->count > 0;
    return log->inode == newest->inode && (is_open || log->begun_ns == newest->begun_ns);
}

/* A log that is copied and truncated is older than its copies, also those that were there before
 * following began; but it is written when they are no more. */
static bool was_there(const struct succession *succession, const struct sibling *sibling,
                      const struct sibling *last)
{
    return sibling->form != SIBLING_LOG && sibling->written_ns < succession->since_ns &&
           sibling->written_ns < last->written_ns;
}

/* Of the file that is read, if it has a name; else 0. */
static uint64_t inode_of(int read_fd)
{
    struct stat stat;
    return read_fd >= 0 && fstat(read_fd, &stat) == 0 && stat.st_nlink > 0 ? stat.st_ino : 0;
}

static bool is_behind(struct succession *succession, const struct sibling *sibling,
                      const struct sibling *last)
{
    if (sibling->form != SIBLING_PLAIN || sibling->inode != succession->truncated)
        return sibling_is_behind(sibling, last) && !was_there(succession, sibling, last);
    succession->truncated = 0;
    return true;
}

static bool look_behind(struct succession *succession, int read_fd, struct error *err)
{
    uint64_t const read_inode = inode_of(read_fd);
    AUTO_SIBLINGS struct siblings siblings = {0};
    if (!look_at_newest(succession, read_fd, err) ||
        !siblings_read(succession->folder, succession->name, &siblings, err))
        return false;
    struct sibling last = succession->newest;
    if (read_fd < 0 && succession->count == 0) last.inode = 0;
    take_name(&last, &siblings);
    for (size_t i = 0; i < siblings.count; i++) {
        const struct sibling *const sibling = &siblings.at[i];
        if (sibling->inode != read_inode && is_behind(succession, sibling, &last) &&
            !consider(succession, &siblings, sibling, read_fd, err))
            return false;
    }
    return true;
}

bool succession_look(struct succession *succession, int fd, struct error *err)
{
    struct sibling log;
    switch (sibling_find(succession->folder, succession->name, succession->name, &log)) {
    case SIBLING_THERE:
        if (!is_newest(succession, &log, fd) && !look_behind(succession, fd, err)) return false;
        break;
    case SIBLING_GONE:
        if (!look_behind(succession, fd, err)) return false;
        break;
    case SIBLING_NO_FILE: return error_set(err, ERROR_INPUT, "is not a file that can grow");
    }
    tell_lost(succession);
    return true;
}

bool succession_look_again(struct succession *succession, int fd, struct error *err)
{
    AUTO_SIBLINGS struct siblings siblings = {0};
    struct sibling const newest = succession->newest;
    struct sibling last = {.form = SIBLING_PLAIN};
    struct successor *const held = succession->held;
    if (!sibling_look(fd, &last, err) ||
        !siblings_read(succession->folder, succession->name, &siblings, err))
        return false;
    take_name(&last, &siblings);
    for (size_t i = 0; i < siblings.count; i++) {
        const struct sibling *const sibling = &siblings.at[i];
        size_t const count = succession->count;
        if (sibling->form != SIBLING_PLAIN || !is_behind(succession, sibling, &last)) continue;
        if (!consider(succession, &siblings, sibling, fd, err)) return false;
        if (succession->count == count || held[count - 1].form != SIBLING_LOG) continue;
        struct successor const copy = held[count];
        held[count] = held[count - 1];
        held[count - 1] = copy;
    }
    set_newest(succession, &newest);
    return true;
}
