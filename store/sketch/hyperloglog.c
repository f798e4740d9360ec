// SPDX-License-Identifier: Apache-2.0
#include "sketch/hyperloglog.h"

#include <math.h>

#include "types/pack.h"

enum {
    PLACE_BITS = 12,
    RANK_MAX = 64 - PLACE_BITS + 1,
    LIST_MAX = 1024, /* longer, and all registers take less */
    LIST_FIRST = 8,
};

static unsigned hyperloglog_place_of(uint32_t entry)
{
    return entry >> 8;
}

static uint8_t rank_of(uint32_t entry)
{
    return (uint8_t)entry;
}

static void spread(struct hyperloglog *sketch, struct arena *arena)
{
    sketch->registers = arena_alloc(arena, HYPERLOGLOG_REGISTERS);
    for (unsigned i = 0; i < sketch->count; i++)
        sketch->registers[hyperloglog_place_of(sketch->list[i])] = rank_of(sketch->list[i]);
}

/* The first entry of the list whose place is not before PLACE. */
static unsigned hyperloglog_find(const struct hyperloglog *sketch, unsigned place)
{
    unsigned low = 0, high = sketch->count;
    while (low < high) {
        unsigned const middle = (low + high) / 2;
        if (hyperloglog_place_of(sketch->list[middle]) < place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void hyperloglog_make_room(struct hyperloglog *sketch, struct arena *arena)
{
    if (sketch->count < sketch->capacity) return;
    sketch->capacity = sketch->capacity ? sketch->capacity * 2 : LIST_FIRST;
    uint32_t *const list = ARENA_ARRAY(arena, uint32_t, sketch->capacity);
    for (unsigned i = 0; i < sketch->count; i++)
        list[i] = sketch->list[i];
    sketch->list = list;
}

static void raise_register(struct hyperloglog *sketch, unsigned place, uint8_t rank,
                           struct arena *arena)
{
    if (!sketch->registers) {
        unsigned const at = hyperloglog_find(sketch, place);
        uint32_t const entry = place << 8 | rank;
        if (at < sketch->count && hyperloglog_place_of(sketch->list[at]) == place) {
            if (rank > rank_of(sketch->list[at])) sketch->list[at] = entry;
            return;
        }
        if (sketch->count < LIST_MAX) {
            hyperloglog_make_room(sketch, arena);
            memmove(sketch->list + at + 1, sketch->list + at,
                    (sketch->count - at) * sizeof *sketch->list);
            sketch->list[at] = entry;
            sketch->count++;
            return;
        }
        spread(sketch, arena);
    }
    if (rank > sketch->registers[place]) sketch->registers[place] = rank;
}

uint64_t hyperloglog_hash(struct slice value, const struct hash_key *secret)
{
    /* no number of a commit, which inode numbers are hashed with and which show
     * what they come to */
    return hash_bytes_with(secret, UINT64_MAX, value);
}

void hyperloglog_add(struct hyperloglog *sketch, uint64_t hash, struct arena *arena)
{
    uint64_t const rest = hash << PLACE_BITS;
    uint8_t const rank = rest ? (uint8_t)(__builtin_clzll(rest) + 1) : RANK_MAX;
    raise_register(sketch, (unsigned)(hash >> (64 - PLACE_BITS)), rank, arena);
}

void hyperloglog_merge(struct hyperloglog *into, const struct hyperloglog *other,
                       struct arena *arena)
{
    for (unsigned i = 0; !other->registers && i < other->count; i++)
        raise_register(into, hyperloglog_place_of(other->list[i]), rank_of(other->list[i]), arena);
    for (unsigned i = 0; other->registers && i < HYPERLOGLOG_REGISTERS; i++) {
        if (other->registers[i]) raise_register(into, i, other->registers[i], arena);
    }
}

/* Sigma and tau of Ertl's paper, each until it no longer changes. */
static double sigma(double x)
{
    double y = 1, z = x, before;
    if (x == 1) return INFINITY;
    do {
        x *= x;
        before = z;
        z += x * y;
        y += y;
    } while (z != before);
    return z;
}

static double tau(double x)
{
    double y = 1, z = 1 - x, before;
    if (x == 0 || x == 1) return 0;
    do {
        x = sqrt(x);
        before = z;
        y *= 0.5;
        z -= (1 - x) * (1 - x) * y;
    } while (z != before);
    return z / 3;
}

uint64_t hyperloglog_estimate(const struct hyperloglog *sketch)
{
    unsigned counts[RANK_MAX + 1] = {0};
    double const m = HYPERLOGLOG_REGISTERS;
    if (!sketch->registers) counts[0] = HYPERLOGLOG_REGISTERS - sketch->count;
    for (unsigned i = 0; !sketch->registers && i < sketch->count; i++)
        counts[rank_of(sketch->list[i])]++;
    for (unsigned i = 0; sketch->registers && i < HYPERLOGLOG_REGISTERS; i++)
        counts[sketch->registers[i]]++;
    if (counts[0] == HYPERLOGLOG_REGISTERS) return 0;
    double z = m * tau(1 - counts[RANK_MAX] / m);
    for (unsigned rank = RANK_MAX - 1; rank > 0; rank--)
        z = 0.5 * (z + counts[rank]);
    z += m * sigma(counts[0] / m);
    return (uint64_t)llround(m * m / (2 * log(2) * z));
}

/* [count] and the list, two bytes of place and one of rank; a count beyond the
 * list's: all registers. */
void hyperloglog_pack(const struct hyperloglog *sketch, struct buffer *into)
{
    if (sketch->registers) {
        pack_varint(into, LIST_MAX + 1);
        buffer_add(into, sketch->registers, HYPERLOGLOG_REGISTERS);
        return;
    }
    pack_varint(into, sketch->count);
    for (unsigned i = 0; i < sketch->count; i++) {
        pack_u16(into, (uint16_t)hyperloglog_place_of(sketch->list[i]));
        buffer_add_byte(into, rank_of(sketch->list[i]));
    }
}

static bool unpack_registers(struct slice *from, struct arena *arena, struct hyperloglog *sketch)
{
    if (from->length < HYPERLOGLOG_REGISTERS) return false;
    sketch->registers = arena_alloc(arena, HYPERLOGLOG_REGISTERS);
    memcpy(sketch->registers, from->at, HYPERLOGLOG_REGISTERS);
    *from = slice_of(from->at + HYPERLOGLOG_REGISTERS, from->length - HYPERLOGLOG_REGISTERS);
    for (unsigned i = 0; i < HYPERLOGLOG_REGISTERS; i++) {
        if (sketch->registers[i] > RANK_MAX) return false;
    }
    return true;
}

bool hyperloglog_unpack(struct slice *from, struct arena *arena, struct hyperloglog *ret_sketch)
{
    uint64_t count;
    struct hyperloglog sketch = {.count = 0};
    if (!unpack_varint(from, &count) || count > LIST_MAX + 1) return false;
    if (count > LIST_MAX) {
        if (!unpack_registers(from, arena, &sketch)) return false;
        *ret_sketch = sketch;
        return true;
    }
    sketch.capacity = (unsigned)count;
    sketch.list = ARENA_ARRAY(arena, uint32_t, count);
    for (unsigned last = 0; sketch.count < count; sketch.count++) {
        uint16_t place;
        uint8_t rank;
        if (!unpack_u16(from, &place) || !unpack_byte(from, &rank)) return false;
        if (place >= HYPERLOGLOG_REGISTERS || rank == 0 || rank > RANK_MAX) return false;
        if (sketch.count && place <= last) return false;
        last = place;
        sketch.list[sketch.count] = (uint32_t)place << 8 | rank;
    }
    *ret_sketch = sketch;
    return true;
}
