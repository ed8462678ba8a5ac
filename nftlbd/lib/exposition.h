/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Metrics as text, in the forms that Prometheus reads: its own (0.0.4) and
 * OpenMetrics 1.0. They differ in little; who writes samples need not know
 * which it is.
 *
 * A family's head comes first, then all of its samples. A sample has the labels
 * that are set, and up to one more of its own.
 */
#ifndef NFTLB_LIB_EXPOSITION_H
#define NFTLB_LIB_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/buf.h"

enum expo_type { EXPO_GAUGE, EXPO_COUNTER, EXPO_HISTOGRAM };

struct expo {
	struct buf *out;
	bool openmetrics;
	const char *name; /* of the family */
	size_t name_len;
	struct buf head; /* name{a="b",c="d" */
};

/** expo_wanted() - is it OpenMetrics that a client prefers who sends @accept?
 * NULL = there is no such header */
bool expo_wanted(const char *accept);
/** expo_content_type() - of what is written */
const char *expo_content_type(bool openmetrics);
/** expo_type_word() - "gauge", "counter", "histogram" */
const char *expo_type_word(enum expo_type type);

/** expo_family() - head of a family; labels are cleared
 * @name: of a counter it ends in _total; it must live until the next one */
void expo_family(struct expo *e, const char *name, enum expo_type type,
		 const char *help);
/** expo_label() - samples from here on have this label, too; @value is escaped
 * expo_label_word() - the same of what needs no escapes: names, our own words
 * expo_label_text() - the same where lengths are known
 * expo_label_ready() - a label as it is written, key="word"
 * expo_labels() - a mark: labels that are set now
 * expo_labels_cut() - only those stay that were set at @mark; 0 = none */
void expo_label(struct expo *e, const char *key, const char *value);
void expo_label_text(struct expo *e, const char *key, size_t nkey,
		     const char *word, size_t nword);
void expo_label_ready(struct expo *e, const char *text, size_t len);
size_t expo_labels(const struct expo *e);
void expo_labels_cut(struct expo *e, size_t mark);

/* One sample each. */
void expo_count(struct expo *e, uint64_t value);
void expo_real(struct expo *e, double value);
/** expo_count_of(), expo_real_of() - with one more label, whose @word needs no
 * escapes
 * expo_count_text() - the same where lengths are known */
void expo_count_text(struct expo *e, const char *key, size_t nkey,
		     const char *word, size_t nword, uint64_t value);
void expo_real_of(struct expo *e, const char *key, const char *word,
		  double value);

/* Here, for lengths of literals are known when it is compiled; measuring them
 * was a sixth of a scrape. */
static inline void expo_label_word(struct expo *e, const char *key,
				   const char *word)
{
	expo_label_text(e, key, strlen(key), word, strlen(word));
}

static inline void expo_count_of(struct expo *e, const char *key,
				 const char *word, uint64_t value)
{
	expo_count_text(e, key, strlen(key), word, strlen(word), value);
}

#define EXPO_LE_MAX 16 /* longest bound */

/* A bound of a histogram, as text: "0.5". */
struct expo_le {
	const char *text;
	size_t len;
};

/** expo_histogram() - all samples of one
 * @upto: so many were le[i] or less; one more than bounds: all
 * @sum_us: microseconds, written as seconds; NULL = it is not known */
void expo_histogram(struct expo *e, const struct expo_le *le,
		    const uint64_t *upto, size_t n, const uint64_t *sum_us);

/** expo_end() - after all families
 * expo_free() - but not e->out */
void expo_end(struct expo *e);
void expo_free(struct expo *e);

#endif
