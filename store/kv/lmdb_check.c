// SPDX-License-Identifier: Apache-2.0
#include "kv/lmdb_check.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/arena.h"

/* A tree under way. The sequence of keys and, in front of each child, the key that leads to it,
 * rises: a child begins with the key that leads to it or behind it. */
struct scan {
    int fd;
    const struct lmdb_meta *meta;
    enum lmdb_use use;
    const char *name;
    size_t written;        /* pages of the file */
    uint8_t *seen;         /* a bit for each of them */
    size_t beyond;         /* free pages behind them */
    struct lmdb_tree want; /* what the tree says of itself, and */
    struct lmdb_tree found;
    uint8_t *levels[LMDB_DEPTH_MAX]; /* a page each, once it is needed */
    uint8_t key[LMDB_KEY_BYTES_MAX]; /* the last one */
    size_t key_bytes;
    bool leads; /* it leads to a child: the next one may be the same */
    struct error *err;
    /* Of each node of a leaf. */
    bool (*take)(struct scan *scan, size_t number, const struct lmdb_node *node);
};

static bool complain(struct scan *scan, size_t number, const char *wrong)
{
    return lmdb_complain(scan->name, number, wrong, scan->err);
}

static bool cut_short(struct scan *scan)
{
    size_t const page_bytes = scan->meta->page_bytes;
    (void)error_set(scan->err, ERROR_CORRUPT, "data.mdb is cut short: %zu bytes of %zu",
                    scan->written * page_bytes, (scan->meta->last_page + 1) * page_bytes);
    return error_remedy(scan->err,
                        "restore the store from a backup, or ingest again into a new one");
}

static bool read_at(struct scan *scan, size_t number, size_t offset, void *bytes, size_t length)
{
    off_t const at = (off_t)(number * scan->meta->page_bytes + offset);
    ssize_t const got = lmdb_read(scan->fd, at, bytes, length);
    if (got < 0) return error_system(scan->err, errno, "cannot read data.mdb");
    return (size_t)got == length || cut_short(scan);
}

/* Page NUMBER is used, or free, and nothing else may be there. */
static bool mark(struct scan *scan, size_t number)
{
    if (number >= scan->written) return cut_short(scan);
    uint8_t const bit = (uint8_t)(1u << (number % 8));
    if (scan->seen[number / 8] & bit) return complain(scan, number, "is in use twice");
    scan->seen[number / 8] |= bit;
    return true;
}

static bool follow_key(struct scan *scan, size_t number, struct slice key, bool leads)
{
    struct slice const last = slice_of(scan->key, scan->key_bytes);
    int order = slice_compare(last, key);
    if (scan->use == LMDB_FREE_PAGES && last.length) { /* numbers */
        size_t before, now;
        memcpy(&before, last.at, sizeof before);
        memcpy(&now, key.at, sizeof now);
        order = (before > now) - (before < now);
    }
    if (last.length && (order > 0 || (order == 0 && !scan->leads)))
        return complain(scan, number, "has keys out of order");
    memcpy(scan->key, key.at, key.length);
    scan->key_bytes = key.length;
    scan->leads = leads;
    return true;
}

static bool take_value(struct scan *scan, size_t number, const struct lmdb_node *node)
{
    size_t pages;
    scan->found.entries++;
    if (!follow_key(scan, number, node->key, false)) return false;
    if (node->child) {
        uint8_t head[LMDB_HEAD_BYTES];
        if (!read_at(scan, node->child, 0, head, sizeof head)) return false;
        const char *const wrong = lmdb_overflow_wrong(head, node, scan->meta, &pages);
        if (wrong) return complain(scan, node->child, wrong);
        scan->found.overflow_pages += pages;
        for (size_t i = 0; i < pages; i++) {
            if (!mark(scan, node->child + i)) return false;
        }
    }
    return !scan->take || scan->take(scan, number, node);
}

static bool scan_page(struct scan *scan, size_t number, unsigned level);

static bool scan_children(struct scan *scan, size_t number, const struct lmdb_page *page,
                          unsigned level)
{
    scan->found.branch_pages++;
    if (level + 1 >= scan->want.depth) return complain(scan, number, "is deeper than its tree");
    for (unsigned i = 0; i < page->count; i++) {
        struct lmdb_node const node = lmdb_node_read(page, i);
        if ((i > 0 && !follow_key(scan, number, node.key, true)) ||
            !scan_page(scan, node.child, level + 1))
            return false;
    }
    return true;
}

static bool scan_page(struct scan *scan, size_t number, unsigned level)
{
    struct lmdb_page page;
    uint8_t **const bytes = &scan->levels[level];
    if (!*bytes) *bytes = memory_alloc(scan->meta->page_bytes);
    if (!mark(scan, number) || !read_at(scan, number, 0, *bytes, scan->meta->page_bytes))
        return false;
    const char *const wrong = lmdb_page_wrong(*bytes, number, scan->use, scan->meta, &page);
    if (wrong) return complain(scan, number, wrong);
    if (!page.leaf) return scan_children(scan, number, &page, level);
    scan->found.leaf_pages++;
    if (level + 1 != scan->want.depth) return complain(scan, number, "is a leaf too high up");
    for (unsigned i = 0; i < page.count; i++) {
        struct lmdb_node const node = lmdb_node_read(&page, i);
        if (!take_value(scan, number, &node)) return false;
    }
    return true;
}

static bool scan_tree(struct scan *scan, const struct lmdb_tree *tree, enum lmdb_use use,
                      const char *name)
{
    scan->use = use;
    scan->name = name;
    scan->want = *tree;
    scan->found = (struct lmdb_tree){0};
    scan->key_bytes = 0;
    scan->leads = false;
    if (tree->root == LMDB_NO_PAGE) return true;
    if (!scan_page(scan, tree->root, 0)) return false;
    return (scan->found.branch_pages == tree->branch_pages &&
            scan->found.leaf_pages == tree->leaf_pages &&
            scan->found.overflow_pages == tree->overflow_pages &&
            scan->found.entries == tree->entries) ||
           complain(scan, tree->root, "begins a tree that has lost pages or entries");
}

static bool begin(struct scan *scan, int fd, const struct lmdb_meta *meta, struct error *err)
{
    struct stat status;
    *scan = (struct scan){.fd = fd, .meta = meta, .name = "meta", .err = err};
    if (fstat(fd, &status) < 0) return error_system(err, errno, "cannot read data.mdb");
    scan->written = (size_t)status.st_size / meta->page_bytes;
    if (scan->written > meta->last_page + 1) scan->written = meta->last_page + 1;
    scan->seen = memory_alloc(scan->written / 8 + 1);
    return true;
}

static void end(struct scan *scan)
{
    for (size_t i = 0; i < COUNT_OF(scan->levels); i++)
        free(scan->levels[i]);
    free(scan->seen);
}
#define AUTO_WALK AUTO(end)

static bool take_free_page(struct scan *scan, size_t number, size_t page, size_t before)
{
    if (page < 2 || page > scan->meta->last_page || page >= before)
        return complain(scan, number, "has an impossible list of free pages");
    if (page < scan->written) return mark(scan, page);
    scan->beyond++;
    return true;
}

/* One transaction's: how many there are, and their numbers, the greatest first. */
static bool take_free(struct scan *scan, size_t number, const struct lmdb_node *node)
{
    enum { AT_ONCE = 4096 };
    size_t pages[AT_ONCE], count = 0, before = SIZE_MAX;
    size_t const room = node->value.length / sizeof *pages;
    for (size_t i = 0, step; i == 0 || i <= count; i += step) {
        step = room - i < AT_ONCE ? room - i : AT_ONCE;
        size_t const offset = i * sizeof *pages;
        if (!node->child && step)
            memcpy(pages, node->value.at + offset, step * sizeof *pages);
        else if (step &&
                 !read_at(scan, node->child, LMDB_HEAD_BYTES + offset, pages, step * sizeof *pages))
            return false;
        if (i == 0 && room) count = pages[0];
        if (room == 0 || count >= room)
            return complain(scan, number, "has an impossible list of free pages");
        for (size_t j = i == 0; j < step && i + j <= count; j++) {
            if (!take_free_page(scan, number, pages[j], before)) return false;
            before = pages[j];
        }
    }
    return true;
}

static bool scan_free(struct scan *scan)
{
    size_t const missing = scan->meta->last_page + 1 - scan->written;
    scan->take = take_free;
    bool const good = scan_tree(scan, &scan->meta->free, LMDB_FREE_PAGES, "free pages");
    scan->take = NULL;
    if (!good || scan->beyond == missing) return good;
    return cut_short(scan);
}

bool lmdb_scan_free(int fd, const struct lmdb_meta *meta, struct error *err)
{
    AUTO_WALK struct scan scan;
    return begin(&scan, fd, meta, err) && scan_free(&scan);
}

bool lmdb_scan_table(int fd, const struct lmdb_meta *meta, const struct lmdb_tree *tree,
                     const char *name, struct error *err)
{
    AUTO_WALK struct scan scan;
    return begin(&scan, fd, meta, err) && scan_tree(&scan, tree, LMDB_TABLE, name);
}

/* The page of the list into *PAGE, whose bytes are the scan's. */
static bool scan_list(struct scan *scan, struct lmdb_page *page)
{
    const struct lmdb_tree *const tree = &scan->meta->tables;
    *page = (struct lmdb_page){0};
    if (!scan_tree(scan, tree, LMDB_TABLE_LIST, "list of tables")) return false;
    if (tree->root == LMDB_NO_PAGE) return true;
    if (tree->depth != 1) return complain(scan, tree->root, "has more tables than there are");
    return lmdb_page_wrong(scan->levels[0], tree->root, LMDB_TABLE_LIST, scan->meta, page) == NULL;
}

static bool check_table_tree(struct scan *scan, struct slice value, struct lmdb_tree *ret_tree)
{
    const struct lmdb_meta *const meta = scan->meta;
    if (!lmdb_tree_read(value, ret_tree))
        return complain(scan, meta->tables.root, "has a table without a tree");
    const char *const wrong = lmdb_tree_wrong(ret_tree, LMDB_TABLE, meta);
    return !wrong || complain(scan, meta->tables.root, wrong);
}

bool lmdb_scan_list(int fd, const struct lmdb_meta *meta, size_t *ret_key_offset, struct error *err)
{
    AUTO_WALK struct scan scan;
    struct lmdb_page page;
    struct lmdb_tree tree;
    if (!begin(&scan, fd, meta, err) || !scan_list(&scan, &page)) return false;
    for (unsigned i = 0; i < page.count; i++) {
        if (!check_table_tree(&scan, lmdb_node_read(&page, i).value, &tree)) return false;
    }
    *ret_key_offset = page.count ? (size_t)(lmdb_node_read(&page, 0).key.at - page.at) : 0;
    return true;
}

bool lmdb_scan_all(int fd, const struct lmdb_meta *meta, struct error *err)
{
    AUTO_WALK struct scan scan;
    AUTO_FREE uint8_t *list = NULL;
    struct lmdb_page page;
    struct lmdb_tree tree;
    char name[LMDB_KEY_BYTES_MAX + 1];
    if (!begin(&scan, fd, meta, err) || !scan_free(&scan) || !scan_list(&scan, &page)) return false;
    list = memory_alloc(meta->page_bytes); /* the scans below use the levels again */
    if (page.count) memcpy(list, page.at, page.bytes);
    page.at = list;
    for (unsigned i = 0; i < page.count; i++) {
        struct lmdb_node const node = lmdb_node_read(&page, i);
        memcpy(name, node.key.at, node.key.length);
        name[node.key.length] = '\0';
        if (!check_table_tree(&scan, node.value, &tree) ||
            !scan_tree(&scan, &tree, LMDB_TABLE, name))
            return false;
    }
    return true;
}
