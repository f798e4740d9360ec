// SPDX-License-Identifier: Apache-2.0
#include "inodes.h"

#include <fuse_lowlevel.h>

#include "base/hash.h"
#include "copies.h"

/* No hash_table.h: an inode is in two tables by links of its own, and leaves them one by one at a
 * constant cost; open addressing would leave holes to fill, and take twice the memory. Ids are
 * counted here, so that their hash needs no key. */
enum { SLOTS_FIRST = 256 };

static void table_init(struct inode_table *table)
{
    table->slots = memory_alloc(SLOTS_FIRST * sizeof *table->slots);
    table->capacity = SLOTS_FIRST;
}

static struct inode **slot_of_id(const struct inode_table *table, uint64_t id)
{
    return &table->slots[(id * 0x9e3779b97f4a7c15u >> 32) & (table->capacity - 1)];
}

static struct inode **slot_of_node(const struct inode_table *table, uint32_t hash)
{
    return &table->slots[hash & (table->capacity - 1)];
}

static void insert_id(struct inode_table *table, struct inode *inode)
{
    struct inode **const slot = slot_of_id(table, inode->id);
    inode->next_of_id = *slot;
    *slot = inode;
}

static void insert_node(struct inode_table *table, struct inode *inode)
{
    struct inode **const slot = slot_of_node(table, inode->node_hash);
    inode->next_of_node = *slot;
    *slot = inode;
}

/* Doubles a full table; which chain an entry is in tells by_id. */
static void inodes_make_room(struct inode_table *table, bool by_id)
{
    if (table->count++ < table->capacity) return;
    struct inode_table larger = {.capacity = table->capacity * 2, .count = table->count};
    larger.slots = memory_alloc(larger.capacity * sizeof *larger.slots);
    for (size_t i = 0; i < table->capacity; i++) {
        for (struct inode *inode = table->slots[i], *next; inode; inode = next) {
            next = by_id ? inode->next_of_id : inode->next_of_node;
            if (by_id)
                insert_id(&larger, inode);
            else
                insert_node(&larger, inode);
        }
    }
    free(table->slots);
    *table = larger;
}

/* The names in nodes are those of values, which anyone may have chosen. */
static uint32_t hash_of(struct slice packed)
{
    return (uint32_t)hash_bytes(0, packed);
}

static struct inode *new_inode(struct slice packed, uint64_t parent_id, struct slice name)
{
    struct inode *const inode = memory_alloc(sizeof *inode + packed.length + name.length + 1);
    inode->parent_id = parent_id;
    inode->node_hash = hash_of(packed);
    inode->node_length = (uint16_t)packed.length;
    inode->name_length = (uint16_t)name.length;
    memcpy(inode->bytes, packed.at, packed.length);
    if (name.length) memcpy(inode->bytes + packed.length, name.at, name.length);
    return inode;
}

static void free_inode(struct inode *inode)
{
    copy_free(inode->copy);
    free(inode->listing);
    free(inode);
}

void inodes_init(struct inodes *inodes)
{
    *inodes = (struct inodes){.last_id = FUSE_ROOT_ID - 1};
    table_init(&inodes->by_id);
    table_init(&inodes->by_node);
}

static void free_negative(void *context, struct inode *inode)
{
    if (inode->id == 0) inodes_retire(context, inode);
}

void inodes_done(struct inodes *inodes)
{
    size_t slot = 0;
    (void)inodes_each_newest(inodes, &slot, SIZE_MAX, free_negative, inodes);
    for (size_t i = 0; i < inodes->by_id.capacity; i++) {
        while (inodes->by_id.slots[i]) {
            struct inode *const inode = inodes->by_id.slots[i];
            inodes->by_id.slots[i] = inode->next_of_id;
            free_inode(inode);
        }
    }
    free(inodes->by_id.slots);
    free(inodes->by_node.slots);
}

struct slice inode_node(const struct inode *inode)
{
    return slice_of(inode->bytes, inode->node_length);
}

const char *inode_name(const struct inode *inode)
{
    return inode->bytes + inode->node_length;
}

struct inode *inodes_find(const struct inodes *inodes, uint64_t id)
{
    struct inode *inode = *slot_of_id(&inodes->by_id, id);
    while (inode && inode->id != id)
        inode = inode->next_of_id;
    return inode;
}

struct inode *inodes_find_node(const struct inodes *inodes, struct slice packed)
{
    uint32_t const hash = hash_of(packed);
    struct inode *inode = *slot_of_node(&inodes->by_node, hash);
    while (inode && (inode->node_hash != hash || !slice_equal(inode_node(inode), packed)))
        inode = inode->next_of_node;
    return inode;
}

static void make_newest(struct inodes *inodes, struct inode *inode)
{
    struct inode *const older = inodes_find_node(inodes, inode_node(inode));
    if (older) inodes_retire(inodes, older);
    inodes_make_room(&inodes->by_node, false);
    insert_node(&inodes->by_node, inode);
    inode->newest = true;
}

struct inode *inodes_add(struct inodes *inodes, struct slice packed, uint64_t parent_id,
                         struct slice name, const struct node_stat *stat)
{
    struct inode *const inode = new_inode(packed, parent_id, name);
    inode->id = ++inodes->last_id;
    inode->stat = *stat;
    make_newest(inodes, inode);
    inodes_make_room(&inodes->by_id, true);
    insert_id(&inodes->by_id, inode);
    return inode;
}

bool inodes_move(struct inode *inode, uint64_t parent_id)
{
    if (parent_id > inode->parent_id) inode->parent_id = parent_id;
    return parent_id == inode->parent_id;
}

bool inodes_add_negative(struct inodes *inodes, struct slice packed, uint64_t parent_id,
                         struct slice name)
{
    struct inode *const known = inodes_find_node(inodes, packed);
    if (known && known->id == 0) return inodes_move(known, parent_id);
    if (inodes->negative_count == NEGATIVES_MAX) return false;
    make_newest(inodes, new_inode(packed, parent_id, name));
    inodes->negative_count++;
    return true;
}

/* It is not found by its node any more. */
static void remove_newest(struct inodes *inodes, struct inode *inode)
{
    struct inode **at = slot_of_node(&inodes->by_node, inode->node_hash);
    while (*at != inode)
        at = &(*at)->next_of_node;
    *at = inode->next_of_node;
    inodes->by_node.count--;
    inode->newest = false;
}

void inodes_retire(struct inodes *inodes, struct inode *inode)
{
    if (!inode->newest) return;
    remove_newest(inodes, inode);
    if (inode->id != 0) return;
    inodes->negative_count--;
    free_inode(inode);
}

struct pinned *inodes_forget(struct inodes *inodes, uint64_t id, uint64_t lookup_count)
{
    struct inode *const inode = inodes_find(inodes, id);
    if (!inode || id == FUSE_ROOT_ID) return NULL; /* the root is never forgotten */
    inode->lookup_count -= lookup_count < inode->lookup_count ? lookup_count : inode->lookup_count;
    if (inode->lookup_count > 0 || (inode->listing && inode->listing->handle_count > 0))
        return NULL;
    if (inode->newest) remove_newest(inodes, inode);
    struct inode **at = slot_of_id(&inodes->by_id, id);
    while (*at != inode)
        at = &(*at)->next_of_id;
    *at = inode->next_of_id;
    inodes->by_id.count--;
    struct pinned *const pinned = inode->pinned;
    free_inode(inode);
    return pinned;
}

size_t inodes_each_newest(struct inodes *inodes, size_t *slot, size_t most,
                          void (*visit)(void *context, struct inode *inode), void *context)
{
    size_t seen = 0;
    for (; *slot < inodes->by_node.capacity && seen < most; (*slot)++, seen++) {
        for (struct inode *inode = inodes->by_node.slots[*slot], *next; inode; inode = next) {
            next = inode->next_of_node;
            visit(context, inode);
            seen++;
        }
    }
    return seen;
}

size_t inodes_scan(const struct inodes *inodes, size_t *slot, size_t most,
                   void (*visit)(void *context, struct inode *inode), void *context)
{
    size_t seen = 0;
    for (; *slot < inodes->by_id.capacity && seen < most; (*slot)++, seen++) {
        for (struct inode *inode = inodes->by_id.slots[*slot]; inode; inode = inode->next_of_id) {
            visit(context, inode);
            seen++;
        }
    }
    return seen;
}
