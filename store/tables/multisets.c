/* A ranked multiset has each element a second time, in the table of ranks, by falling weight.
 * Weights change in the order of elements, so what becomes of ranks is noted and written later.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tables/multisets.h"

#include "lsm/lsm_cursor.h"
#include "lsm/lsm_writer.h"
#include "schema/aggregate_table.h"
#include "types/pack.h"

/* What is noted of ranks before it is written. */
enum { RANK_NOTES_BYTES = 4 << 20 };
/* In the table of ranks, of an element that is in the key as a whole; else it is the value. */
static const uint8_t is_whole[] = {0};

/* Where a scan over one multiset stands. */
struct element {
    struct slice key;   /* as multiset_key gives it */
    struct slice whole; /* the element itself */
    uint64_t weight;
};

struct scan {
    struct lsm_cursor *blocks; /* the reader's */
    struct buffer prefix;      /* of the keys in the table */
};

static bool multisets_corrupt(struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "a view has forgotten events that it counted");
    (void)error_place(err, "values");
    return error_remedy(err, "tally rebuild STORE");
}

bool multiset_key(struct slice element, struct buffer *key)
{
    if (element.length <= MULTISET_WHOLE_BYTES) {
        buffer_add_slice(key, element);
        return true;
    }
    buffer_add(key, element.at, MULTISET_WHOLE_BYTES + 1);
    digest_add(element, key);
    return false;
}

static void multisets_start_key(struct multiset_place place, struct buffer *key)
{
    buffer_clear(key);
    pack_u64(key, place.group);
    buffer_add_byte(key, place.set);
}

static void rank_key(struct multiset_place place, uint64_t weight, struct slice element,
                     struct buffer *key)
{
    multisets_start_key(place, key);
    pack_u64(key, ~weight);
    buffer_add_slice(key, element);
}

void multiset_full_key(struct multiset_place place, struct slice key, struct buffer *into)
{
    multisets_start_key(place, into);
    buffer_add_slice(into, key);
}

bool multiset_writer_open(struct txn *txn, struct multiset_writer *ret_writer, struct error *err)
{
    *ret_writer = (struct multiset_writer){.txn = txn};
    return lsm_writer_open(txn, TABLE_VALUES, (struct slice){0}, &ret_writer->blocks, err);
}

static bool save_ranks(struct multiset_writer *writer, struct error *err)
{
    return lsm_changes_save(writer->txn, TABLE_RANKS, 0, &writer->ranks, err);
}

bool multiset_writer_finish(struct multiset_writer *writer, struct error *err)
{
    return lsm_writer_finish(writer->blocks, err) && save_ranks(writer, err);
}

void multiset_writer_close(struct multiset_writer *writer)
{
    lsm_writer_close(writer->blocks);
    lsm_changes_done(&writer->ranks);
    buffer_done(&writer->key);
    buffer_done(&writer->value);
}

static bool move_rank(struct multiset_writer *writer, struct multiset_place place,
                      struct slice element, struct slice exact, const struct weights *weights,
                      struct error *err)
{
    STACK_BUFFER(key, DB_KEY_BYTES_MAX);
    struct lsm_changes *const ranks = &writer->ranks;
    if (weights->old_weight) {
        rank_key(place, weights->old_weight, element, &key);
        lsm_changes_set(ranks, buffer_slice(&key), (struct slice){0});
    }
    if (weights->new_weight) {
        rank_key(place, weights->new_weight, element, &key);
        lsm_changes_set(ranks, buffer_slice(&key),
                        exact.length ? exact : slice_of(is_whole, sizeof is_whole));
    }
    return ranks->arena.used_bytes < RANK_NOTES_BYTES || save_ranks(writer, err);
}

bool multiset_add(struct multiset_writer *writer, struct multiset_place place, struct slice key,
                  struct slice exact, int64_t weight, struct weights *ret_weights,
                  struct error *err)
{
    struct weights weights = {0};
    struct slice known;
    multiset_full_key(place, key, &writer->key);
    if (!lsm_writer_seek(writer->blocks, buffer_slice(&writer->key), &known, err)) return false;
    if (known.length && !unpack_varint(&known, &weights.old_weight)) return multisets_corrupt(err);
    int64_t const sum = (int64_t)weights.old_weight + weight;
    if (sum < 0) return multisets_corrupt(err);
    weights.new_weight = (uint64_t)sum;
    *ret_weights = weights;
    if (weights.new_weight == weights.old_weight) return true;
    if (place.is_ranked && !move_rank(writer, place, key, exact, &weights, err)) return false;
    buffer_clear(&writer->value);
    if (weights.new_weight) {
        pack_varint(&writer->value, weights.new_weight);
        buffer_add_slice(&writer->value, exact);
    }
    return lsm_writer_set(writer->blocks, buffer_slice(&writer->value), err);
}

bool multiset_reader_open(const struct txn *txn, struct multiset_reader *ret_reader,
                          struct error *err)
{
    *ret_reader = (struct multiset_reader){.txn = txn};
    return lsm_cursor_open(txn, TABLE_VALUES, (struct slice){0}, &ret_reader->blocks, err);
}

void multiset_reader_close(struct multiset_reader *reader)
{
    lsm_cursor_close(reader->blocks);
    lsm_cursor_close(reader->ranks);
}

static void scan_open(struct scan *scan, const struct multiset_reader *reader,
                      struct multiset_place place)
{
    *scan = (struct scan){.blocks = reader->blocks};
    multisets_start_key(place, &scan->prefix);
}

static void scan_close(struct scan *scan)
{
    buffer_done(&scan->prefix);
}

/* From the table's entry to an element of the scan. */
static enum db_finding read_element(const struct scan *scan, enum db_finding found,
                                    const struct db_entry *entry, struct element *ret_element,
                                    struct error *err)
{
    size_t const length = scan->prefix.length;
    struct element element = {.weight = 0};
    if (found != DB_FOUND) return found;
    struct slice exact = entry->value;
    element.key = slice_of(entry->key.at + length, entry->key.length - length);
    if (!unpack_varint(&exact, &element.weight) || element.weight == 0 ||
        (element.key.length == MULTISET_CUT_BYTES) != (exact.length > 0)) {
        (void)multisets_corrupt(err);
        return DB_FAILED;
    }
    element.whole = exact.length ? exact : element.key;
    *ret_element = element;
    return DB_FOUND;
}

/* The first element whose key is not before KEY. */
static enum db_finding scan_seek(struct scan *scan, struct slice key, struct element *ret_element,
                                 struct error *err)
{
    AUTO_BUFFER struct buffer full = {0};
    struct db_entry entry;
    buffer_add_slice(&full, buffer_slice(&scan->prefix));
    buffer_add_slice(&full, key);
    enum db_finding const found =
        lsm_cursor_seek(scan->blocks, buffer_slice(&full), scan->prefix.length, &entry, err);
    return read_element(scan, found, &entry, ret_element, err);
}

/* The last element whose key is before KEY. */
static enum db_finding scan_seek_before(struct scan *scan, struct slice key,
                                        struct element *ret_element, struct error *err)
{
    AUTO_BUFFER struct buffer full = {0};
    struct db_entry entry;
    buffer_add_slice(&full, buffer_slice(&scan->prefix));
    buffer_add_slice(&full, key);
    enum db_finding const found =
        lsm_cursor_seek_before(scan->blocks, buffer_slice(&full), scan->prefix.length, &entry, err);
    return read_element(scan, found, &entry, ret_element, err);
}

static enum db_finding scan_last(struct scan *scan, struct element *ret_element, struct error *err)
{
    static const uint8_t end[] = {0xff}; /* behind every tag of pack_value */
    return scan_seek_before(scan, slice_of(end, sizeof end), ret_element, err);
}

static enum db_finding scan_step(struct scan *scan, bool forward, struct element *ret_element,
                                 struct error *err)
{
    struct db_entry entry;
    enum db_finding const found = forward ? lsm_cursor_next(scan->blocks, &entry, err)
                                          : lsm_cursor_previous(scan->blocks, &entry, err);
    return read_element(scan, found, &entry, ret_element, err);
}

/* The first or last element from FROM on, which may be any of those cut at the same bytes. */
static enum db_finding scan_from(struct scan *scan, bool least, struct slice from,
                                 struct element *ret_element, struct error *err)
{
    AUTO_BUFFER struct buffer key = {0};
    bool const cut = from.length == MULTISET_CUT_BYTES;
    buffer_add(&key, from.at, cut ? MULTISET_WHOLE_BYTES + 1 : from.length);
    if (least) return scan_seek(scan, buffer_slice(&key), ret_element, err);
    for (size_t i = 0; i < (cut ? DIGEST_BYTES + 1 : 1); i++)
        buffer_add_byte(&key, 0xff);
    return scan_seek_before(scan, buffer_slice(&key), ret_element, err);
}

/* The least or greatest element from FROM on, whole: neighbours that were cut at the same bytes are
 * compared. */
static bool find_extreme(struct scan *scan, bool least, struct slice from, struct arena *arena,
                         struct slice *ret_best, struct error *err)
{
    struct element element;
    struct slice best = {0}, kept = {0};
    enum db_finding found = scan_from(scan, least, from, &element, err);
    while (found == DB_FOUND) {
        struct slice const head = slice_of(element.key.at, MULTISET_WHOLE_BYTES + 1);
        bool const cut = element.key.length == MULTISET_CUT_BYTES;
        if (best.length && (!cut || !slice_equal(head, kept))) break;
        int const order = best.length ? slice_compare(element.whole, best) : 0;
        if (best.length == 0 || (least ? order < 0 : order > 0))
            best = arena_copy(arena, element.whole);
        if (!cut) break;
        if (kept.length == 0) kept = arena_copy(arena, head);
        found = scan_step(scan, least, &element, err);
    }
    *ret_best = best;
    return found != DB_FAILED;
}

static bool is_beyond(bool least, struct slice key, struct slice other)
{
    int const order = slice_compare(key, other);
    return other.length == 0 || (least ? order < 0 : order > 0);
}

/* The change that is furthest out, with the weight that is there now. */
static void shift_extreme(bool least, struct state *state, struct slice key, uint64_t new_weight)
{
    if (!is_beyond(least, key, state->best.next) && !slice_equal(key, state->best.next)) return;
    state->best.next = key;
    state->best.below = new_weight;
}

void multiset_shift(const struct aggregate *aggregate, struct state *state, struct slice key,
                    const struct weights *weights)
{
    AUTO_BUFFER struct buffer held = {0};
    enum multiset_use const use = traits_of(aggregate)->multiset;
    if (use == MULTISET_LEAST || use == MULTISET_GREATEST)
        shift_extreme(use == MULTISET_LEAST, state, key, weights->new_weight);
    if (use != MULTISET_RANK || state->best.value.length == 0) return;
    (void)multiset_key(state->best.value, &held);
    if (slice_compare(key, buffer_slice(&held)) < 0)
        state->best.below += weights->new_weight - weights->old_weight;
}

/* Where the quantile stood, or what came behind it if that is gone; the last one if nothing did. */
static enum db_finding find_held(struct scan *scan, struct state *state, struct element *element,
                                 struct error *err)
{
    AUTO_BUFFER struct buffer held = {0};
    if (state->best.value.length == 0) state->best.below = 0;
    (void)multiset_key(state->best.value, &held);
    enum db_finding found = scan_seek(scan, buffer_slice(&held), element, err);
    if (found != DB_MISSING) return found;
    found = scan_last(scan, element, err);
    if (found == DB_FOUND) state->best.below -= element->weight;
    return found;
}

static bool settle_rank(struct multiset_reader *reader, struct multiset_place place,
                        const struct aggregate *aggregate, struct state *state, struct arena *arena,
                        struct error *err)
{
    AUTO(scan_close) struct scan scan = {0};
    struct element element;
    bool between;
    if (state->count == 0) {
        state->best = (struct best){.below = 0};
        return true;
    }
    scan_open(&scan, reader, place);
    uint64_t const rank = aggregate_rank(aggregate, (uint64_t)state->count, &between);
    enum db_finding found = find_held(&scan, state, &element, err);
    while (found == DB_FOUND && rank < state->best.below) {
        found = scan_step(&scan, false, &element, err);
        if (found == DB_FOUND) state->best.below -= element.weight;
    }
    while (found == DB_FOUND && rank >= state->best.below + element.weight) {
        state->best.below += element.weight;
        found = scan_step(&scan, true, &element, err);
    }
    if (found != DB_FOUND) return found == DB_MISSING && multisets_corrupt(err);
    state->best.value = arena_copy(arena, element.whole);
    state->best.next = (struct slice){0};
    if (!between) return true;
    if (rank + 1 >= state->best.below + element.weight) {
        found = scan_step(&scan, true, &element, err);
        if (found != DB_FOUND) return found == DB_MISSING && multisets_corrupt(err);
    }
    state->best.next = arena_copy(arena, element.whole);
    return true;
}

static bool settle_most_frequent(struct multiset_reader *reader, struct multiset_place place,
                                 const struct aggregate *aggregate, struct state *state,
                                 struct arena *arena, struct error *err)
{
    AUTO_BUFFER struct buffer prefix = {0}, list = {0};
    struct db_entry entry;
    size_t shown_bytes = 0;
    multisets_start_key(place, &prefix);
    if (!reader->ranks &&
        !lsm_cursor_open(reader->txn, TABLE_RANKS, (struct slice){0}, &reader->ranks, err))
        return false;
    enum db_finding found =
        lsm_cursor_seek(reader->ranks, buffer_slice(&prefix), prefix.length, &entry, err);
    for (unsigned i = 0; i < aggregate->limit && found == DB_FOUND; i++) {
        struct slice rest =
            slice_of(entry.key.at + prefix.length, entry.key.length - prefix.length);
        uint64_t inverted;
        if (!unpack_u64(&rest, &inverted)) return multisets_corrupt(err);
        struct slice const whole = entry.value.length > sizeof is_whole ? entry.value : rest;
        shown_bytes += whole.length;
        if (i > 0 && shown_bytes > AGGREGATE_TOP_BYTES) break;
        pack_varint(&list, ~inverted);
        pack_bytes(&list, whole);
        found = lsm_cursor_next(reader->ranks, &entry, err);
    }
    state->best = (struct best){.value = arena_copy(arena, buffer_slice(&list))};
    return found != DB_FAILED;
}

static bool settle_extreme(struct multiset_reader *reader, struct multiset_place place,
                           const struct aggregate *aggregate, struct state *state,
                           struct arena *arena, struct error *err)
{
    AUTO(scan_close) struct scan scan = {0};
    AUTO_BUFFER struct buffer held = {0};
    struct slice from = state->best.next;
    bool is_there = state->best.below > 0;
    bool const least = traits_of(aggregate)->multiset == MULTISET_LEAST;
    (void)multiset_key(state->best.value, &held);
    if (held.length && is_beyond(least, buffer_slice(&held), from)) {
        from = buffer_slice(&held);
        is_there = true; /* or it were among the changes */
    }
    state->best = (struct best){.below = 0};
    if (state->count == 0) return true;
    if (is_there && from.length < MULTISET_CUT_BYTES) { /* and nothing is beyond it */
        state->best.value = arena_copy(arena, from);
        return true;
    }
    scan_open(&scan, reader, place);
    return find_extreme(&scan, least, from, arena, &state->best.value, err);
}

typedef bool settle_function(struct multiset_reader *reader, struct multiset_place place,
                             const struct aggregate *aggregate, struct state *state,
                             struct arena *arena, struct error *err);

/* What finds the result of each use. A size is all in the count. */
static settle_function *const settlers[MULTISET_USES] = {
    [MULTISET_LEAST] = settle_extreme,
    [MULTISET_GREATEST] = settle_extreme,
    [MULTISET_RANK] = settle_rank,
    [MULTISET_MOST_FREQUENT] = settle_most_frequent,
};

bool multiset_settle(struct multiset_reader *reader, struct multiset_place place,
                     const struct aggregate *aggregate, struct state *state, struct arena *arena,
                     struct error *err)
{
    settle_function *const settle = settlers[traits_of(aggregate)->multiset];
    return !settle || settle(reader, place, aggregate, state, arena, err);
}

bool multiset_scan(struct multiset_reader *reader, struct multiset_place place,
                   void (*visit)(void *context, struct slice key, struct slice exact,
                                 uint64_t weight),
                   void *context, struct error *err)
{
    AUTO(scan_close) struct scan scan = {0};
    struct element element;
    scan_open(&scan, reader, place);
    enum db_finding found = scan_seek(&scan, (struct slice){0}, &element, err);
    for (; found == DB_FOUND; found = scan_step(&scan, true, &element, err)) {
        bool const cut = element.key.length == MULTISET_CUT_BYTES;
        visit(context, element.key, cut ? element.whole : (struct slice){0}, element.weight);
    }
    return found == DB_MISSING;
}

bool multisets_clear_all(struct txn *txn, struct error *err)
{
    return lsm_clear(txn, TABLE_VALUES, (struct slice){0}, err) &&
           lsm_clear(txn, TABLE_RANKS, (struct slice){0}, err);
}

/* Whatever TABLE has of the groups. */
static bool clear_groups(struct txn *txn, enum db_table table, const uint64_t *groups, size_t count,
                         struct error *err)
{
    STACK_BUFFER(prefix, sizeof *groups);
    struct lsm_writer *writer;
    bool good = lsm_writer_open(txn, table, (struct slice){0}, &writer, err);
    if (!good) return false;
    for (size_t i = 0; good && i < count; i++) {
        buffer_clear(&prefix);
        pack_u64(&prefix, groups[i]);
        good = lsm_writer_clear(writer, buffer_slice(&prefix), err);
    }
    good = good && lsm_writer_finish(writer, err);
    lsm_writer_close(writer);
    return good;
}

bool multisets_clear(struct txn *txn, const uint64_t *groups, size_t count, struct error *err)
{
    return clear_groups(txn, TABLE_VALUES, groups, count, err) &&
           clear_groups(txn, TABLE_RANKS, groups, count, err);
}
