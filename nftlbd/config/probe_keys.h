/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The [check] or [feed] that is being looked at: shared by the files that judge
 * them. */
#ifndef NFTLB_CONFIG_PROBE_KEYS_H
#define NFTLB_CONFIG_PROBE_KEYS_H

#include "config/resolve.h"

struct probe_look {
	struct resolver *r;
	const struct doc_section *section;
	unsigned int place; /* IN_CHECK or IN_FEED */
	struct check_draft *draft;
	char label[LABEL_SIZE];
};

/** probe_said() - is the key in the section? */
bool probe_said(const struct probe_look *l, const char *key);

/** probe_refuse() - complain about a key's value */
void probe_refuse(struct probe_look *l, const char *key, const char *found,
		  const char *problem, const char *allowed);

/** probe_when() - is what a key needs beside it as it has to be? */
bool probe_when(const struct conf_check *c, enum key_when when);

/** probe_defaults() - the defaults of keys of @place that were not said */
void probe_defaults(unsigned int place, struct check_draft *d);

/**
 * probe_read() - the section @l->section into @l->draft, defaults included
 * @l: label is filled in; nobody may be called "none"
 * Return: false where a key's value was refused.
 */
bool probe_read(struct probe_look *l);

/** probe_judge() - every key: is it of the type, is one missing, do they agree?
 */
void probe_judge(struct probe_look *l);

#endif
