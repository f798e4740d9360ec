/* What tells the order of files is when they were made, which no rename changes:
 *
 *     app.log.2   made 10:00  written until 11:00     rotated before app.log.1 was begun
 *     app.log.1   made 11:00  written until 12:00
 *     app.log     made 12:00
 *
 * A compressed one was made when it was compressed; but it keeps the time when what it has was
 * written last, and the next file was begun about then. Clocks of file systems tick every few
 * milliseconds: what was made in one tick is told apart by the time of its last rename, as those
 * that rotate rename the oldest one first; then by number or date.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "follow/siblings.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"

enum { NS_PER_SECOND = 1000000000, CHAIN_DIGITS_MOST = 4 };

static bool ends_in(const char *name, size_t length, const char *const *endings, size_t count,
                    size_t *ret_rest)
{
    for (size_t i = 0; i < count; i++) {
        size_t const ending = strlen(endings[i]);
        if (length <= ending || memcmp(name + length - ending, endings[i], ending) != 0) continue;
        *ret_rest = length - ending;
        return true;
    }
    return false;
}

/* What stands behind the separator: "1", "20260101-1767225600", "2026-01-01T10:00:00Z", "old". */
static bool is_rotation(const char *text, size_t length)
{
    bool has_digit = false;
    if (length == 3 && memcmp(text, "old", 3) == 0) return true;
    for (size_t i = 0; i < length; i++) {
        bool const digit = text[i] >= '0' && text[i] <= '9';
        if (!digit && !strchr("-_.:+TZ", text[i])) return false;
        has_digit = has_digit || digit;
    }
    return has_digit;
}

enum sibling_form sibling_form_of(const char *log, const char *name)
{
    static const char *const packed[] = {".gz", ".zst"};
    static const char *const unreadable[] = {".xz", ".bz2", ".lz4", ".lzma", ".Z", ".zip"};
    size_t const own = strlen(log);
    const char *const behind = name + own;
    if (!*behind) return SIBLING_LOG;
    size_t const length = strlen(behind);
    size_t rest = length;
    enum sibling_form form = SIBLING_PLAIN;
    if (ends_in(behind, length, packed, COUNT_OF(packed), &rest))
        form = SIBLING_PACKED;
    else if (ends_in(behind, length, unreadable, COUNT_OF(unreadable), &rest))
        form = SIBLING_UNREADABLE;
    return strchr("-_.", *behind) && is_rotation(behind + 1, rest - 1) ? form : SIBLING_OTHER;
}

static int64_t nanoseconds(struct statx_timestamp time)
{
    return time.tv_sec * NS_PER_SECOND + time.tv_nsec;
}

static void take_facts(struct sibling *sibling, const struct statx *found)
{
    bool const is_compressed =
        sibling->form == SIBLING_PACKED || sibling->form == SIBLING_UNREADABLE;
    bool const is_dated = (found->stx_mask & STATX_BTIME) && !is_compressed;
    sibling->inode = found->stx_ino;
    sibling->size = found->stx_size;
    sibling->written_ns = nanoseconds(found->stx_mtime);
    sibling->renamed_ns = nanoseconds(found->stx_ctime);
    sibling->begun_ns = is_dated ? nanoseconds(found->stx_btime) : sibling->written_ns;
}

bool sibling_look(int fd, struct sibling *sibling, struct error *err)
{
    struct statx found;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &found) != 0)
        return error_system(err, errno, "cannot look at it");
    take_facts(sibling, &found);
    return true;
}

static int compare(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

/* The number of app.log.7, of which a higher one is older; -1: not numbered so. */
static int chain_number(const char *name)
{
    const char *const dot = strrchr(name, '.');
    char *end;
    if (!dot || dot[1] < '0' || dot[1] > '9' || strlen(dot + 1) > CHAIN_DIGITS_MOST) return -1;
    long const number = strtol(dot + 1, &end, 10);
    return *end ? -1 : (int)number;
}

static int by_name(const char *a, const char *b)
{
    int const number_a = chain_number(a), number_b = chain_number(b);
    return number_a >= 0 && number_b >= 0 ? compare(number_b, number_a) : strcmp(a, b);
}

static int by_age(const void *first, const void *second)
{
    const struct sibling *const a = first;
    const struct sibling *const b = second;
    int order = compare(a->form == SIBLING_LOG, b->form == SIBLING_LOG);
    if (order == 0) order = compare(a->begun_ns, b->begun_ns);
    if (order == 0) order = compare(a->renamed_ns, b->renamed_ns);
    return order || !a->name || !b->name ? order : by_name(a->name, b->name);
}

bool sibling_is_behind(const struct sibling *each, const struct sibling *last)
{
    if (each->inode == last->inode) return false;
    if (each->form == SIBLING_LOG) return true;
    /* Of these it is not known when they were begun. */
    if (each->form == SIBLING_PACKED || each->form == SIBLING_UNREADABLE ||
        last->form == SIBLING_PACKED)
        return each->written_ns > last->written_ns;
    struct sibling rotated = *last;
    rotated.form = each->form; /* who asks has seen that the log is another one by now */
    return by_age(each, &rotated) > 0;
}

enum sibling_finding sibling_find(int folder, const char *log, const char *name,
                                  struct sibling *ret_sibling)
{
    struct statx found;
    struct sibling sibling = {.form = sibling_form_of(log, name)};
    int const flags = sibling.form == SIBLING_LOG ? 0 : AT_SYMLINK_NOFOLLOW;
    if (statx(folder, name, flags, STATX_BASIC_STATS | STATX_BTIME, &found) != 0)
        return SIBLING_GONE;
    if (!S_ISREG(found.stx_mode)) return SIBLING_NO_FILE;
    take_facts(&sibling, &found);
    *ret_sibling = sibling;
    return SIBLING_THERE;
}

static void add_sibling(struct siblings *siblings, int folder, const char *log, const char *name)
{
    struct sibling *const sibling = &siblings->at[siblings->count];
    if (strncmp(name, log, strlen(log)) != 0 ||
        sibling_find(folder, log, name, sibling) != SIBLING_THERE)
        return;
    sibling->name = memory_alloc(strlen(name) + 1);
    memcpy(sibling->name, name, strlen(name));
    siblings->count++;
}

bool siblings_read(int folder, const char *log, struct siblings *ret_siblings, struct error *err)
{
    struct dirent **entries;
    int const count = scandirat(folder, ".", &entries, NULL, alphasort);
    if (count < 0) return error_system(err, errno, "cannot list its folder");
    struct siblings siblings = {.at = memory_alloc((size_t)count * sizeof *siblings.at)};
    for (int i = 0; i < count; i++) {
        add_sibling(&siblings, folder, log, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    qsort(siblings.at, siblings.count, sizeof *siblings.at, by_age);
    *ret_siblings = siblings;
    return true;
}

void siblings_done(const struct siblings *siblings)
{
    for (size_t i = 0; i < siblings->count; i++)
        free(siblings->at[i].name);
    free(siblings->at);
}
