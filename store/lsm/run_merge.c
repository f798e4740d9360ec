/* The inputs' blocks are read one by one. When the share ends, those that were read to their end
 * are deleted, one run's behind the other's; what is left of one in the middle is written back
 * under its own first key.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "lsm/run_merge.h"

#include "base/arena.h"
#include "lsm/block.h"
#include "lsm/filter_writer.h"

struct input {
    struct run *run;
    struct cursor *cursor;
    struct buffer fence; /* of the block at hand */
    struct buffer block;
    struct block_reader reader; /* stands at the next entry to be taken */
    uint64_t head;              /* of its key, see key_head */
    bool has_entry;
    bool is_begun;   /* the block is: some of its entries are taken */
    uint64_t passed; /* blocks in front of it that are to be deleted */
};

struct merge {
    struct txn *txn;
    enum db_table table;
    size_t prefix_length; /* of the tree's keys */
    bool is_oldest; /* nothing of the tree is older than the inputs: what went away is forgotten */
    struct input *inputs; /* newest first */
    size_t input_count;
    struct run *output;
    struct block open;
    struct filter_writer filter;
    struct buffer key;
    uint64_t written; /* blocks */
};

static void merge_done(struct merge *merge)
{
    for (size_t i = 0; i < merge->input_count; i++) {
        struct input *const input = &merge->inputs[i];
        cursor_close(input->cursor);
        buffer_done(&input->fence);
        buffer_done(&input->block);
        block_reader_done(&input->reader);
    }
    free(merge->inputs);
    block_done(&merge->open);
    filter_writer_done(&merge->filter);
    buffer_done(&merge->key);
}

static struct slice entry_key(const struct input *input)
{
    return run_key_rest(buffer_slice(&input->reader.key));
}

static bool read_entry(const struct merge *merge, struct input *input, struct error *err)
{
    enum block_step const step = block_next(&input->reader);
    input->has_entry = step == BLOCK_ONE;
    if (input->has_entry) input->head = key_head(entry_key(input), merge->prefix_length);
    return step != BLOCK_DAMAGED || block_corrupt(merge->table, err);
}

/* The first block of the run whose key is not before FENCE, if there is one. */
static bool take_block(const struct merge *merge, struct input *input, struct slice fence,
                       struct error *err)
{
    struct db_entry entry;
    enum db_finding const found = cursor_seek(input->cursor, fence, &entry, err);
    if (found == DB_FAILED) return false;
    input->has_entry = input->is_begun = false;
    if (found == DB_MISSING || run_key_id(entry.key) != input->run->id) return true;
    buffer_set(&input->fence, entry.key);
    buffer_set(&input->block, entry.value);
    block_read(&input->reader, buffer_slice(&input->fence), buffer_slice(&input->block));
    return read_entry(merge, input, err);
}

static bool take_first_block(const struct merge *merge, struct input *input, struct error *err)
{
    STACK_BUFFER(start, RUN_ID_BYTES);
    run_key(input->run->id, (struct slice){0}, &start);
    return take_block(merge, input, buffer_slice(&start), err);
}

static bool take_next_block(const struct merge *merge, struct input *input, struct error *err)
{
    input->passed++;
    buffer_add_byte(&input->fence, 0); /* behind it, and in front of any other */
    return take_block(merge, input, buffer_slice(&input->fence), err);
}

/* The first blocks of the run, which are read to their end. */
static bool drop_passed(struct input *input, struct error *err)
{
    STACK_BUFFER(start, RUN_ID_BYTES);
    struct db_entry entry;
    if (input->passed == 0) return true;
    run_key(input->run->id, (struct slice){0}, &start);
    enum db_finding found = cursor_seek(input->cursor, buffer_slice(&start), &entry, err);
    while (found == DB_FOUND && input->passed > 0) {
        if (!cursor_drop(input->cursor, err)) return false;
        input->run->blocks--;
        if (--input->passed > 0) found = cursor_next_key(input->cursor, &entry.key, err);
    }
    return found != DB_FAILED;
}

static bool step_on(const struct merge *merge, struct input *input, struct error *err)
{
    input->is_begun = true;
    input->run->entries--;
    if (!read_entry(merge, input, err)) return false;
    return input->has_entry || take_next_block(merge, input, err);
}

/* What is left of a block whose first entries are taken. */
static bool write_back(const struct merge *merge, struct input *input, struct error *err)
{
    AUTO(block_done) struct block rest = {.fence = {0}};
    if (!input->is_begun) return true;
    while (input->has_entry) {
        if (!block_add(&rest, buffer_slice(&input->reader.key), input->reader.value))
            return block_corrupt(merge->table, err); /* a part is no larger than the whole */
        if (!read_entry(merge, input, err)) return false;
    }
    return db_drop(merge->txn, merge->table, buffer_slice(&input->fence), err) &&
           db_put(merge->txn, merge->table, buffer_slice(&rest.fence), block_bytes(&rest), err);
}

static bool write_open(struct merge *merge, struct error *err)
{
    if (block_is_empty(&merge->open)) return true;
    merge->written++;
    merge->output->blocks++;
    bool const good = db_put(merge->txn, merge->table, buffer_slice(&merge->open.fence),
                             block_bytes(&merge->open), err);
    block_clear(&merge->open);
    return good;
}

static bool put_entry(struct merge *merge, const struct input *input, struct error *err)
{
    struct slice const key = entry_key(input);
    if (input->reader.value.length == 0 && merge->is_oldest) return true;
    run_key(merge->output->id, key, &merge->key);
    struct slice const full = buffer_slice(&merge->key);
    if (!block_add(&merge->open, full, input->reader.value) &&
        (!write_open(merge, err) || !block_add(&merge->open, full, input->reader.value)))
        return false;
    merge->output->entries++;
    return filter_writer_add(&merge->filter, key, err);
}

static int compare_inputs(const struct input *a, const struct input *b)
{
    if (a->head != b->head) return a->head < b->head ? -1 : 1;
    return slice_compare(entry_key(a), entry_key(b));
}

/* The input with the least key, the newest of those that have it; NULL: all are at their end. */
static struct input *least_of(const struct merge *merge)
{
    struct input *least = NULL;
    for (size_t i = 0; i < merge->input_count; i++) {
        struct input *const input = &merge->inputs[i];
        if (input->has_entry && (!least || compare_inputs(input, least) < 0)) least = input;
    }
    return least;
}

/* Takes the least entry, and leaves out what older runs have for its key. */
static bool take_entry(struct merge *merge, struct input *least, struct error *err)
{
    for (struct input *older = least + 1; older < merge->inputs + merge->input_count; older++) {
        if (!older->has_entry || compare_inputs(older, least) != 0) continue;
        older->run->stale -= older->run->stale > 0;
        if (!step_on(merge, older, err)) return false;
    }
    return put_entry(merge, least, err) && step_on(merge, least, err);
}

static bool open_inputs(struct merge *merge, struct run_list *list, size_t first, struct error *err)
{
    for (size_t i = 0; i < merge->input_count; i++) {
        struct input *const input = &merge->inputs[i];
        input->run = &list->runs[first + i];
        if (!cursor_open(merge->txn, merge->table, &input->cursor, err) ||
            !take_first_block(merge, input, err))
            return false;
    }
    return true;
}

static bool close_share(struct merge *merge, struct error *err)
{
    for (size_t i = 0; i < merge->input_count; i++) {
        struct input *const input = &merge->inputs[i];
        if (!drop_passed(input, err) || !write_back(merge, input, err)) return false;
    }
    return write_open(merge, err) && filter_writer_finish(&merge->filter, err);
}

bool run_merge_advance(struct txn *txn, struct run_list *list, size_t output, size_t inputs,
                       uint64_t most_blocks, bool *ret_end, struct error *err)
{
    AUTO(merge_done)
    struct merge merge = {
        .txn = txn,
        .table = list->table,
        .prefix_length = list->prefix.length,
        .is_oldest = output + inputs + 1 == list->count,
        .input_count = inputs,
        .output = &list->runs[output],
    };
    struct input *least = NULL;
    merge.inputs = memory_alloc(inputs * sizeof *merge.inputs);
    if (!open_inputs(&merge, list, output + 1, err) ||
        !filter_writer_open(txn, list, merge.output->id, &merge.filter, err))
        return false;
    while (merge.written < most_blocks && (least = least_of(&merge))) {
        if (!take_entry(&merge, least, err)) return false;
    }
    *ret_end = !least_of(&merge);
    return close_share(&merge, err);
}
