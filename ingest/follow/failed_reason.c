// SPDX-License-Identifier: Apache-2.0
#include "follow/failed_reason.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

#include "base/open_beneath.h"

static const char ending[] = ".error";
static const char beginning[] = "tally: ";
enum { ENDING_BYTES = sizeof ending - 1, BEGINNING_BYTES = sizeof beginning - 1 };

static bool is_named_so(const char *name)
{
    size_t const length = strlen(name);
    return length > ENDING_BYTES && strcmp(name + length - ENDING_BYTES, ending) == 0;
}

bool failed_reason_is_one(int folder, const char *name)
{
    char found[BEGINNING_BYTES];
    if (!is_named_so(name)) return false;
    AUTO_FD int const fd = open_beneath_file(folder, name, O_RDONLY, 0);
    return fd >= 0 && pread(fd, found, sizeof found, 0) == sizeof found &&
           memcmp(found, beginning, sizeof found) == 0;
}

bool failed_reason_write(int failed, const char *name, const struct error *reason,
                         struct slice rejects, struct error *err)
{
    char text[ERROR_TEXT_BYTES];
    AUTO_BUFFER struct buffer path = {0};
    AUTO_BUFFER struct buffer content = {0};
    buffer_format(&path, "%s%s", name, ending);
    buffer_add_byte(&path, '\0');
    buffer_format(&content, "%s%s\n", beginning, error_text(reason, text, sizeof text));
    if (rejects.length)
        buffer_format(&content, "refused records: %.*s\n", (int)rejects.length,
                      (const char *)rejects.at);
    const char *const there = (const char *)path.at;
    if (failed_reason_is_one(failed, there)) (void)unlinkat(failed, there, 0); /* open tells */
    AUTO_FD int const fd = open_beneath_file(failed, there, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (fd < 0 || write(fd, content.at, content.length) != (ssize_t)content.length)
        return error_system(err, errno, "cannot write the reason beside it");
    return true;
}

/* Whether the file that NAME tells of is not there. */
static bool is_alone(int failed, const char *name)
{
    AUTO_BUFFER struct buffer file = {0};
    buffer_add(&file, name, strlen(name) - ENDING_BYTES);
    buffer_add_byte(&file, '\0');
    return faccessat(failed, (const char *)file.at, F_OK, AT_SYMLINK_NOFOLLOW) != 0 &&
           errno == ENOENT;
}

static int is_candidate(const struct dirent *entry)
{
    return is_named_so(entry->d_name);
}

void failed_reason_sweep(int failed)
{
    struct dirent **entries;
    int const count = scandirat(failed, ".", &entries, is_candidate, NULL);
    for (int i = 0; i < count; i++) {
        const char *const name = entries[i]->d_name;
        if (is_alone(failed, name) && failed_reason_is_one(failed, name))
            (void)unlinkat(failed, name, 0); /* it is tried again */
        free(entries[i]);
    }
    if (count >= 0) free(entries);
}
