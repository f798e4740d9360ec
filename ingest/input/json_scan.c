/* One pass over one object. Members are checked and left behind as they come; the few that a field
 * wants become cells that point into the text. Three things make it fast:
 *
 * - The members of a record come in the order of the record before, as a rule. Member i is first
 *   compared with the name that member i had then, quote included, so that a known name costs one
 *   memcmp and no look-up:
 *       remembered:  [ "event_id" -> field 0 | "noise" -> no field | ... ]
 *       text:        {"event_id":"evt_1","noise":...
 *   Only when that fails is the name scanned and looked up in a hash table, and remembered for next
 *   time.
 * - Inside strings eight bytes are looked at at once for the three that matter: quotes, backslashes
 *   and control characters (Hacker's Delight, "find first 0-byte").
 * - Nothing is copied unless a wanted string has escapes. Those go to a scratch buffer that is as
 *   large as the text before the first of them, and so never moves while cells point into it: no
 *   escape is shorter than what it stands for.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "input/json_scan.h"

#include "base/arena.h"
#include "base/hash_table.h"
#include "input/json_pointer.h"
#include "input/json_value.h"

enum { NO_FIELD = -1, REMEMBERED_MEMBERS = 256, REMEMBERED_NAME_BYTES = 43 };

/* What member i of the record before was. */
struct remembered {
    int32_t field;
    uint8_t length; /* of `name` with its closing quote; 0: nothing to remember */
    char name[REMEMBERED_NAME_BYTES];
};

/* A field that reads a member of the record, or something inside one. */
struct inside {
    struct slice member;
    struct buffer member_text; /* which `member` may borrow */
    struct buffer scratch;     /* of what is found inside */
    bool is_pointer;
    bool
        /* another field reads inside of what this one reads: it is no value where
         * that one has its own */
        is_around;
};

struct json_scanner {
    const struct stream *stream;
    struct hash_table members; /* of struct inside, the first field of each member */
    int32_t *twins;            /* per field: the first field with the same column */
    bool has_twins;
    bool has_pointers;
    bool has_around;
    struct inside *insides; /* one a field */
    struct buffer scratch;
    struct remembered remembered[REMEMBERED_MEMBERS];
};

static bool has_member(const void *entry, const void *wanted)
{
    const struct inside *const inside = entry;
    const struct slice *const name = wanted;
    return slice_equal(inside->member, *name);
}

/* The first field of the member; NO_FIELD: no field wants it. */
static int32_t field_of(const struct json_scanner *scanner, struct slice name)
{
    const struct inside *const inside =
        hash_table_find(&scanner->members, hash_bytes(0, name), has_member, &name);
    return inside ? (int32_t)(inside - scanner->insides) : NO_FIELD;
}

/* Whether the column of field B goes on from that of field A: "/output" and "/output/score". */
static bool goes_on(const struct json_scanner *scanner, size_t a, size_t b)
{
    const struct inside *const outer = &scanner->insides[a], *const inner = &scanner->insides[b];
    struct slice const longer = scanner->stream->fields[b].column,
                       shorter = scanner->stream->fields[a].column;
    if (!inner->is_pointer || !slice_equal(outer->member, inner->member)) return false;
    if (!outer->is_pointer) return true; /* all that is in the member */
    return longer.length > shorter.length && longer.at[shorter.length] == '/' &&
           memcmp(longer.at, shorter.at, shorter.length) == 0;
}

static void find_around(struct json_scanner *scanner)
{
    for (size_t i = 0; scanner->has_pointers && i < scanner->stream->field_count; i++) {
        for (size_t j = 0; j < scanner->stream->field_count; j++)
            scanner->insides[i].is_around |= goes_on(scanner, i, j);
        scanner->has_around |= scanner->insides[i].is_around;
    }
}

struct json_scanner *json_scanner_new(const struct stream *stream)
{
    struct json_scanner *const scanner = memory_alloc(sizeof *scanner);
    scanner->stream = stream;
    scanner->twins = memory_alloc(stream->field_count * sizeof *scanner->twins);
    scanner->insides = memory_alloc(stream->field_count * sizeof *scanner->insides);
    for (size_t i = 0; i < stream->field_count; i++) {
        struct slice const column = stream->fields[i].column;
        struct inside *const inside = &scanner->insides[i];
        inside->member = json_pointer_member(column, &inside->member_text);
        inside->is_pointer = column.length > 1 && memchr(column.at + 1, '/', column.length - 1) &&
                             column.at[0] == '/';
        scanner->has_pointers |= inside->is_pointer;
        int32_t const first = field_of(scanner, inside->member);
        scanner->has_twins |= first != NO_FIELD;
        scanner->twins[i] = first == NO_FIELD ? (int32_t)i : first;
        if (first == NO_FIELD)
            hash_table_add(&scanner->members, hash_bytes(0, inside->member), inside);
    }
    find_around(scanner);
    return scanner;
}

void json_scanner_free(struct json_scanner *scanner)
{
    if (!scanner) return;
    buffer_done(&scanner->scratch);
    for (size_t i = 0; i < scanner->stream->field_count; i++) {
        buffer_done(&scanner->insides[i].member_text);
        buffer_done(&scanner->insides[i].scratch);
    }
    free(scanner->insides);
    hash_table_done(&scanner->members);
    free(scanner->twins);
    free(scanner);
}

/* A name that was not expected here: looks it up, and expects it in the next record. */
static bool read_new_name(struct json_scanner *scanner, struct json_cursor *cursor,
                          struct remembered *remembered, int32_t *ret_field)
{
    const uint8_t *const start = cursor->at;
    struct slice name;
    if (!json_read_string(cursor, &scanner->scratch, &name)) return false;
    *ret_field = field_of(scanner, name);
    size_t const written = (size_t)(cursor->at - start);
    if (!remembered || written > sizeof remembered->name || name.at != start) return true;
    remembered->field = *ret_field;
    remembered->length = (uint8_t)written;
    memcpy(remembered->name, start, written);
    return true;
}

/* One member: name, colon, value. */
static inline bool read_member(struct json_scanner *scanner, struct json_cursor *cursor,
                               struct remembered *remembered, struct cell *cells)
{
    int32_t field = NO_FIELD;
    if (!json_take(cursor, '"')) return json_fail(cursor, JSON_NO_NAME);
    if (remembered && remembered->length > 0 && cursor->end - cursor->at >= remembered->length &&
        memcmp(cursor->at, remembered->name, remembered->length) == 0) {
        cursor->at += remembered->length;
        field = remembered->field;
    } else if (!read_new_name(scanner, cursor, remembered, &field)) {
        return false;
    }
    if (!json_read_colon(cursor)) return false;
    struct cell unwanted;
    if (field == NO_FIELD) return json_read_value(cursor, NULL, &unwanted);
    return json_read_value(cursor, &scanner->scratch, &cells[field]);
}

static bool json_scan_read_object(struct json_scanner *scanner, struct json_cursor *cursor,
                                  struct cell *cells)
{
    json_skip_blanks(cursor);
    if (!json_take(cursor, '{')) {
        cursor->fault = JSON_NOT_OBJECT;
        return false;
    }
    json_skip_blanks(cursor);
    for (size_t member = 0; !json_take(cursor, '}'); member++) {
        if (member > 0) {
            if (!json_take(cursor, ',')) return json_fail(cursor, JSON_NO_COMMA);
            json_skip_blanks(cursor);
        }
        struct remembered *const remembered =
            member < REMEMBERED_MEMBERS ? &scanner->remembered[member] : NULL;
        if (!read_member(scanner, cursor, remembered, cells)) return false;
        json_skip_blanks(cursor);
    }
    json_skip_blanks(cursor);
    if (cursor->at == cursor->end) return true;
    return json_fail(cursor, JSON_TEXT_BEHIND);
}

/* From the members of the record to what is inside them. */
static void follow_pointers(struct json_scanner *scanner, struct cell *cells)
{
    for (size_t i = 0; i < scanner->stream->field_count; i++) {
        struct inside *const inside = &scanner->insides[i];
        if (!inside->is_pointer) continue;
        if (cells[i].kind == CELL_NESTED)
            json_pointer_find(cells[i].text, scanner->stream->fields[i].column, &inside->scratch,
                              &cells[i]);
        else
            cells[i].kind = CELL_ABSENT;
    }
}

/* One member may hold a value in one record and several named ones in another: {"output": true},
 * {"output": {"score": 1}}. */
static void leave_nested(struct json_scanner *scanner, struct cell *cells)
{
    for (size_t i = 0; i < scanner->stream->field_count; i++) {
        if (scanner->insides[i].is_around && cells[i].kind == CELL_NESTED)
            cells[i] = (struct cell){.kind = CELL_ABSENT};
    }
}

enum json_fault json_scan(struct json_scanner *scanner, struct slice text, struct cell *cells,
                          size_t *ret_offset)
{
    struct json_cursor cursor = {.at = text.at, .end = text.at + text.length};
    memset(cells, 0, scanner->stream->field_count * sizeof *cells); /* CELL_ABSENT */
    buffer_clear(&scanner->scratch);
    if (!json_scan_read_object(scanner, &cursor, cells)) {
        *ret_offset = (size_t)(cursor.at - text.at);
        return cursor.fault;
    }
    if (scanner->has_twins) {
        for (size_t i = 0; i < scanner->stream->field_count; i++)
            cells[i] = cells[scanner->twins[i]];
    }
    if (scanner->has_pointers) follow_pointers(scanner, cells);
    if (scanner->has_around) leave_nested(scanner, cells);
    return JSON_GOOD;
}
