/* arena.h - allocate much, free once.
 *
 * Place    batches, schemas, requests: whatever is made in parts and ends as a whole.
 * Promise  results are aligned for any type and zeroed; they live until arena_reset or arena_done.
 * Memory   aborts the process with one line when the system has no more: what an arena may hold
 *          is bounded by its owner.
 * Threads  one owner at a time.
 * Errors   none: see Memory.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"

struct arena {
    struct arena_block *blocks; /* newest first */
    struct arena_block *spares; /* of before the last reset */
    uint8_t *next;
    uint8_t *end;
    size_t used_bytes; /* given out since the last reset */
};

void arena_done(struct arena *arena);  /* takes a zeroed one */
void arena_reset(struct arena *arena); /* forgets all results, keeps the memory for the next ones */
#define AUTO_ARENA AUTO(arena_done)
void *arena_alloc(struct arena *arena, size_t bytes);
struct slice arena_copy(struct arena *arena, struct slice slice);
/* A copy with a terminating NUL behind it, as the length does not count. */
char *arena_text(struct arena *arena, struct slice slice);
#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (count)))

/* malloc and realloc that abort with one line instead of returning NULL. */
void *memory_alloc(size_t bytes) MUST_CHECK; /* zeroed */
void *memory_room(size_t bytes) MUST_CHECK;  /* not: what nobody writes to takes no page */
void *memory_resize(void *pointer, size_t bytes) MUST_CHECK;
