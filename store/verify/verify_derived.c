/* What the store keeps to find events and nodes by: the tables of references, of expiry and of
 * links, against the stored events. Of each side the hashes of the entries are added up, in
 * whatever order they come.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/digest.h"
#include "base/hash.h"
#include "lsm/lsm_cursor.h"
#include "tables/event_scan.h"
#include "tables/expiry.h"
#include "tables/hierarchy_links.h"
#include "tables/join.h"
#include "types/pack.h"
#include "verify/verify_check.h"

static void verify_derived_tell(struct check *check, const char *what, struct slice name)
{
    buffer_clear(&check->path);
    buffer_format(&check->path, "%s of ", what);
    buffer_add_slice(&check->path, name);
    verify_emit(check, "", "are not those of the stored events");
}

/* A table of streams: the sum of the entries that an event has in it. */
struct derived_table {
    enum db_table table;
    uint64_t (*sum)(const struct stream *stream, const struct event *event,
                    const struct value *values);
};

static uint64_t sum_of_entry(struct slice key, struct slice value)
{
    return hash_bytes(hash_bytes(0, key), value);
}

static uint64_t sum_of_references(const struct stream *stream, const struct event *event,
                                  const struct value *values)
{
    STACK_BUFFER(key, DB_KEY_BYTES_MAX);
    STACK_BUFFER(target, DB_KEY_BYTES_MAX);
    uint64_t sum = 0;
    for (size_t i = 0; i < stream->reference_count; i++) {
        if (!join_target_key(&stream->references[i], values, &target)) continue;
        buffer_clear(&key);
        pack_u16(&key, stream->id);
        buffer_add_byte(&key, (uint8_t)i);
        digest_add(buffer_slice(&target), &key);
        digest_add(event->key, &key);
        sum += sum_of_entry(buffer_slice(&key), event->key);
    }
    return sum;
}

static uint64_t sum_of_expiry(const struct stream *stream, const struct event *event,
                              const struct value *values)
{
    STACK_BUFFER(key, DB_KEY_BYTES_MAX);
    STACK_BUFFER(value, DB_KEY_BYTES_MAX);
    return expiry_entry(stream, event->key, values, &key, &value)
               ? sum_of_entry(buffer_slice(&key), buffer_slice(&value))
               : 0;
}

static bool sum_of_events(const struct snapshot *snapshot, const struct stream *stream,
                          const struct derived_table *derived, uint64_t *ret_sum, struct error *err)
{
    AUTO_FREE struct value *const values =
        memory_alloc(stream_value_count(stream) * sizeof *values);
    struct event_scan *scan;
    struct event event;
    enum event_step step;
    bool good = true;
    *ret_sum = 0;
    if (!event_scan_open(snapshot->txn, stream, &scan, err)) return false;
    while (good && (step = event_scan_unpack(scan, &event, values, err)) != EVENT_END) {
        good = step == EVENT_ONE;
        if (good) *ret_sum += derived->sum(stream, &event, values);
    }
    event_scan_close(scan);
    return good;
}

static bool sum_of_entries(const struct snapshot *snapshot, const struct stream *stream,
                           enum db_table table, uint64_t *ret_sum, struct error *err)
{
    AUTO_LSM_CURSOR struct lsm_cursor *cursor = NULL;
    STACK_BUFFER(prefix, EVENT_STREAM_BYTES);
    struct db_entry at;
    *ret_sum = 0;
    pack_u16(&prefix, stream->id);
    if (!lsm_cursor_open(snapshot->txn, table, buffer_slice(&prefix), &cursor, err)) return false;
    enum db_finding found = lsm_cursor_seek(cursor, buffer_slice(&prefix), prefix.length, &at, err);
    for (; found == DB_FOUND; found = lsm_cursor_next(cursor, &at, err))
        *ret_sum += sum_of_entry(at.key, at.value);
    return found != DB_FAILED;
}

static bool prove(struct check *check, const struct stream *stream,
                  const struct derived_table *derived, struct error *err)
{
    uint64_t expected, found;
    if (!sum_of_events(check->snapshot, stream, derived, &expected, err) ||
        !sum_of_entries(check->snapshot, stream, derived->table, &found, err))
        return false;
    if (found != expected) verify_derived_tell(check, db_table_names[derived->table], stream->name);
    return true;
}

bool verify_derived(struct check *check, struct error *err)
{
    static const struct derived_table references = {TABLE_REFERENCES, sum_of_references},
                                      expiry = {TABLE_EXPIRY, sum_of_expiry};
    const struct schema *const schema = check->snapshot->schema;
    for (size_t i = 0; i < schema->stream_count; i++) {
        const struct stream *const stream = &schema->streams[i];
        if ((stream->reference_count && !prove(check, stream, &references, err)) ||
            (stream->keep_seconds && !prove(check, stream, &expiry, err)))
            return false;
    }
    return true;
}

static uint64_t sum_of_link(struct slice first, struct slice second)
{
    return hash_bytes(hash_bytes(0, first), second);
}

void verify_count_link(struct tallied_view *view, struct slice id, struct slice parent)
{
    view->links += sum_of_link(id, parent);
}

struct links_sums {
    uint64_t parents;  /* one for each event that names the parent of a node */
    uint64_t pairs;    /* one for each node and parent that are named together */
    uint64_t children; /* the same, as it is found by the parent */
};

static bool verify_derived_add_links(const struct check *check, enum hierarchy_links_kind kind,
                                     struct links_sums *sums, struct error *err)
{
    AUTO(hierarchy_links_close) struct hierarchy_links links = {0};
    struct slice key, value, nothing = {0};
    enum db_finding found;
    if (!hierarchy_links_open(&links, check->snapshot->txn, check->view->view, kind, nothing,
                              nothing, err))
        return false;
    while ((found = hierarchy_links_next(&links, &key, &value, err)) == DB_FOUND) {
        size_t const length = packed_length(key);
        struct slice const first = slice_of(key.at, length),
                           second = slice_of(key.at + length, key.length - length);
        uint64_t weight = 0;
        if (kind == HIERARCHY_CHILDREN) {
            sums->children += sum_of_link(second, first);
        } else {
            if (!unpack_varint(&value, &weight)) weight = 0; /* which differs */
            sums->parents += weight * sum_of_link(first, second);
            sums->pairs += sum_of_link(first, second);
        }
    }
    return found == DB_MISSING;
}

bool verify_links(struct check *check, uint64_t counted, struct error *err)
{
    const struct view *const view = check->view->view;
    struct links_sums sums = {0};
    if (view->hierarchy->kind != HIERARCHY_LINKS) return true;
    if (!verify_derived_add_links(check, HIERARCHY_PARENTS, &sums, err) ||
        !verify_derived_add_links(check, HIERARCHY_CHILDREN, &sums, err))
        return false;
    if (sums.parents != counted || sums.children != sums.pairs)
        verify_derived_tell(check, "links", view->name);
    return true;
}
