// SPDX-License-Identifier: Apache-2.0
#include "common/progress.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>

#include "common/printable.h"

enum { REDRAW_NS = 100000000, NS_PER_SECOND = 1000000000, NARROW_COLUMNS = 80 };
enum { SHOWN_NAME_BYTES = 30 };

static int64_t progress_now_ns(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 0;
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

void progress_init(struct progress *progress)
{
    *progress = (struct progress){.terminal = isatty(STDERR_FILENO) == 1};
}

void progress_begin(struct progress *progress, struct slice name)
{
    progress->name = name;
    progress->begun_ns = progress->terminal ? progress_now_ns() : 0;
    progress->drawn_ns = progress->begun_ns;
}

static size_t terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return NARROW_COLUMNS;
    return size.ws_col;
}

static void write_bytes(double bytes, struct buffer *line)
{
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
    size_t unit = 0;
    for (; bytes >= 1000 && unit + 1 < COUNT_OF(units); unit++)
        bytes /= 1000;
    buffer_format(line, unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

static void write_left(double seconds, struct buffer *line)
{
    unsigned const left = seconds < 0 ? 0 : seconds > 359999 ? 359999 : (unsigned)(seconds + 0.5);
    buffer_format(line, left >= 3600 ? ", %u:%02u:%02u left" : ", %.0u%u:%02u left", left / 3600,
                  left / 60 % 60, left % 60);
}

static void write_line(const struct progress *progress, struct progress_point point,
                       int64_t elapsed_ns, struct buffer *line)
{
    double const seconds = (double)elapsed_ns / NS_PER_SECOND;
    double const done = (double)point.done_bytes, total = (double)point.total_bytes;
    printable_write(progress->name, SHOWN_NAME_BYTES, line);
    buffer_add_text(line, ": ");
    write_bytes(done, line);
    if (point.total_bytes > 0) {
        buffer_add_text(line, " of ");
        write_bytes(total, line);
        buffer_format(line, ", %.0f%%", done / total * 100);
    }
    if (point.records > 0) {
        buffer_format(line, ", %.0f records/s", (double)point.records / seconds);
    } else {
        buffer_add_text(line, ", ");
        write_bytes(done / seconds, line);
        buffer_add_text(line, "/s");
    }
    if (point.total_bytes > 0 && done > 0 && done <= total)
        write_left((total - done) * seconds / done, line);
}

void progress_show(struct progress *progress, struct progress_point point)
{
    if (!progress->terminal) return;
    int64_t const now = progress_now_ns();
    if (now - progress->drawn_ns < REDRAW_NS) return;
    AUTO_BUFFER struct buffer line = {0};
    write_line(progress, point, now - progress->begun_ns, &line);
    size_t const columns = terminal_columns();
    size_t const length = line.length < columns ? line.length : columns - 1;
    (void)fprintf(stderr, "\r\033[K%.*s", (int)length, (const char *)line.at); /* only a courtesy */
    (void)fflush(stderr);
    progress->drawn = true;
    progress->drawn_ns = now;
}

void progress_erase(struct progress *progress)
{
    if (!progress->drawn) return;
    (void)fputs("\r\033[K", stderr); /* only a courtesy */
    (void)fflush(stderr);
    progress->drawn = false;
}
