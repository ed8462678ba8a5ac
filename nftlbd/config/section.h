/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The entries of a section -> a draft, by a table of keys: any program's. */
#ifndef NFTLB_CONFIG_SECTION_H
#define NFTLB_CONFIG_SECTION_H

#include "config/doc.h"
#include "config/keys.h"
#include "config/report.h"

enum entry_done { ENTRY_REFUSED, ENTRY_READ, ENTRY_ORDINARY };

struct section_reader {
	struct doc *doc;
	struct report *report;
	const struct key_set *keys;
	unsigned int place; /* the one place whose keys are known here */
	/* Reads what is no ordinary value, or says that it is one; NULL: all
	 * are. @value is the document's and may be cut. */
	enum entry_done (*other)(void *arg, const struct doc_section *s,
				 const struct conf_key *key, const char *name,
				 char *value, struct where where);
	void *arg;
};

/**
 * section_entries() - the entries of @s into a draft
 * @set: the draft's array of places, by keys_number().
 * Return: false where any entry was refused, with a complaint for each.
 */
bool section_entries(const struct section_reader *sr,
		     const struct doc_section *s, void *draft,
		     struct where *set);

/** section_defaults() - what the keys of a place are if nobody says it */
void section_defaults(const struct key_set *keys, unsigned int place,
		      void *draft);

/**
 * section_twins() - complain about sections of one kind and name; [global]:
 * once in each file
 */
void section_twins(struct doc *doc, struct report *report, int kind);

#endif
