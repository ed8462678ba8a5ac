/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of the facade, for the files of rulesets/ that keep what is no
 * plan's: entries that packets made, counters, lists. */
#ifndef RULESETS_RULESET_IMPL_H
#define RULESETS_RULESET_IMPL_H

#include "rulesets/counters.h"
#include "rulesets/have.h"
#include "rulesets/held.h"
#include "rulesets/keeper.h"
#include "rulesets/ruleset.h"
#include "rulesets/watch.h"

/* Session tables that no rule speaks of, whose entries are carried over. */
struct moved_set {
	char *unit, *set;
	uint8_t family;
};

struct moved {
	struct moved_set *list;
	size_t n, cap;
};

struct ruleset {
	char *table;
	struct nl nl;
	struct watch watch;
	struct keeper keeper;
	struct have have;
	struct held held; /* ids that sessions may still name */
	struct moved moved;
	bool thorough; /* the next scan: a plan that should fit was refused */
	struct ruleset_stats stats;
	struct {
		uint64_t version; /* of the list; a scan counts as well */
		ruleset_leaving_fn *leaving;
		void *arg;
	} counters;
};

/** ruleset_counters_leave() - have those that @p's second part deletes read
 * ruleset_counters_changed() - @p was committed */
void ruleset_counters_leave(struct ruleset *rs, const struct plan *p);
void ruleset_counters_changed(struct ruleset *rs, const struct plan *p);

/**
 * ruleset_send() - commit a batch that changes nothing HAVE knows of
 * Our own watch does not hear of it. @b: begun with any generation; freed by
 * the caller.
 * Return: as nl_commit().
 */
int ruleset_send(struct ruleset *rs, struct batch *b, struct err *err);

/** moved_plan() - session tables that are replaced stay: take their removal out
 * of @p */
void moved_plan(struct moved *m, struct plan *p);
/** moved_make_way() - remove those whose names @p wants to use */
void moved_make_way(struct ruleset *rs, const struct plan *p);
void moved_free(struct moved *m);

#endif
