/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the export among themselves: the exporter and its types. */
#ifndef HVAGENT_EXPORT_IMPL_H
#define HVAGENT_EXPORT_IMPL_H

#include "hvagent/export.h"
#include "lib/buf.h"

#define EXPORT_LIMIT_MAX_S 30. /* for one export; no more than an interval */
#define EXPORT_LIMIT_MIN_S 1.

struct export_type;

/* What [export] says; the exporter's own copy. */
struct export_conf {
	int type;                          /* enum hv_export */
	char *target, *topic, *token_file; /* NULL = none */
	uint32_t interval_ms;
};

struct exporter {
	struct agent *a;
	struct export_conf conf;
	const struct export_type *type;
	void *target; /* the type's */
	struct export_status status;
	ev_timer next, limit;
};

/* A type of target: a row in export.c, a file of its own. */
struct export_type {
	enum hv_export kind;
	const char *name;
	/* what lasts from one export to the next; NULL with words */
	void *(*open)(struct exporter *x, struct err *err);
	/* Begin one; never blocks. 0: export_done() is called once, later, or
	 * cancel is; -errno with words: it has failed. */
	int (*begin)(void *target, struct err *err);
	void (*cancel)(void *target); /* give up the one that is under way */
	void (*close)(void *target);  /* none is under way */
};

extern const struct export_type export_file, export_http, export_kafka;

/** export_done() - one is over; @why: words where @ret is not 0 */
void export_done(struct exporter *x, int ret, const char *why);

/** export_limit_s() - how long one may take, in seconds */
double export_limit_s(const struct exporter *x);

/* The list as text: each line says whose it is. */
struct export_text {
	struct buf text;
	size_t *ends; /* of the lines, with their newlines */
	size_t nlines;
};

/**
 * export_text() - the list as it is now
 * @host: name of this host; @time: Unix time. One line for each binding, sorted
 * by name; of an empty list one line without a binding.
 */
void export_text(const struct agent *a, const char *host, ev_tstamp time,
		 struct export_text *out);
void export_text_free(struct export_text *t);
/** export_text_now() - of this host, and now */
void export_text_now(const struct agent *a, struct export_text *out);

#define EXPORT_CHECKSUM_TEXT 65
/** export_checksum() - SHA-256 in hexadecimal of "NAME SERVICE VM\n" (or
 * "NAME SERVICE VM TUNNEL\n") of each binding, sorted by name (bytes); returns
 * @out */
const char *export_checksum(const struct bindings *l,
			    char out[EXPORT_CHECKSUM_TEXT]);

#endif
