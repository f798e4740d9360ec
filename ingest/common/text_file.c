// SPDX-License-Identifier: Apache-2.0
#include "common/text_file.h"

#include <errno.h>
#include <fcntl.h>

enum { READ_BYTES = 64 << 10 };

static bool text_file_read_all(int fd, struct buffer *text, struct error *err)
{
    for (;;) {
        buffer_reserve(text, READ_BYTES);
        ssize_t const got = read(fd, text->at + text->length, READ_BYTES);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return error_system(err, errno, "cannot read");
        if (got == 0) return true;
        text->length += (size_t)got;
        if (text->length > TEXT_FILE_BYTES_MAX)
            return error_set(err, ERROR_INPUT, "longer than %d MiB", TEXT_FILE_BYTES_MAX >> 20);
    }
}

static void drop_mark(struct buffer *text)
{
    if (text->length < 3 || memcmp(text->at, "\xef\xbb\xbf", 3) != 0) return;
    text->length -= 3;
    memmove(text->at, text->at + 3, text->length);
}

bool text_file_read(const char *path, struct buffer *ret_text, struct error *err)
{
    bool const input = strcmp(path, "-") == 0;
    AUTO_FD int const fd =
        input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC);
    buffer_clear(ret_text);
    if (fd < 0) {
        (void)error_system(err, errno, "cannot open");
        return error_place(err, "%s", path);
    }
    if (!text_file_read_all(fd, ret_text, err))
        return error_place(err, "%s", input ? "standard input" : path);
    drop_mark(ret_text);
    return true;
}
