/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What changed, in words: whoever steps the model gets these, and makes of each
 * one line in the log and one event. */
#ifndef NFTLB_MODEL_CHANGES_H
#define NFTLB_MODEL_CHANGES_H

#include "model/model.h"

struct change {
	const char *kind; /* health admin weight said state service panic drain
			   * weights feed path */
	const struct service *s;
	const struct backend *b; /* NULL: the service itself */
	char old_state[16], new_state[16];
	char reason[160];
};

struct changes {
	struct change *list;
	size_t n, cap;
	int64_t since_us; /* when what happened was measured, CLOCK_MONOTONIC;
			   * 0 = not said */
	bool urgent;      /* a backend stopped serving: commit at once */
	bool worthwhile;  /* something else that the kernel should hear of */
};

/** changes_add() - append one; @fmt: its reason */
void changes_add(struct changes *c, const char *kind, const struct service *s,
		 const struct backend *b, const char *old_state,
		 const char *new_state, const char *fmt, ...)
    __attribute__((format(printf, 7, 8)));

/** changes_free() - empty again */
void changes_free(struct changes *c);

#endif
