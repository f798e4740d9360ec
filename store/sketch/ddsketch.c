// SPDX-License-Identifier: Apache-2.0
#include "sketch/ddsketch.h"

#include <math.h>
#include <stdlib.h>

#include "types/pack.h"

enum {
    KEY_BIAS = 40000, /* the logarithm of the least double is -37,225 of these buckets */
    KEY_MAX = 2 * KEY_BIAS,
    BUCKETS_FIRST = 8,
};
static double const GAMMA = 1.01 / 0.99; /* (1 + a) / (1 - a) for an error of a = 1 % */

static int32_t ddsketch_key_of(double value)
{
    if (value == 0) return 0;
    int32_t const key = (int32_t)ceil(log(fabs(value)) / log(GAMMA)) + KEY_BIAS;
    return value < 0 ? -key : key;
}

static double ddsketch_value_of(int32_t key)
{
    if (key == 0) return 0;
    double const value = 2 * pow(GAMMA, abs(key) - KEY_BIAS) / (GAMMA + 1);
    return key < 0 ? -value : value;
}

/* The first bucket whose key is not before KEY. */
static size_t ddsketch_find(const struct ddsketch *sketch, int32_t key)
{
    size_t low = 0, high = sketch->count;
    while (low < high) {
        size_t const middle = (low + high) / 2;
        if (sketch->buckets[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void ddsketch_make_room(struct ddsketch *sketch, size_t count, struct arena *arena)
{
    if (count <= sketch->capacity) return;
    if (sketch->capacity == 0) sketch->capacity = BUCKETS_FIRST;
    while (sketch->capacity < count)
        sketch->capacity *= 2;
    struct ddsketch_bucket *const buckets =
        ARENA_ARRAY(arena, struct ddsketch_bucket, sketch->capacity);
    for (size_t i = 0; i < sketch->count; i++)
        buckets[i] = sketch->buckets[i];
    sketch->buckets = buckets;
}

static void add_weight(struct ddsketch *sketch, int32_t key, int64_t weight, struct arena *arena)
{
    size_t const at = ddsketch_find(sketch, key);
    if (at < sketch->count && sketch->buckets[at].key == key) {
        sketch->buckets[at].weight += weight;
        if (sketch->buckets[at].weight != 0) return;
        sketch->count--;
        memmove(sketch->buckets + at, sketch->buckets + at + 1,
                (sketch->count - at) * sizeof *sketch->buckets);
        return;
    }
    if (weight == 0) return;
    ddsketch_make_room(sketch, sketch->count + 1, arena);
    memmove(sketch->buckets + at + 1, sketch->buckets + at,
            (sketch->count - at) * sizeof *sketch->buckets);
    sketch->buckets[at] = (struct ddsketch_bucket){.key = key, .weight = weight};
    sketch->count++;
}

void ddsketch_add(struct ddsketch *sketch, double value, int64_t weight, struct arena *arena)
{
    add_weight(sketch, ddsketch_key_of(value), weight, arena);
}

void ddsketch_merge(struct ddsketch *into, const struct ddsketch *other, struct arena *arena)
{
    size_t left = into->count, right = other->count, at = left + right;
    size_t const end = at;
    ddsketch_make_room(into, end, arena);
    struct ddsketch_bucket *const buckets = into->buckets;
    /* From the last ones on, in place: what is written is behind what is still to be read. */
    while (right > 0) {
        struct ddsketch_bucket bucket = other->buckets[right - 1];
        if (left > 0 && buckets[left - 1].key > bucket.key) {
            buckets[--at] = buckets[--left];
            continue;
        }
        if (left > 0 && buckets[left - 1].key == bucket.key)
            bucket.weight += buckets[--left].weight;
        buckets[--at] = bucket;
        right--;
    }
    into->count = left;
    for (; at < end; at++) {
        if (buckets[at].weight != 0) buckets[into->count++] = buckets[at];
    }
}

void ddsketch_negate(struct ddsketch *sketch)
{
    for (size_t i = 0; i < sketch->count; i++)
        sketch->buckets[i].weight = -sketch->buckets[i].weight;
}

double ddsketch_quantile(const struct ddsketch *sketch, double fraction)
{
    int64_t total = 0, seen = 0;
    for (size_t i = 0; i < sketch->count; i++)
        total += sketch->buckets[i].weight;
    if (total <= 0) return NAN;
    int64_t const rank = (int64_t)floor(fraction * (double)(total - 1));
    for (size_t i = 0; i < sketch->count; i++) {
        seen += sketch->buckets[i].weight;
        if (seen > rank) return ddsketch_value_of(sketch->buckets[i].key);
    }
    return NAN;
}

/* [count] ( [key - the last one][weight] )*, the first key as the distance from -KEY_MAX. */
void ddsketch_pack(const struct ddsketch *sketch, struct buffer *into)
{
    int32_t last = -KEY_MAX;
    pack_varint(into, sketch->count);
    for (size_t i = 0; i < sketch->count; i++) {
        pack_varint(into, (uint64_t)(sketch->buckets[i].key - last));
        pack_varint(into, (uint64_t)sketch->buckets[i].weight);
        last = sketch->buckets[i].key;
    }
}

bool ddsketch_unpack(struct slice *from, struct arena *arena, struct ddsketch *ret_sketch)
{
    uint64_t count;
    int64_t last = -KEY_MAX;
    if (!unpack_varint(from, &count) || count > 2 * KEY_MAX + 1 || count > from->length)
        return false;
    struct ddsketch sketch = {.capacity = count,
                              .buckets = ARENA_ARRAY(arena, struct ddsketch_bucket, count)};
    for (; sketch.count < count; sketch.count++) {
        uint64_t step, weight;
        if (!unpack_varint(from, &step) || !unpack_varint(from, &weight)) return false;
        if (step > 2 * KEY_MAX || (sketch.count && step == 0)) return false;
        last += (int64_t)step;
        if (last > KEY_MAX || weight == 0 || weight > INT64_MAX) return false;
        sketch.buckets[sketch.count] =
            (struct ddsketch_bucket){.key = (int32_t)last, .weight = (int64_t)weight};
    }
    *ret_sketch = sketch;
    return true;
}
