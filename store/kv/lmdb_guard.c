// SPDX-License-Identifier: Apache-2.0
#include "kv/lmdb_guard.h"

#include "base/arena.h"
#include "base/touch.h"

enum { KNOWN = 1024 };

/* On the way to a leaf: the page of a level, and which of its nodes leads on. */
struct step {
    struct lmdb_page page;
    bool has_big; /* it is a leaf, with values in pages of their own */
    unsigned index;
    size_t merged; /* the child whose neighbours on the next level were looked at; 0: none */
};

struct table {
    const char *name;
    struct lmdb_tree tree;
    struct step *steps; /* one a level: the way to the last key's leaf */
    bool found;         /* there is such a way, and */
    struct slice low;   /* the leaf has the keys from here; no bytes: from the first one */
    struct slice high;  /* to below here; no bytes: to the last one */
    size_t beside;      /* the leaf whose neighbours were looked at; 0: none */
};

struct lmdb_guard {
    const uint8_t *map;
    struct lmdb_meta meta;
    unsigned count;
    /* Pages that were looked at, each in a place of its own or another's. */
    struct known_page {
        size_t number;
        bool has_big;
    } known[KNOWN];
    struct table tables[];
};

static const uint8_t *page_at(const struct lmdb_guard *guard, size_t number)
{
    return guard->map + number * guard->meta.page_bytes;
}

/* Rising keys, so that every search takes the same way. A branch's first is not looked at. */
static const char *order_wrong(const struct lmdb_page *page)
{
    for (unsigned i = page->leaf ? 1 : 2; i < page->count; i++) {
        if (slice_compare(lmdb_node_read(page, i - 1).key, lmdb_node_read(page, i).key) >= 0)
            return "has keys out of order";
    }
    return NULL;
}

static bool has_big(const struct lmdb_page *page)
{
    for (unsigned i = 0; page->leaf && i < page->count; i++) {
        if (lmdb_node_read(page, i).child) return true;
    }
    return false;
}

/* A page that is looked at for the first time, in whatever order its nodes stand. */
static void touch_page(const struct lmdb_guard *guard, const uint8_t *at)
{
    enum { LINE_BYTES = 64 };
    for (size_t i = 0; i < guard->meta.page_bytes; i += LINE_BYTES)
        memory_touch(at + i);
}

static bool check_page(struct lmdb_guard *guard, const struct table *table, size_t number,
                       unsigned level, struct lmdb_page *page, struct error *err)
{
    const uint8_t *const at = page_at(guard, number);
    struct known_page *const place = &guard->known[number % KNOWN];
    const char *wrong = NULL;
    bool const known = place->number == number;
    if (!known) touch_page(guard, at);
    if (known)
        *page = lmdb_page_again(at, &guard->meta);
    else
        wrong = lmdb_page_wrong(at, number, LMDB_TABLE, &guard->meta, page);
    if (!wrong && !known) wrong = order_wrong(page);
    if (!wrong && page->leaf != (level + 1u == table->tree.depth)) wrong = "is on another level";
    if (wrong) return lmdb_complain(table->name, number, wrong, err);
    if (!known) *place = (struct known_page){.number = number, .has_big = has_big(page)};
    return true;
}

/* The index of the last key that is not behind KEY; a branch's first is in front of all. */
static unsigned find(const struct lmdb_page *page, struct slice key, bool *ret_exact)
{
    unsigned low = page->leaf ? 0 : 1, high = page->count;
    *ret_exact = false;
    while (low < high) {
        unsigned const middle = (low + high) / 2;
        int const order = slice_compare(lmdb_node_read(page, middle).key, key);
        if (order == 0) *ret_exact = true;
        if (order <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? low - 1 : 0;
}

static bool go(struct lmdb_guard *guard, struct table *table, struct slice key, struct error *err)
{
    size_t number = table->tree.root;
    bool exact;
    table->found = false;
    table->low = table->high = (struct slice){0};
    for (unsigned level = 0; level < table->tree.depth; level++) {
        struct step *const step = &table->steps[level];
        struct lmdb_page page;
        if (!check_page(guard, table, number, level, &page, err)) return false;
        if (page.at != step->page.at) step->merged = 0;
        step->page = page;
        step->has_big = guard->known[number % KNOWN].has_big;
        if (page.leaf) break;
        step->index = find(&page, key, &exact);
        number = lmdb_node_read(&page, step->index).child;
        if (step->index > 0) table->low = lmdb_node_read(&page, step->index).key;
        if (step->index + 1 < page.count) table->high = lmdb_node_read(&page, step->index + 1).key;
    }
    return table->found = true;
}

static bool is_there(const struct table *table, struct slice key)
{
    return table->found && (!table->low.length || slice_compare(table->low, key) <= 0) &&
           (!table->high.length || slice_compare(key, table->high) < 0);
}

/* From page NUMBER on down to a leaf, always by the first or the last node. */
static bool check_edge(struct lmdb_guard *guard, struct table *table, size_t number, unsigned level,
                       bool last, struct error *err)
{
    for (; level < table->tree.depth; level++) {
        struct lmdb_page page;
        if (!check_page(guard, table, number, level, &page, err)) return false;
        if (page.leaf) break;
        number = lmdb_node_read(&page, last ? page.count - 1 : 0).child;
    }
    return true;
}

/* The leaf in front of the way's, or behind it, wherever it hangs. */
static bool check_beside(struct lmdb_guard *guard, struct table *table, bool before,
                         struct error *err)
{
    for (unsigned level = table->tree.depth - 1u; level-- > 0;) {
        const struct step *const step = &table->steps[level];
        if (before ? step->index == 0 : step->index + 1 == step->page.count) continue;
        unsigned const index = before ? step->index - 1 : step->index + 1;
        return check_edge(guard, table, lmdb_node_read(&step->page, index).child, level + 1, before,
                          err);
    }
    return true;
}

/* Of the children of a page those on one side of the way that LMDB may merge with: the next one,
 * and one more behind each that is less than half full, as it may itself have gone into its
 * neighbour by then. */
static bool check_side(struct lmdb_guard *guard, struct table *table, unsigned level, bool left,
                       struct error *err)
{
    const struct step *const step = &table->steps[level];
    struct lmdb_page child = {.free_bytes = SIZE_MAX};
    unsigned at = step->index;
    while (child.free_bytes > guard->meta.page_bytes / 2 &&
           (left ? at > 0 : at + 1 < step->page.count)) {
        at = left ? at - 1 : at + 1;
        if (!check_page(guard, table, lmdb_node_read(&step->page, at).child, level + 1, &child,
                        err))
            return false;
    }
    return true;
}

static bool check_merges(struct lmdb_guard *guard, struct table *table, struct error *err)
{
    for (unsigned level = 0; level + 1u < table->tree.depth; level++) {
        struct step *const step = &table->steps[level];
        size_t const child = lmdb_node_read(&step->page, step->index).child;
        if (step->merged == child) continue;
        if (!check_side(guard, table, level, true, err) ||
            !check_side(guard, table, level, false, err))
            return false;
        step->merged = child;
    }
    return true;
}

static bool check_value(const struct lmdb_guard *guard, const struct table *table, struct slice key,
                        struct error *err)
{
    const struct step *const step = &table->steps[table->tree.depth - 1];
    const struct lmdb_page *const leaf = &step->page;
    size_t pages;
    bool exact;
    if (!step->has_big) return true;
    struct lmdb_node const node = lmdb_node_read(leaf, find(leaf, key, &exact));
    if (!exact || !node.child) return true;
    const char *const wrong =
        lmdb_overflow_wrong(page_at(guard, node.child), &node, &guard->meta, &pages);
    return !wrong || lmdb_complain(table->name, node.child, wrong, err);
}

bool lmdb_guard_key(struct lmdb_guard *guard, unsigned index, struct slice key,
                    enum lmdb_reach reach, struct error *err)
{
    struct table *const table = &guard->tables[index];
    if (table->tree.root == LMDB_NO_PAGE) return true;
    if (!is_there(table, key) && !go(guard, table, key, err)) return false;
    if (reach != LMDB_LOOK)
        return check_value(guard, table, key, err) &&
               (reach == LMDB_PUT || check_merges(guard, table, err));
    size_t const leaf = (size_t)(table->steps[table->tree.depth - 1].page.at - guard->map);
    if (table->beside == leaf) return true;
    table->beside = leaf;
    return check_beside(guard, table, true, err) && check_beside(guard, table, false, err);
}

bool lmdb_guard_first(struct lmdb_guard *guard, unsigned index, struct error *err)
{
    struct table *const table = &guard->tables[index];
    return table->tree.root == LMDB_NO_PAGE ||
           check_edge(guard, table, table->tree.root, 0, false, err);
}

/* The tree of each table, from the list in the last commit. */
static bool read_list(struct lmdb_guard *guard, struct error *err)
{
    const struct lmdb_meta *const meta = &guard->meta;
    size_t const root = meta->tables.root;
    struct lmdb_page page;
    if (root == LMDB_NO_PAGE) return true;
    const char *wrong = lmdb_page_wrong(page_at(guard, root), root, LMDB_TABLE_LIST, meta, &page);
    if (!wrong && !page.leaf) wrong = "has more tables than there are";
    if (!wrong) wrong = order_wrong(&page);
    for (unsigned i = 0; !wrong && i < guard->count; i++) {
        struct table *const table = &guard->tables[i];
        bool exact;
        struct lmdb_node const node =
            lmdb_node_read(&page, find(&page, slice_text(table->name), &exact));
        if (exact && !lmdb_tree_read(node.value, &table->tree))
            wrong = "has a table without a tree";
        else if (exact)
            wrong = lmdb_tree_wrong(&table->tree, LMDB_TABLE, meta);
    }
    return !wrong || lmdb_complain("list of tables", root, wrong, err);
}

bool lmdb_guard_new(const uint8_t *map, const struct lmdb_meta *meta, const char *const *names,
                    unsigned count, struct lmdb_guard **ret_guard, struct error *err)
{
    struct lmdb_guard *const guard = memory_alloc(sizeof *guard + count * sizeof *guard->tables);
    *guard = (struct lmdb_guard){.map = map, .meta = *meta, .count = count};
    for (unsigned i = 0; i < count; i++)
        guard->tables[i] = (struct table){.name = names[i], .tree = {.root = LMDB_NO_PAGE}};
    if (!read_list(guard, err)) {
        lmdb_guard_free(guard);
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        struct table *const table = &guard->tables[i];
        if (table->tree.root != LMDB_NO_PAGE)
            table->steps = memory_alloc(table->tree.depth * sizeof *table->steps);
    }
    *ret_guard = guard;
    return true;
}

void lmdb_guard_free(struct lmdb_guard *guard)
{
    if (!guard) return;
    for (unsigned i = 0; i < guard->count; i++)
        free(guard->tables[i].steps);
    free(guard);
}

const struct lmdb_meta *lmdb_guard_meta(const struct lmdb_guard *guard)
{
    return &guard->meta;
}

const struct lmdb_tree *lmdb_guard_tree(const struct lmdb_guard *guard, unsigned table)
{
    return &guard->tables[table].tree;
}
