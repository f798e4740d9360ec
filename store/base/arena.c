// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <sys/mman.h>

struct arena_block {
    struct arena_block *older;
    size_t bytes; /* of `at` */
    alignas(max_align_t) uint8_t at[];
};

enum { FIRST_BLOCK_BYTES = 4096, LARGEST_STEP_BYTES = 4 << 20, HUGE_PAGE_BYTES = 2 << 20 };

/* There is no answer to missing memory in the middle of a fold that would be better than to end:
 * the transaction is not committed, and a daemon's kernel holds its answers. */
static void *or_end(void *pointer)
{
    if (pointer) return pointer;
    (void)fputs("tally: out of memory; nothing of the current transaction is committed\n", stderr);
    _exit(EXIT_FAILURE);
}

/* Asks for huge pages, before the memory is used: one fault for 512, and addresses that are found
 * sooner where there is no order in them. It is no error if there are none. */
static void *huge(void *pointer, size_t bytes)
{
    if (bytes < 2 * HUGE_PAGE_BYTES) return pointer;
    uintptr_t const begin = ((uintptr_t)pointer + HUGE_PAGE_BYTES - 1) & ~(HUGE_PAGE_BYTES - 1ul);
    uintptr_t const end = ((uintptr_t)pointer + bytes) & ~(HUGE_PAGE_BYTES - 1ul);
    (void)madvise((void *)begin, end - begin, MADV_HUGEPAGE);
    return pointer;
}

void *memory_alloc(size_t bytes)
{
    return huge(or_end(calloc(1, bytes ? bytes : 1)), bytes);
}

void *memory_room(size_t bytes)
{
    return memory_resize(NULL, bytes);
}

void *memory_resize(void *pointer, size_t bytes)
{
    return huge(or_end(realloc(pointer, bytes ? bytes : 1)), bytes);
}

static void push(struct arena_block **list, struct arena_block *block)
{
    block->older = *list;
    *list = block;
}

static void enter_block(struct arena *arena, struct arena_block *block)
{
    push(&arena->blocks, block);
    arena->next = block->at;
    arena->end = block->at + block->bytes;
}

/* A spare block of that many bytes; those that are too small are let go, so that
 * spares cannot pile up. */
static struct arena_block *take_spare(struct arena *arena, size_t least_bytes)
{
    while (arena->spares) {
        struct arena_block *const block = arena->spares;
        arena->spares = block->older;
        if (block->bytes >= least_bytes) return block;
        free(block);
    }
    return NULL;
}

/* The larger ones are made of huge pages alone. */
static struct arena_block *new_block(size_t bytes)
{
    bool const whole = bytes == LARGEST_STEP_BYTES;
    return huge(or_end(whole ? aligned_alloc(HUGE_PAGE_BYTES, bytes) : malloc(bytes)), bytes);
}

static void add_block(struct arena *arena, size_t least_bytes)
{
    struct arena_block *const spare = take_spare(arena, least_bytes);
    if (spare) {
        enter_block(arena, spare);
        return;
    }
    size_t bytes = arena->blocks ? arena->blocks->bytes * 2 : FIRST_BLOCK_BYTES;
    if (bytes > LARGEST_STEP_BYTES) bytes = LARGEST_STEP_BYTES;
    if (bytes < least_bytes + sizeof(struct arena_block))
        bytes = least_bytes + sizeof(struct arena_block);
    struct arena_block *const block = new_block(bytes);
    block->bytes = bytes - sizeof *block;
    enter_block(arena, block);
}

static uint8_t *arena_take(struct arena *arena, size_t bytes)
{
    size_t const step = alignof(max_align_t);
    size_t const rounded = (bytes + step - 1) / step * step;
    if (!arena->blocks || (size_t)(arena->end - arena->next) < rounded) add_block(arena, rounded);
    uint8_t *const at = arena->next;
    arena->next += rounded;
    arena->used_bytes += rounded;
    return at;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    uint8_t *const at = arena_take(arena, bytes);
    if (bytes) memset(at, 0, bytes);
    return at;
}

struct slice arena_copy(struct arena *arena, struct slice slice)
{
    return slice_of(arena_text(arena, slice), slice.length);
}

char *arena_text(struct arena *arena, struct slice slice)
{
    uint8_t *const text = arena_take(arena, slice.length + 1);
    if (slice.length) memcpy(text, slice.at, slice.length);
    text[slice.length] = '\0';
    return (char *)text;
}

static void free_blocks(struct arena_block *list)
{
    while (list) {
        struct arena_block *const older = list->older;
        free(list);
        list = older;
    }
}

void arena_done(struct arena *arena)
{
    free_blocks(arena->blocks);
    free_blocks(arena->spares);
    *arena = (struct arena){0};
}

void arena_reset(struct arena *arena)
{
    struct arena_block *spares = arena->spares;
    while (arena->blocks) {
        struct arena_block *const block = arena->blocks;
        arena->blocks = block->older;
        if (block->bytes <= LARGEST_STEP_BYTES)
            push(&spares, block);
        else
            free(block); /* one large request's */
    }
    *arena = (struct arena){.spares = spares};
}
