/* format.h - the on-disk truth: each LMDB table, its keys and values.
 *
 * Numbers in keys are big-endian, so that they sort; numbers in values are varints unless they
 * are drawn otherwise. [ ] is a field, ( )? there or not, ...* repeated. Packed values are
 * drawn in pack.c.
 *
 * FORMAT_VERSION changes with every incompatible change here. store_open refuses another one.
 *
 * A digest has 16 bytes, see digest.h.
 *
 * Behind each value stand four bytes more: the low ones of the XXH3-64 of the value, seeded with
 * that of the key (db.c).
 *
 *   meta     "store"               -> [format u16][secret 16][commit][commit ns u64][schema commit]
 *                                     [root listing commit][next group][last batch][events][rows]
 *            "schema"              -> the user's JSON
 *            "schema" [commit u64] -> the same of each schema that came into force then
 *            "zone"                -> TZif bytes of the schema's time zone, empty for UTC: a
 *                                     database of zones that is updated must not move events
 *                                     between buckets
 *            "stream" [stream u16] -> [next number][events][last batch that changed one]
 *                                     [packed newest time, or null]
 *                                     [dropped events][packed time before which they were, or null]
 *                                     [packed time before which nothing is in expiry, or null]
 *                                     [batch before which nothing is in undo]
 *            "view" [view u16]     -> [packed bucket or time before which groups are gone, or null]
 *                                     [packed time before which events may be missing, or null]
 *                                     [events that had been dropped when the view was made]
 *            "layout"              -> which ids and fields the names of the schema stand for,
 *                                     see catalog_ids.c
 *            "commits", and table commits [commit u64] -> what is known of each commit: time,
 *                                     batch and what tells it from those of other stores, see
 *                                     commits.h
 *   runs     [table u8] 0           -> [seed of filters u64][last run]
 *            [table u8] 1 ( [stream u16] )? -> [tail][length][greatest key]
 *                                     ( [run][state][blocks][entries][stale] )*
 *            Events, expiry, undo, values, ranks, references are trees of runs, see run_list.h:
 *            but for values and ranks one a stream. From the newest to the oldest; a key is what
 *            the newest run says that has it.
 *   filters  [table u8][run u32][first key of those it is of] -> [keys u16 le][bits], see filter.h
 *   events   [run u32][stream u16][packed key fields | number u64]: that of the first event
 *                                  -> ( [shared]( [rest of the key] )?[length][event] )*
 *            A block of neighbours, see block.h. `shared`: how many bytes of the key before the key
 *            begins with; for the rest see key_rest.h. The first key is the block's own. Without a
 *            value: the key is gone, whatever older runs say.
 *            event  = [batch << 2 | flags] ( field )* flags: EVENT_KEY_INSIDE, EVENT_DELETED
 *            The batch is the one that the event, or what deleted it, came with; 0: none.
 *            The fields of the key stand in the key alone where they can be read back from there.
 *            field  = string: see event_text.h | bool: 1, 2 | int: [1 + width][two's complement]
 *                     | decimal: [1 + width][scale][two's complement]
 *                     | time: [1 + width | 0x80 with ns][seconds, two's complement]( [ns] )?
 *                     | float: 1, eight bytes   0 instead of all that: null
 *            A deleted event stays, with its key, version and time alone, where versions decide.
 *            Fields missing at the end are null. Two's complement is little-endian
 *            and of least width.
 *   expiry   [run u32][stream u16][packed time][the event's key without its stream] -> 0
 *            The events of streams with "keep", by time, in blocks as these. A long key is cut,
 *            with its digest behind it, and the value is the event's key.
 *   undo     [run u32][stream u16][batch u64][the event's key without its stream]
 *                                  -> [cause u8][length]( [the event's key] )?( [event] )?
 *            What was there before the batch changed it, in blocks as these: undo_log.h. A long key
 *            is cut, as in expiry.
 *   references [run u32][stream u16][reference u8][digest of the target's key]
 *            [digest of the event's key] -> the event's key
 *            Which events refer to an event, in blocks as these. The references of a stream are
 *            counted as declared.
 *   groups   [view u16][depth u8]( packed dimension )* -> group
 *            group  = [version u8][flags u8][id][events][text commit]
 *                     inner: [rows commit][listing commit][rows]
 *                     ( [bytes of rows] )*  one a format, by enum rows_format (rows_formats.h)
 *                     ( [length][dimensions packed without limit] )?      flags: GROUP_EXACT
 *                     ( [length][facts of a node] )?                      flags: GROUP_HIERARCHY
 *                     ( state )*  one an aggregate, which begins with its version: aggregate_form.h
 *                     the text: the leaf's row, the inner group's total; to the end
 *            All groups of one depth are neighbours, in the order of their dimensions: a
 *            directory's listing is the range (depth + 1, prefix), a rows file is the range (last
 *            depth, prefix).
 *            Of a hierarchy, depth 0 is the root and depth 1 all nodes, each an inner
 *            group; its facts are
 *                     [own events][flags][nodes][nodes commit]
 *                     ( [rows]( [bytes] )* )* [packed parent]
 *                     with the rows for each level below, the nodes of the root alone, and the
 *                     parent that the events say, without limit. Where that is not there, flags
 *                     has HIERARCHY_AT_TOP.
 *   links    [view u16]['p'][packed id][packed parent] -> [weight]( [whole packed parent] )?
 *            How many events of the node say so. The least one counts.
 *            [view u16]['c'][packed parent][packed id] -> nothing, for each of these
 *            [view u16]['e'][packed parent | null][packed id] -> nothing
 *            Where the nodes of a hierarchy stand: null is the root.
 *   values   [run u32][group id u64][multiset u8][element], in blocks as events
 *                                  -> [weight]( [whole element] )?
 *            element = ( packed order )* ( packed key of the event )? [packed value]: how many
 *            events carry the value; with order and key for arg_min and arg_max. See multisets.h
 *            for how a long one is cut.
 *   ranks    [run u32][group id u64][multiset u8][~weight u64][element], in blocks as events
 *                                  -> 0 | [whole element]
 *            The same by falling weight, for top().
 *   batches  [batch u64]           -> see batch_log.c
 *   digests  [stream u16][digest 16] -> [batch u64]
 *            [0xffff]['r'][name of a file of refused records] -> [batch u64]: no stream is 0xffff
 *            [0xffff]['n'][stream u16][name of a batch in force] -> [batch u64]
 *   changes  [commit u64][part u16]
 *                            -> ( [view u16][depth u8][flags u8][length][packed dimensions] )*
 *            A commit without parts changed too much to tell.
 *
 * Place    the files of store/tables write and read it; nothing else knows a key's form.
 * Memory   none: it declares numbers alone.
 * Threads  pure data.
 * Errors   none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

enum { FORMAT_VERSION = 12, GROUP_VERSION = 1 };
enum event_flag { EVENT_KEY_INSIDE = 1, EVENT_DELETED = 2, EVENT_FLAG_BITS = 2 };
enum group_flag { GROUP_EXACT = 1, GROUP_HIERARCHY = 2 };
