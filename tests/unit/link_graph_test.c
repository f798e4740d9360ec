// SPDX-License-Identifier: Apache-2.0
#include "tables/link_graph.h"

#include <stdio.h>

#include "../support/test.h"
#include "../support/tmpstore.h"

enum { PARENTS = 60, STORED = 25, STEPS = 4000, LINE_BYTES = 32 };

static const char schema_text[] =
    "{\"streams\":{\"s\":{\"fields\":{\"id\":\"int\",\"up\":\"int\"}}},\"views\":{\"t\":{\"by\":["
    "\"tree(id, up)\"],\"measures\":{\"n\":\"count()\"}}}}";

static struct link_node *node_of(struct link_graph *graph, unsigned id)
{
    struct value const value = {.kind = VALUE_NUMBER, .number = {.coefficient = id}};
    return link_graph_node(graph, &value);
}

/* Each event counts; of all the parents that some event names, the least one is the node's. */
static int least_of(const int *weights)
{
    for (int i = 0; i < PARENTS; i++) {
        if (weights[i] > 0) return i;
    }
    return -1;
}

/* Of the node PARENTS, beside a list of how many events name each parent. */
static void the_least_parent_counts_whatever_comes_and_goes(void **state)
{
    (void)state;
    int weights[PARENTS] = {0};
    char text[STORED * 2][LINE_BYTES];
    const char *lines[STORED * 2];
    struct tmpstore tmp;
    struct error err;
    const struct schema *schema;
    AUTO_TXN struct txn *txn = NULL;
    AUTO(link_graph_done) struct link_graph graph;
    unsigned random = 1;
    tmpstore_open(&tmp, schema_text);
    for (unsigned i = 0; i < STORED * 2; i++) {
        unsigned const parent = i * 7 % PARENTS;
        (void)snprintf(text[i], LINE_BYTES, "%d|%u", PARENTS, parent);
        lines[i] = text[i];
        weights[parent]++;
    }
    (void)tmpstore_put(&tmp, "s", lines, STORED * 2);
    assert_true(store_schema(tmp.store, &schema, &err));
    assert_true(txn_begin(store_db(tmp.store), false, &txn, &err));
    link_graph_init(&graph, &schema->views[0], txn);
    struct link_node *const node = node_of(&graph, PARENTS);
    for (unsigned step = 0; step < STEPS; step++) {
        random = random * 1103515245u + 12345u;
        unsigned const parent =
            random >> 16 & 1 ? (unsigned)least_of(weights) % PARENTS : (random >> 17) % PARENTS;
        int const weight = weights[parent] > 0 && (random >> 28) % 8 ? -1 : +1;
        struct link_node *found;
        assert_true(link_graph_add(&graph, node, node_of(&graph, parent), weight, &err));
        weights[parent] += weight;
        if (step % 3) continue; /* several changes between two looks */
        assert_true(link_graph_parent(&graph, node, &found, &err));
        int const least = least_of(weights);
        assert_ptr_equal(found, least < 0 ? NULL : node_of(&graph, (unsigned)least));
    }
    link_graph_done(&graph);
    txn_abort(TAKE(txn));
    tmpstore_close(&tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_parent_counts_whatever_comes_and_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
