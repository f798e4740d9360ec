// SPDX-License-Identifier: Apache-2.0
#include "cli/tree_print.h"

#include <stdio.h>

#include "tree/tree.h"

enum { READ_BYTES = 1 << 20 };

bool tree_view_open(struct tree_view *view, const char *path, struct error *err)
{
    return store_open(path, STORE_READ, &view->store, err) &&
           snapshot_open(view->store, &view->snapshot, err);
}

void tree_view_close(struct tree_view *view)
{
    snapshot_close(view->snapshot);
    store_close(view->store);
}

static bool tree_print_find(const struct tree_view *view, const char *path, struct arena *arena,
                            struct node *ret_node, struct node_stat *ret_stat, struct error *err)
{
    switch (tree_find(view->snapshot, slice_text(path), arena, ret_node, ret_stat, err)) {
    case TREE_FOUND: return true;
    case TREE_FAILED: return false;
    case TREE_MISSING:
    case TREE_NEVER:
    case TREE_UNKNOWN: break;
    }
    (void)error_set(err, ERROR_MISSING, "no such file or directory");
    (void)error_remedy(err, "'tally ls STORE [PATH]' lists what there is");
    return error_place(err, "%s", path);
}

bool tree_print_file(const struct tree_view *view, const char *path, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    AUTO_BUFFER struct buffer bytes = {0};
    AUTO(tree_reader_done) struct tree_reader reader = {0};
    struct node node;
    struct node_stat stat;
    if (!tree_print_find(view, path, &arena, &node, &stat, err)) return false;
    if (stat.directory) {
        (void)error_set(err, ERROR_INPUT, "is a directory");
        (void)error_remedy(err, "'tally ls STORE PATH' lists it, PATH.json has its rows");
        return error_place(err, "%s", path);
    }
    uint64_t offset = 0;
    do {
        buffer_clear(&bytes);
        if (!tree_read(view->snapshot, &node, &reader, offset, READ_BYTES, &bytes, err))
            return false;
        offset += bytes.length;
        /* an empty file has no bytes, and nowhere to have them */
        if (bytes.length == 0) return true;
        if (fwrite(bytes.at, 1, bytes.length, stdout) != bytes.length) return true;
    } while (bytes.length == READ_BYTES);
    return true;
}

static bool print_entries(struct tree_listing *listing, struct error *err)
{
    for (;;) {
        struct tree_entry entry;
        switch (tree_listing_next(listing, &entry, err)) {
        case TREE_FOUND: break;
        case TREE_FAILED: return false;
        case TREE_MISSING:
        case TREE_NEVER:
        case TREE_UNKNOWN: return true;
        }
        (void)fwrite(entry.name.at, 1, entry.name.length, stdout); /* console_end looks */
        if (entry.stat.directory) (void)putchar('/');
        if (putchar('\n') == EOF) return true;
    }
}

bool tree_print_listing(const struct tree_view *view, const char *path, struct error *err)
{
    AUTO_ARENA struct arena arena = {0};
    struct tree_listing *listing;
    struct node node;
    struct node_stat stat;
    if (!tree_print_find(view, path, &arena, &node, &stat, err)) return false;
    if (!stat.directory) {
        (void)puts(path); /* console_end looks */
        return true;
    }
    if (!tree_list(view->snapshot, &node, &listing, err)) return false;
    bool const good = print_entries(listing, err);
    tree_listing_free(listing);
    return good;
}
