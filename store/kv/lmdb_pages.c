// SPDX-License-Identifier: Apache-2.0
#include "kv/lmdb_pages.h"

#include <errno.h>
#include <unistd.h>

enum {
    WORD = sizeof(size_t),
    TREE_BYTES = 8 + 5 * WORD,
    META_BYTES = 8 + 2 * WORD + 2 * TREE_BYTES + 2 * WORD,
    PAGE_BYTES_MIN = 256,
    NODE_BYTES = 8,
    META_PAGES = 2,
};
enum page_flags { PAGE_BRANCH = 1, PAGE_LEAF = 2, PAGE_OVERFLOW = 4, PAGE_META = 8 };
enum node_flags { NODE_BIG = 1, NODE_TREE = 2 };
enum tree_flags { TREE_INTEGER_KEYS = 8 };
static uint32_t const magic = 0xBEEFC0DE, version = 1;

static const char remedy[] = "restore the store from a backup, or ingest again into a new one";

static uint16_t read_16(const uint8_t *at)
{
    uint16_t number;
    memcpy(&number, at, sizeof number);
    return number;
}

static uint32_t read_32(const uint8_t *at)
{
    uint32_t number;
    memcpy(&number, at, sizeof number);
    return number;
}

static size_t read_word(const uint8_t *at)
{
    size_t number;
    memcpy(&number, at, sizeof number);
    return number;
}

static size_t even(size_t bytes)
{
    return bytes + (bytes & 1);
}

bool lmdb_complain(const char *name, size_t number, const char *wrong, struct error *err)
{
    (void)error_set(err, ERROR_CORRUPT, "data.mdb is damaged: page %zu (%s) %s", number, name,
                    wrong);
    return error_remedy(err, remedy);
}

static struct lmdb_tree read_tree(const uint8_t *at)
{
    return (struct lmdb_tree){
        .flags = read_16(at + 4),
        .depth = read_16(at + 6),
        .branch_pages = read_word(at + 8),
        .leaf_pages = read_word(at + 8 + WORD),
        .overflow_pages = read_word(at + 8 + 2 * WORD),
        .entries = read_word(at + 8 + 3 * WORD),
        .root = read_word(at + 8 + 4 * WORD),
    };
}

bool lmdb_tree_read(struct slice value, struct lmdb_tree *ret_tree)
{
    if (value.length != TREE_BYTES) return false;
    *ret_tree = read_tree(value.at);
    return true;
}

const char *lmdb_tree_wrong(const struct lmdb_tree *tree, enum lmdb_use use,
                            const struct lmdb_meta *meta)
{
    if (tree->flags != (use == LMDB_FREE_PAGES ? TREE_INTEGER_KEYS : 0))
        return "leads to a tree of another kind";
    if (tree->root == LMDB_NO_PAGE) return tree->entries == 0 ? NULL : "has lost its tree";
    if (tree->root < META_PAGES || tree->root > meta->last_page)
        return "leads to a page that is not there";
    if (tree->depth == 0 || tree->depth > LMDB_DEPTH_MAX) return "leads to a tree without a depth";
    return NULL;
}

/* AT: the whole of meta page INDEX that is read. */
static const char *meta_wrong(const uint8_t *at, unsigned index, struct lmdb_meta *ret_meta)
{
    const uint8_t *const body = at + LMDB_HEAD_BYTES, *const trees = body + 8 + 2 * WORD;
    const uint8_t *const end = trees + 2 * TREE_BYTES;
    struct lmdb_meta const meta = {
        .page_bytes = read_32(trees),
        .free = read_tree(trees),
        .tables = read_tree(trees + TREE_BYTES),
        .last_page = read_word(end),
        .txn_id = read_word(end + WORD),
    };
    size_t const map_bytes = read_word(body + 8 + WORD);
    if (read_word(at) != index) return "has another number";
    if (read_16(at + WORD + 2) != PAGE_META) return "is no meta page";
    if (read_32(body) != magic || read_32(body + 4) != version) return "is no meta page";
    if (meta.page_bytes < PAGE_BYTES_MIN || meta.page_bytes > LMDB_PAGE_BYTES_MAX ||
        (meta.page_bytes & (meta.page_bytes - 1)) != 0)
        return "has an impossible page size";
    if (meta.last_page < META_PAGES - 1 || meta.last_page >= map_bytes / meta.page_bytes)
        return "has an impossible number of pages";
    /* Transaction N writes meta page N % 2; the first one finds both at 0. */
    if (meta.txn_id != 0 && meta.txn_id % META_PAGES != index)
        return "is of a transaction that writes the other one";
    *ret_meta = meta;
    return NULL;
}

/* Of the version that is going to be used. The older page may have anything here: where writing it
 * failed, LMDB takes back the number of the transaction and of the last page, and nothing else. */
static bool check_trees(const struct lmdb_meta *meta, struct error *err)
{
    const char *wrong = lmdb_tree_wrong(&meta->free, LMDB_FREE_PAGES, meta);
    if (!wrong) wrong = lmdb_tree_wrong(&meta->tables, LMDB_TABLE_LIST, meta);
    return !wrong || lmdb_complain("meta", meta->txn_id % META_PAGES, wrong, err);
}

ssize_t lmdb_read(int fd, off_t offset, void *bytes, size_t length)
{
    size_t done = 0;
    while (done < length) {
        ssize_t const got = pread(fd, (uint8_t *)bytes + done, length - done, offset + (off_t)done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

/* Of the page size that page 0 says; 0 for page 0 itself. */
static bool read_meta(int fd, unsigned index, uint32_t page_bytes, struct lmdb_meta *ret_meta,
                      struct error *err)
{
    uint8_t bytes[LMDB_HEAD_BYTES + META_BYTES];
    ssize_t const got = lmdb_read(fd, (off_t)index * page_bytes, bytes, sizeof bytes);
    if (got < 0) return error_system(err, errno, "cannot read data.mdb");
    const uint8_t *const body = bytes + LMDB_HEAD_BYTES;
    if (index == 0 && ((size_t)got != sizeof bytes || read_32(body) != magic)) {
        (void)error_set(err, ERROR_CORRUPT, "data.mdb is not an LMDB file");
        return error_remedy(err, remedy);
    }
    if (index == 0 && read_32(body + 4) != version)
        return error_set(err, ERROR_VERSION, "data.mdb was written by another version of LMDB");
    if ((size_t)got != sizeof bytes) return lmdb_complain("meta", index, "is not there", err);
    const char *const wrong = meta_wrong(bytes, index, ret_meta);
    if (wrong) return lmdb_complain("meta", index, wrong, err);
    return index == 0 || ret_meta->page_bytes == page_bytes ||
           lmdb_complain("meta", index, "has another page size than the first one", err);
}

static bool read_metas(int fd, struct lmdb_meta metas[META_PAGES], struct error *err)
{
    if (!read_meta(fd, 0, 0, &metas[0], err) ||
        !read_meta(fd, 1, metas[0].page_bytes, &metas[1], err))
        return false;
    size_t const a = metas[0].txn_id, b = metas[1].txn_id;
    return (a > b ? a - b : b - a) <= 1 ||
           lmdb_complain("meta", b > a, "is of a transaction that does not follow the other's",
                         err);
}

bool lmdb_meta_read(int fd, struct lmdb_meta *ret_meta, struct error *err)
{
    /* A writer may be in the middle of one: what is damage is there the next time, too. */
    enum { TRIES = 20 };
    struct lmdb_meta metas[META_PAGES];
    for (unsigned i = 0; i < TRIES; i++) {
        if (!read_metas(fd, metas, err)) continue;
        *ret_meta = metas[metas[1].txn_id > metas[0].txn_id];
        if (check_trees(ret_meta, err)) return true;
    }
    return false;
}

enum lmdb_found lmdb_meta_find(int fd, size_t txn_id, struct lmdb_meta *ret_meta, struct error *err)
{
    struct lmdb_meta newest;
    struct lmdb_meta metas[META_PAGES];
    if (!lmdb_meta_read(fd, &newest, err)) return LMDB_DAMAGED;
    if (newest.txn_id == txn_id) {
        *ret_meta = newest;
        return LMDB_FOUND;
    }
    if (!read_metas(fd, metas, err) || metas[txn_id % META_PAGES].txn_id != txn_id)
        return LMDB_GONE;
    *ret_meta = metas[txn_id % META_PAGES];
    return check_trees(ret_meta, err) ? LMDB_FOUND : LMDB_DAMAGED;
}

/* 0: it is not all within the page. */
static size_t node_bytes(const uint8_t *page, uint32_t page_bytes, size_t at, bool leaf)
{
    if (at + NODE_BYTES > page_bytes) return 0;
    const uint8_t *const node = page + at;
    size_t bytes = NODE_BYTES + (size_t)read_16(node + 6);
    if (leaf) bytes += read_16(node + 4) & NODE_BIG ? WORD : read_32(node);
    return bytes > page_bytes - at ? 0 : even(bytes);
}

static size_t node_pages(const uint8_t *node, uint32_t page_bytes)
{
    return (LMDB_HEAD_BYTES - 1 + (size_t)read_32(node)) / page_bytes + 1;
}

static size_t branch_child(const uint8_t *node)
{
    size_t const low = read_32(node);
    return WORD > 4 ? low | (size_t)((uint64_t)read_16(node + 4) << 32) : low;
}

static const char *node_wrong(const uint8_t *node, bool leaf, bool first, enum lmdb_use use,
                              const struct lmdb_meta *meta)
{
    unsigned const key_bytes = read_16(node + 6), flags = read_16(node + 4);
    bool const keyless = !leaf && first; /* what is left of the key of a branch's first node */
    if (key_bytes > LMDB_KEY_BYTES_MAX || (key_bytes == 0 && !keyless) ||
        (use == LMDB_FREE_PAGES && !keyless && key_bytes != WORD))
        return "has a node with an impossible key";
    size_t child = leaf ? 0 : branch_child(node), last = child;
    if (leaf && flags != (use == LMDB_TABLE_LIST ? NODE_TREE : flags & NODE_BIG))
        return "has a node of another kind";
    if (leaf && use == LMDB_TABLE_LIST && read_32(node) != TREE_BYTES)
        return "has a table without a tree";
    if (leaf && flags & NODE_BIG) {
        child = read_word(node + NODE_BYTES + key_bytes);
        size_t const pages = node_pages(node, meta->page_bytes);
        last = child > SIZE_MAX - pages ? SIZE_MAX : child + pages - 1;
    }
    bool const inside = child >= META_PAGES && last <= meta->last_page;
    return (leaf && !(flags & NODE_BIG)) || inside ? NULL : "leads to a page that is not there";
}

/* The nodes lie packed from UPPER to the end of the page, in any order, and each offset leads to
 * another one of them. */
static const char *nodes_wrong(const uint8_t *at, size_t upper, const struct lmdb_page *page,
                               enum lmdb_use use, const struct lmdb_meta *meta)
{
    uint8_t begins[LMDB_PAGE_BYTES_MAX / 16]; /* a bit for each two bytes of the page */
    unsigned count = 0;
    memset(begins, 0, page->bytes / 16);
    for (size_t node = upper, bytes; node < page->bytes; node += bytes, count++) {
        bytes = node_bytes(at, page->bytes, node, page->leaf);
        if (bytes == 0) return "has a node that ends behind it";
        begins[node / 16] |= (uint8_t)(1u << (node / 2 % 8));
    }
    if (count != page->count) return "has another number of nodes than offsets";
    for (unsigned i = 0; i < count; i++) {
        size_t const node = read_16(at + LMDB_HEAD_BYTES + 2 * (size_t)i);
        uint8_t const bit = (uint8_t)(1u << (node / 2 % 8));
        if (node < upper || node >= page->bytes || node % 2 != 0 || !(begins[node / 16] & bit))
            return "has an offset that leads to no node";
        begins[node / 16] = (uint8_t)(begins[node / 16] & ~bit);
        const char *const wrong = node_wrong(at + node, page->leaf, i == 0, use, meta);
        if (wrong) return wrong;
    }
    return NULL;
}

struct lmdb_page lmdb_page_again(const uint8_t *at, const struct lmdb_meta *meta)
{
    size_t const lower = read_16(at + WORD + 4), upper = read_16(at + WORD + 6);
    return (struct lmdb_page){.at = at,
                              .bytes = meta->page_bytes,
                              .leaf = read_16(at + WORD + 2) == PAGE_LEAF,
                              .count = (unsigned)(lower - LMDB_HEAD_BYTES) / 2,
                              .free_bytes = upper - lower};
}

const char *lmdb_page_wrong(const uint8_t *at, size_t number, enum lmdb_use use,
                            const struct lmdb_meta *meta, struct lmdb_page *ret_page)
{
    unsigned const flags = read_16(at + WORD + 2);
    size_t const lower = read_16(at + WORD + 4), upper = read_16(at + WORD + 6);
    if (read_word(at) != number) return "has another number";
    if (flags != PAGE_LEAF && flags != PAGE_BRANCH) return "is of another kind";
    if (lower < LMDB_HEAD_BYTES || lower % 2 != 0 || upper % 2 != 0 || lower > upper ||
        upper > meta->page_bytes)
        return "has an impossible free space";
    struct lmdb_page const page = lmdb_page_again(at, meta);
    /* LMDB lets a branch of the free pages be down to one while it takes them. */
    if (page.count < (page.leaf || use == LMDB_FREE_PAGES ? 1 : 2)) return "has too few nodes";
    const char *const wrong = nodes_wrong(at, upper, &page, use, meta);
    if (!wrong) *ret_page = page;
    return wrong;
}

const char *lmdb_overflow_wrong(const uint8_t *at, const struct lmdb_node *node,
                                const struct lmdb_meta *meta, size_t *ret_pages)
{
    size_t const pages = read_32(at + WORD + 4);
    if (read_word(at) != node->child) return "has another number";
    if (read_16(at + WORD + 2) != PAGE_OVERFLOW) return "is of another kind";
    /* A value that was put in the place of a longer one may have pages to spare. */
    if (pages < node->children || pages > meta->last_page - node->child + 1)
        return "has an impossible number of pages";
    *ret_pages = pages;
    return NULL;
}

struct lmdb_node lmdb_node_read(const struct lmdb_page *page, unsigned index)
{
    const uint8_t *const at = page->at + read_16(page->at + LMDB_HEAD_BYTES + 2 * (size_t)index);
    const uint8_t *const key = at + NODE_BYTES;
    size_t const key_bytes = read_16(at + 6);
    struct lmdb_node node = {.key = slice_of(key, key_bytes)};
    if (!page->leaf) {
        node.child = branch_child(at);
    } else if (read_16(at + 4) & NODE_BIG) {
        node.child = read_word(key + key_bytes);
        node.children = node_pages(at, page->bytes);
        node.value.length = read_32(at);
    } else {
        node.value = slice_of(key + key_bytes, read_32(at));
    }
    return node;
}
