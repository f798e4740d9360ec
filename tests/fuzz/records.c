/* An input file of any form, through the readers and into events: what becomes an event reads back
 * as it was read, and what is refused says why in one line.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "input/bind.h"
#include "input/reader.h"
#include "tables/events.h"

static const char schema_text[] =
    "{\"streams\":{\"s\":{\"key\":[\"a\",\"i\"],\"fields\":{\"a\":\"string\",\"i\":\"int\",\"d\":"
    "\"decimal\",\"f\":\"float\","
    "\"b\":\"bool\",\"t\":\"time\",\"n\":{\"type\":\"string\",\"column\":\"/o/p\"},"
    "\"m\":{\"type\":\"time\",\"column\":\"a\",\"format\":\"%d.%m.%Y\"}}}},\"views\":{}}";

static void check(bool good)
{
    if (!good) __builtin_trap();
}

static void check_event(const struct stream *stream, const struct binder *binder)
{
    struct events_chunk chunk;
    AUTO_FREE struct value *const back = memory_alloc(stream->field_count * sizeof *back);
    events_chunk_init(&chunk, stream);
    events_chunk_add(&chunk, binder->values);
    check(event_unpack(stream, &chunk.events[0], &chunk.arena, back));
    for (size_t i = 0; i < stream->field_count; i++)
        check(value_compare(&binder->values[i], &back[i]) == 0);
    events_chunk_done(&chunk);
}

static void check_refusal(const struct refusal *refusal)
{
    check(refusal->text.length > 0 && refusal->kind.length > 0);
    for (size_t i = 0; i < refusal->text.length; i++)
        check(refusal->text.at[i] >= 0x20 && refusal->text.at[i] != 0x7f);
}

static void read_all(struct source *source, const struct schema *schema)
{
    static struct notices const nobody = {.show = NULL};
    const struct stream *const stream = &schema->streams[0];
    struct reader *reader;
    struct binder binder;
    struct refusal refusal = {.text = {0}};
    struct record record;
    struct error err;
    enum reader_step step;
    uint64_t line = 0;
    if (!source_start(source, 0, &err) || !reader_open(source, stream, INPUT_BY_CONTENT, NULL,
                                                       RECORD_BYTES_MAX, &nobody, &reader, &err))
        return;
    binder_init(&binder, stream, schema->zone);
    while ((step = reader_next(reader, &record, &refusal, &err)) == READER_RECORD ||
           step == READER_REFUSED) {
        check(record.line >= line);
        line = record.line;
        if (step == READER_RECORD && bind_cells(&binder, record.cells, &refusal))
            check_event(stream, &binder);
        else
            check_refusal(&refusal);
        while (step == READER_REFUSED && record.more) {
            if (!reader_rest(reader, &record, &err)) break;
        }
    }
    binder_done(&binder);
    refusal_done(&refusal);
    reader_free(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct schema *schema;
    struct progress progress = {.terminal = false};
    struct source *source;
    struct error err;
    char path[64];
    if (!schema) check(schema_read(slice_text(schema_text), NULL, &schema, &err));
    int const fd = memfd_create("input", MFD_CLOEXEC);
    check(fd >= 0 && write(fd, bytes, length) == (ssize_t)length);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (source_open(path, -1, &progress, &source, &err)) {
        read_all(source, schema);
        source_close(source);
    }
    (void)close(fd);
    return 0;
}
