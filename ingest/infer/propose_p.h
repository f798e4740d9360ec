/* propose_p.h - a proposal while it is made: between propose.c and its parts, a file each.
 *
 * Place    propose.c calls propose_key.c, propose_views.c, propose_measures.c and propose_write.c.
 * Memory   all of a proposal is in its arena and that of its sample.
 * Threads  one owner at a time.
 * Errors   none: what cannot be told is not proposed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "infer/column_profile.h"
#include "infer/type_inference.h"

enum { PROPOSED_VIEWS_MAX = 3, PROPOSED_MEASURES_MAX = 16, NO_FIELD_CHOSEN = -1 };

/* In which views it is: those that cost little in all. */
enum measure_reach { REACH_TOTALS, REACH_TIME, REACH_ALL };
struct proposed_measure {
    struct slice name;
    struct slice text; /* "sum(price)" */
    int field;         /* in a view by that field it would say nothing */
    enum measure_reach reach;
};

/* What is said in the schema. Fields are told by their place in the stream. */
struct proposal {
    struct arena arena;
    struct sample sample;
    struct time_zone *zone;       /* UTC */
    struct inference *inferences; /* one a column of the sample */
    /* Its fields are the columns that can be used; what follows is one a field. */
    struct stream stream;
    const struct inference **seen;
    struct inferred *inferred;
    struct slice *notes; /* what the type is guessed from */
    struct column_profiles facts;

    int key[2];
    size_t key_count;
    size_t key_repeats; /* records whose key came before */
    int version;        /* of {"newest": ...} */
    int operation;      /* says of a record that it is a delete: `delete_word` */
    struct slice delete_word;
    int time;
    enum bucket_unit unit;
    struct proposed_measure measures[PROPOSED_MEASURES_MAX];
    size_t measure_count;
    int dimensions[PROPOSED_VIEWS_MAX];
    size_t dimension_count;
};

static inline const struct column_profile *proposal_profile(const struct proposal *proposal,
                                                            int field)
{
    return &proposal->facts.of[field];
}

static inline struct slice proposal_name(const struct proposal *proposal, int field)
{
    return proposal->stream.fields[field].name;
}

static inline enum field_type proposal_type(const struct proposal *proposal, int field)
{
    return proposal->inferred[field].type;
}

static inline int proposal_count(const struct proposal *proposal)
{
    return (int)proposal->stream.field_count;
}

bool proposal_is_key(const struct proposal *proposal, int field); /* alone */
bool proposal_is_dimension(const struct proposal *proposal, int field);

/* The words in names of columns that more than one part asks for: see column_name_has. */
extern const char propose_id_words[];
extern const char propose_user_words[];
extern const char propose_text_words[];
extern const char propose_sequence_words[];

/* Each needs what those before it have chosen. */
void propose_key(struct proposal *proposal); /* with time, version and deletes */
void propose_views(struct proposal *proposal);
void propose_measures(struct proposal *proposal);
void propose_write(const struct proposal *proposal, struct buffer *text);
