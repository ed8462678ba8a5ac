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

#include "lib/buf.h"

enum expo_type { EXPO_GAUGE, EXPO_COUNTER, EXPO_HISTOGRAM };

struct expo {
	struct buf *out;
	bool openmetrics;
	const char *name; /* of the family */
	size_t name_len;
	struct buf labels; /* a="b",c="d" */
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
 * expo_labels_cut() - only the first @len bytes of the labels stay (what
 * e->labels.len was at some time) */
void expo_label(struct expo *e, const char *key, const char *value);
void expo_label_word(struct expo *e, const char *key, const char *word);
void expo_labels_cut(struct expo *e, size_t len);

/* One sample each. */
void expo_count(struct expo *e, uint64_t value);
void expo_real(struct expo *e, double value);
/** expo_count_of(), expo_real_of() - with one more label, whose @word needs no
 * escapes */
void expo_count_of(struct expo *e, const char *key, const char *word,
		   uint64_t value);
void expo_real_of(struct expo *e, const char *key, const char *word,
		  double value);
/** expo_bucket() - so many were @le ("0.5", "+Inf") or less
 * expo_sum_us(), expo_sum_count() - the rest of a histogram; the last is also
 * written as the bucket of +Inf. Sums are microseconds, written as seconds */
void expo_bucket(struct expo *e, const char *le, uint64_t value);
void expo_sum_us(struct expo *e, uint64_t us);
void expo_sum_count(struct expo *e, uint64_t value);

/** expo_end() - after all families
 * expo_free() - but not e->out */
void expo_end(struct expo *e);
void expo_free(struct expo *e);

#endif
