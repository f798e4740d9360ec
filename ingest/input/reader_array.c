/* One JSON array whose elements are the records, however its lines are broken:
 *
 *     [ {"a":1}, {"a":2} , ...]
 *      ^       ^ the place behind a record: in front of the comma or the closing bracket
 *
 * The array is never held as a whole. An element goes up to the comma or bracket that is outside of
 * strings and of brackets of its own, which is found without understanding it; json_scan then
 * judges what lies between. So a damaged element is refused alone, as long as its quotes and
 * brackets balance; where they do not, the rest of the array is one refused record.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/ascii.h"
#include "input/json_scan.h"
#include "input/reader.h"

enum array_state { ARRAY_BEFORE, ARRAY_FIRST, ARRAY_BEHIND_RECORD, ARRAY_ENDED, ARRAY_REFUSED };

/* Where the search for the end of an element stands. */
struct search {
    size_t searched; /* bytes of what is held */
    uint64_t depth;  /* of open brackets */
    bool in_string;
    bool escaped;
};

struct reader_array {
    struct reader base;
    struct json_scanner *scanner;
    enum array_state state;
    struct search search; /* in an element of which a part was handed out */
};

/* Goes on to the end of the element, or of what is held. */
static bool reader_array_find_end(struct search *search, struct slice held)
{
    for (; search->searched < held.length; search->searched++) {
        uint8_t const byte = held.at[search->searched];
        if (search->in_string) {
            if (search->escaped)
                search->escaped = false;
            else if (byte == '\\')
                search->escaped = true;
            else if (byte == '"')
                search->in_string = false;
            continue;
        }
        if (search->depth == 0 && (byte == ',' || byte == ']')) return true;
        if (byte == '"') search->in_string = true;
        if (byte == '{' || byte == '[') search->depth++;
        if ((byte == '}' || byte == ']') && search->depth > 0) search->depth--;
    }
    return false;
}

/* Holds the next element as a whole: its first `searched` bytes, or of one that is
 * too long a part. */
static bool hold_element(struct reader *reader, struct search *search, bool *ret_whole,
                         struct error *err)
{
    *ret_whole = true;
    while (!reader_array_find_end(search, source_held(reader->source))) {
        *ret_whole = search->searched <= reader->record_bytes_most;
        if (!*ret_whole) return true;
        switch (source_more(reader->source, err)) {
        case SOURCE_MORE: break;
        case SOURCE_END: *ret_whole = true; return true;
        case SOURCE_FAILED: return false;
        }
    }
    *ret_whole = true;
    return true;
}

/* Takes blanks; *ret_byte is what follows, 0 at the end. */
static bool reader_array_skip_blanks(struct reader *reader, uint8_t *ret_byte, struct error *err)
{
    *ret_byte = 0;
    for (;;) {
        struct slice const held = source_held(reader->source);
        size_t blank = 0;
        while (blank < held.length && ascii_is_json_space(held.at[blank]))
            blank++;
        if (blank < held.length) *ret_byte = held.at[blank];
        reader->line += reader_count_lines(slice_of(held.at, blank));
        source_take(reader->source, blank);
        if (*ret_byte) return true;
        if (blank < held.length) return true; /* a NUL */
        enum source_step const step = source_more(reader->source, err);
        if (step != SOURCE_MORE) return step == SOURCE_END;
    }
}

static struct slice reader_array_trim(struct slice text)
{
    while (text.length > 0 && ascii_is_json_space(text.at[text.length - 1]))
        text.length--;
    return text;
}

/* Takes LENGTH bytes of what is held. */
static struct slice reader_array_take(struct reader *reader, size_t length)
{
    struct slice const taken = slice_of(source_held(reader->source).at, length);
    reader->line += reader_count_lines(taken);
    source_take(reader->source, length);
    return taken;
}

static enum reader_step next_element(struct reader *reader, struct record *ret_record,
                                     struct refusal *refusal, struct error *err)
{
    struct reader_array *const array = (struct reader_array *)reader;
    struct search search = {0};
    uint8_t byte;
    bool whole;
    size_t offset;
    if (!reader_array_skip_blanks(reader, &byte, err) ||
        !hold_element(reader, &search, &whole, err))
        return READER_FAILED;
    *ret_record = (struct record){.line = reader->line, .cells = reader->cells, .more = !whole};
    struct slice const text = reader_array_take(reader, search.searched);
    array->search = search;
    array->state = ARRAY_BEHIND_RECORD;
    ret_record->raw = whole ? reader_array_trim(text) : text;
    if (text.length > reader->record_bytes_most) {
        reader_refuse_long(reader, refusal);
        return READER_REFUSED;
    }
    enum json_fault const fault =
        json_scan(array->scanner, ret_record->raw, reader->cells, &offset);
    if (fault == JSON_GOOD) return READER_RECORD;
    json_fault_refuse(fault, offset, refusal);
    return READER_REFUSED;
}

/* What is wrong with the array itself is told once, with all of the rest as the record. */
static enum reader_step refuse_rest(struct reader *reader, struct record *ret_record,
                                    struct refusal *refusal, const char *why)
{
    *ret_record = (struct record){.line = reader->line, .more = true};
    ret_record->raw = reader_array_take(reader, source_held(reader->source).length);
    refusal_set(refusal, "%s", why);
    ((struct reader_array *)reader)->state = ARRAY_REFUSED;
    return READER_REFUSED;
}

static bool next_part(struct reader *reader, struct record *record, struct error *err)
{
    struct reader_array *const array = (struct reader_array *)reader;
    enum source_step const step = source_more(reader->source, err);
    if (step == SOURCE_FAILED) return false;
    struct slice const held = source_held(reader->source);
    array->search.searched = 0;
    bool const ended = array->state != ARRAY_REFUSED && reader_array_find_end(&array->search, held);
    record->raw = reader_array_take(reader, ended ? array->search.searched : held.length);
    record->more = !ended && step == SOURCE_MORE;
    return true;
}

static void take_mark(struct reader *reader, enum array_state next)
{
    source_take(reader->source, 1);
    ((struct reader_array *)reader)->state = next;
}

static enum reader_step reader_array_next_record(struct reader *reader, struct record *ret_record,
                                                 struct refusal *refusal, struct error *err)
{
    struct reader_array *const array = (struct reader_array *)reader;
    uint8_t byte;
    for (;;) {
        if (!reader_array_skip_blanks(reader, &byte, err)) return READER_FAILED;
        switch (array->state) {
        case ARRAY_BEFORE: take_mark(reader, ARRAY_FIRST); continue;
        case ARRAY_FIRST:
            if (byte == ']') {
                take_mark(reader, ARRAY_ENDED);
                continue;
            }
            break;
        case ARRAY_BEHIND_RECORD:
            if (byte == ']') {
                take_mark(reader, ARRAY_ENDED);
                continue;
            }
            if (byte == ',') source_take(reader->source, 1);
            break;
        case ARRAY_ENDED:
            if (source_held(reader->source).length == 0) return READER_END;
            return refuse_rest(reader, ret_record, refusal, "text behind the end of the array");
        case ARRAY_REFUSED: return READER_END;
        }
        if (byte == 0 && source_held(reader->source).length == 0)
            return refuse_rest(reader, ret_record, refusal, "the array has no end");
        return next_element(reader, ret_record, refusal, err);
    }
}

static void array_done(struct reader *reader)
{
    json_scanner_free(((struct reader_array *)reader)->scanner);
}

struct reader *reader_array_new(const struct stream *stream, bool at_start)
{
    static const struct reader_methods methods = {
        .next = reader_array_next_record, .rest = next_part, .done = array_done};
    struct reader_array *const array = memory_alloc(sizeof *array);
    array->base.methods = &methods;
    array->scanner = json_scanner_new(stream);
    array->state = at_start ? ARRAY_BEFORE : ARRAY_BEHIND_RECORD;
    return &array->base;
}
