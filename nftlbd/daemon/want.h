/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MODEL -> what rulesets/ works on: one entry per service and family. */
#ifndef NFTLB_DAEMON_WANT_H
#define NFTLB_DAEMON_WANT_H

#include "model/model.h"
#include "rulesets/types.h"

struct want_list {
	struct rs_service *list;
	size_t n, cap;
	void **owned; /* what the services point to and the model does not have:
		       * texts, arrays. Freed with the list. */
	size_t nowned, capowned;
};

/** want_add() - append @s, one entry for each of its families
 * and tables
 * What the entries point to is the model's or the list's: plan, then free. */
void want_add(struct want_list *w, const struct model *m,
	      const struct service *s);
/** want_all() - every service of the model, with all that is in it, and the
 * shared tables of persist-groups, "/GROUP" */
void want_all(struct want_list *w, const struct model *m);
/** want_changes() - every service, those that are not dirty by name only */
void want_changes(struct want_list *w, const struct model *m);
void want_free(struct want_list *w);

/** want_probes() - are backends of @family probed by way of @s, of mode dsr or
 * ipip? Then @s has a second entry, "@NAME", and lo has one */
bool want_probes(const struct service *s, uint8_t family);

/** want_own() - keep @p until the list is freed; returns it */
void *want_own(struct want_list *w, void *p);
/** want_devices() - interfaces where direct modes meet packets, "@NAME"; part
 * of want_all() and want_changes() */
void want_devices(struct want_list *w, const struct model *m);

/**
 * want_flows() - append what matches the flows of one backend that are to be
 * cut: every address and port range of its service. The caller frees the list.
 */
struct flow_matches {
	struct flow_match *list;
	size_t n, cap;
};
void want_flows(struct flow_matches *out, const struct service *s,
		const struct backend *b, enum cut cut);

#endif
