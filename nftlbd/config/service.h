/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service that is being looked at: shared by the files that judge it. */
#ifndef NFTLB_CONFIG_SERVICE_H
#define NFTLB_CONFIG_SERVICE_H

#include "config/netlists.h"
#include "config/resolve.h"

struct look {
	struct resolver *r;
	const struct doc_section *section;
	struct service_draft *draft;
	struct conf_checks checks; /* of backends that name none */
	struct list_refs allow, deny;
	struct backend_list *backends;
	char label[LABEL_SIZE];
};

/** look_said() - where the key was said, in [defaults] too, or the section's
 * line */
struct where look_said(const struct look *l, const char *key);

/** look_said_here() - in this very section, not inherited from [defaults]? */
bool look_said_here(const struct look *l, const char *key);

/** look_refuse() - complain about a key's value; the service is broken then */
void look_refuse(struct look *l, const char *key, const char *found,
		 const char *problem, const char *allowed);

/** look_useless() - complain about a key that would do nothing here
 * @allowed: "with ..."
 */
void look_useless(struct look *l, struct where where, const char *key,
		  const char *allowed);

/* pins.c */

/** pins_judge() - pin lines: names, backends, clients that are in two */
void pins_judge(struct look *l);
/** pins_build() - what is good into the draft's configuration */
void pins_build(struct look *l);

/* dynamic.c */

/** dynamic_judge() - keys of weights that follow the load, and its feeds */
void dynamic_judge(struct look *l);
/** dynamic_checks() - is there what the scheduler goes by? After the backends
 * have their checks */
void dynamic_checks(struct look *l);

/* groups.c */

/** group_judge() - persist-group: what the service itself has to be for it */
void group_judge(struct look *l);

/* direct.c */

/** direct_built() - complain about a mode that has no rules yet */
void direct_built(struct look *l);
/** direct_judge() - what a mode that tracks nothing needs, and its keys say */
void direct_judge(struct look *l);
/** direct_build() - what is good into the draft's configuration */
void direct_build(struct look *l);
/* offload.c */

/** offload_judge() - what offload needs, and what cannot be had beside it */
void offload_judge(struct look *l);

/* rules.c */

#define MODES_TEXT 96 /* bytes for key_modes() */

/**
 * mode_judge() - keys, options and backends that the mode has no use for
 * Refuses what is said of them here, forgets what [defaults] said. Comes before
 * everything else.
 */
void mode_judge(struct look *l);

/** rules_judge() - keys of the rules around the service that need others */
void rules_judge(struct look *l);

/** rules_inherit() - a backend's limit and marks: its own or the service's */
void rules_inherit(const struct service_draft *s, const struct backend_draft *b,
		   struct conf_backend *out);

#endif
