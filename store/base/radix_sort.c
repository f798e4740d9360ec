// SPDX-License-Identifier: Apache-2.0
#include "base/radix_sort.h"

#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"

enum { HEAD_BYTES = 8, DIGITS = 256 };

struct entry {
    uint64_t head;
    uint32_t index;
};

struct sorting {
    const void *items;
    radix_sort_key key;
    struct entry *entries;
    struct entry *others; /* as many; each pass moves all from one to the other */
    size_t count;
};

size_t radix_sort_common(const void *items, radix_sort_key key, size_t count)
{
    struct slice const first = key(items, 0);
    size_t common = first.length;
    for (size_t i = 1; i < count; i++) {
        struct slice const each = key(items, i);
        if (each.length < common) common = each.length;
        while (common && memcmp(first.at, each.at, common) != 0)
            common--;
    }
    return common;
}

/* A key that ends earlier is filled up with zeros. */
static uint64_t head_of(struct slice key, size_t common)
{
    uint64_t head = 0;
    for (size_t i = common; i < common + HEAD_BYTES; i++)
        head = head << 8 | (i < key.length ? key.at[i] : 0);
    return head;
}

static unsigned digit_of(uint64_t head, unsigned pass)
{
    return (unsigned)(head >> (8 * pass)) & (DIGITS - 1);
}

static void sort_by_digit(struct sorting *sorting, unsigned pass, const size_t *counts)
{
    size_t starts[DIGITS], sum = 0;
    for (size_t digit = 0; digit < DIGITS; digit++) {
        starts[digit] = sum;
        sum += counts[digit];
    }
    for (size_t i = 0; i < sorting->count; i++)
        sorting->others[starts[digit_of(sorting->entries[i].head, pass)]++] = sorting->entries[i];
    struct entry *const sorted = sorting->others;
    sorting->others = sorting->entries;
    sorting->entries = sorted;
}

static void sort_by_heads(struct sorting *sorting)
{
    size_t counts[HEAD_BYTES][DIGITS] = {{0}};
    for (size_t i = 0; i < sorting->count; i++) {
        for (unsigned pass = 0; pass < HEAD_BYTES; pass++)
            counts[pass][digit_of(sorting->entries[i].head, pass)]++;
    }
    for (unsigned pass = 0; pass < HEAD_BYTES; pass++) {
        bool const same = counts[pass][digit_of(sorting->entries[0].head, pass)] == sorting->count;
        if (!same) sort_by_digit(sorting, pass, counts[pass]);
    }
}

static int compare_whole(const void *a, const void *b, void *context)
{
    const struct sorting *const sorting = context;
    uint32_t const left = ((const struct entry *)a)->index,
                   right = ((const struct entry *)b)->index;
    int const order =
        slice_compare(sorting->key(sorting->items, left), sorting->key(sorting->items, right));
    return order ? order : (left > right) - (left < right);
}

static void sort_equal_heads(struct sorting *sorting)
{
    size_t end;
    for (size_t start = 0; start < sorting->count; start = end) {
        for (end = start + 1;
             end < sorting->count && sorting->entries[end].head == sorting->entries[start].head;)
            end++;
        if (end - start > 1)
            qsort_r(sorting->entries + start, end - start, sizeof *sorting->entries, compare_whole,
                    sorting);
    }
}

uint32_t *radix_sort(const void *items, radix_sort_key key, size_t count, size_t common)
{
    assert(count <= UINT32_MAX);
    uint32_t *const order = memory_room(count * sizeof *order);
    struct sorting sorting = {
        .items = items,
        .key = key,
        .entries = memory_room(count * sizeof *sorting.entries),
        .others = memory_room(count * sizeof *sorting.others),
        .count = count,
    };
    for (size_t i = 0; i < count; i++)
        sorting.entries[i] =
            (struct entry){.head = head_of(key(items, i), common), .index = (uint32_t)i};
    if (count > 1) {
        sort_by_heads(&sorting);
        sort_equal_heads(&sorting);
    }
    for (size_t i = 0; i < count; i++)
        order[i] = sorting.entries[i].index;
    free(sorting.entries);
    free(sorting.others);
    return order;
}
