/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of networks: [list NAME] sections, and who names them. */
#ifndef NFTLB_CONFIG_NETLISTS_H
#define NFTLB_CONFIG_NETLISTS_H

#include "config/resolve.h"
#include "config/values.h"

/* A section while it is read. */
struct list_draft {
	struct conf_list conf;
	struct where set[DRAFT_KEYS_MAX];
	size_t entries; /* read so far, good or bad */
	size_t errors;
	struct where more; /* the first that was not shown */
	bool full;         /* too many entries: said so */
};

struct list_refs {
	const struct conf_list *list[LISTS_MAX];
	size_t n;
};

/** lists_read() - every [list] section */
void lists_read(struct resolver *r);

/**
 * list_entry() - one line of a section: entries, or a file of them
 * Return: false after a complaint.
 */
bool list_entry(struct resolver *r, const struct doc_section *s,
		const struct conf_key *key, const char *value,
		struct where where, struct list_draft *draft);

/**
 * lists_find() - the lists of these names; NULL and "" give none
 * @label, @key, @where: who asks, for the complaint. Return: false after one.
 */
bool lists_find(struct resolver *r, const char *names, const char *label,
		const char *key, struct where where, struct list_refs *out);

#endif
