// SPDX-License-Identifier: Apache-2.0
#include "cli/console.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "host/stdio_fds.h"

enum exit_status console_error(const struct error *err)
{
    char text[ERROR_TEXT_BYTES], head[STANDARD_ERROR_HEAD_BYTES];
    (void)fprintf(stderr, "%s%s\n", standard_error_head("tally", LINE_ERROR, head),
                  error_text(err, text, sizeof text)); /* no one to tell */
    return EXIT_FAILED;
}

void console_notice(struct progress *progress, const char *text)
{
    char head[STANDARD_ERROR_HEAD_BYTES];
    if (progress) progress_erase(progress);
    (void)fprintf(stderr, "%s%s\n", standard_error_head("tally", LINE_NOTICE, head),
                  text); /* no one to tell */
}

static void show(void *context, const char *text)
{
    console_notice(context, text);
}

static void show_error(void *context, const struct error *err)
{
    struct progress *const progress = (struct progress *)context;
    if (progress) progress_erase(progress);
    (void)console_error(err);
}

struct notices console_notices(struct progress *progress)
{
    return (struct notices){.show = show, .show_error = show_error, .context = progress};
}

void console_counts(const struct batch *batch)
{
    const struct {
        const char *name;
        uint64_t count;
        bool always;
    } counts[] = {
        {"read", batch->read_count, true},           {"new", batch->new_count, true},
        {"duplicate", batch->duplicate_count, true}, {"replaced", batch->replaced_count, false},
        {"stale", batch->stale_count, false},        {"deleted", batch->deleted_count, false},
        {"rejected", batch->rejected_count, true},
    };
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        if (counts[i].always || counts[i].count)
            (void)printf("%s%s %llu", i ? ", " : "", counts[i].name, /* console_end looks */
                         (unsigned long long)counts[i].count);
    }
}

void console_reasons(const struct batch *batch, bool to_output)
{
    for (size_t i = 0; i < batch->reason_count; i++) {
        const struct batch_reason *const reason = &batch->reasons[i];
        (void)fprintf(to_output ? stdout : stderr, "%10llu  %.*s\n", /* console_end looks */
                      (unsigned long long)reason->count, (int)reason->text.length,
                      (const char *)reason->text.at);
    }
}

void console_difference(void *context, const char *path, const char *what)
{
    (void)context;
    (void)printf("%s: %s\n", path, what); /* console_end looks */
}

enum exit_status console_end(enum exit_status status)
{
    struct error err;
    int reason = 0;
    bool const failed = ferror(stdout) != 0; /* then errno is long gone */
    /* Another write tells it again. What it adds where it can does no harm: a part is missing. */
    if (failed && write(STDOUT_FILENO, "\n", 1) < 0) reason = errno;
    if (fclose(stdout) != 0) reason = errno;
    if (!failed && !reason) return status;
    if (reason)
        (void)error_system(&err, reason, "cannot write to standard output");
    else
        (void)error_set(&err, ERROR_SYSTEM, "cannot write to standard output");
    return console_error(&err);
}
