/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From sections of text to the configuration: shared by the files that do it.
 */
#ifndef NFTLB_CONFIG_RESOLVE_H
#define NFTLB_CONFIG_RESOLVE_H

#include "config/conf.h"
#include "config/doc.h"
#include "config/draft.h"
#include "config/keys.h"
#include "config/names.h"
#include "config/report.h"

#define LABEL_SIZE    96
#define BACKENDS_TEXT NUMBER_TEXT(RS_BACKENDS_MAX)

struct backend_list {
	struct backend_draft *list;
	size_t n, cap;
	bool too_many; /* said so already */
};

struct pool {
	const char *name; /* the document's */
	struct where where;
	struct backend_list members;
	bool dynamic;
	bool broken;
};

struct resolver {
	struct doc *doc;
	struct report *report;
	struct conf *conf;
	struct names checks; /* -> conf->checks */
	struct names feeds;  /* -> conf->feeds */
	struct names lists;  /* -> conf->lists */
	struct names pools;  /* -> pools */
	struct pool *pools_list;
	size_t npools, cappools;
	char **member_texts; /* of members.c: drafts point into them */
	size_t nmember_texts, capmember_texts;
	size_t capservices;
	struct backend_draft backend_proto; /* the table's defaults */
	/* scratch of service.c and backends.c, kept from one to the next */
	struct backend_list own;      /* backend lines of the section */
	struct backend_list backends; /* with those of its pool */
	struct names backend_names;
	struct pin_draft *pins; /* pin lines of the section */
	size_t npins, cappins;
	uint32_t *order;
	size_t caporder;
	/* of checksets.c: indices into conf->checksets by content, 0 = free */
	uint32_t *sets;
	size_t capsets; /* a power of two */
	const struct conf_checks *set_last;
};

/**
 * conf_resolve() - read values, fill in defaults, join what names each other
 * @doc: its text is used up: words are cut where they stand.
 * Complaints go to @r; @conf is complete only if there are none at all.
 */
void conf_resolve(struct doc *doc, struct conf *conf, struct report *r);

/**
 * section_read() - the entries of @s into a draft
 * @place: the one place (keys.h) whose keys are known here.
 * @draft: of the section's kind; @set: its array of places.
 * @backends: where backend lines go, NULL where there are none.
 * Return: false where any entry was refused.
 */
bool section_read(struct resolver *r, const struct doc_section *s,
		  unsigned int place, void *draft, struct where *set,
		  struct backend_list *backends);

/** draft_where() - where the key was said; line 0 = nowhere */
struct where draft_where(const struct where *set, unsigned int place,
			 const char *key);

/**
 * check_find() - the check of that name; "none" and NULL give NULL
 * @label, @key, @where: who asks, for the complaint.
 * Return: false after a complaint.
 */
bool check_find(struct resolver *r, const char *name, const char *label,
		const char *key, struct where where,
		const struct conf_check **check);

/** api_check() - does what is said of the API go together? (api.c) */
void api_check(struct resolver *r, const struct global_draft *g);

/** checks_read() - every [check] section (check.c) */
void checks_read(struct resolver *r);

#define BUILTIN_FEED "cpu" /* exists without a section */

struct feed_refs {
	const struct conf_feed *list[CONF_FEEDS_MAX];
	size_t n;
};

/** feeds_read() - every [feed] section (feeds.c) */
void feeds_read(struct resolver *r);

/**
 * feeds_find() - the feeds of a list of names; "none" and NULL: no feeds
 * @label, @where: who asks, for the complaint.
 * Return: false after a complaint.
 */
bool feeds_find(struct resolver *r, const char *names, const char *label,
		struct where where, struct feed_refs *out);

/**
 * check_key_counts() - does the key mean anything for this check, or feed?
 * It is of the check's type, and the keys that it needs are what it needs.
 */
bool check_key_counts(const struct conf_check *c, const struct conf_key *key);

/**
 * checks_find() - the checks of a list of names; "none" and NULL: no checks
 * @out: without @need. The rest as check_find().
 */
bool checks_find(struct resolver *r, const char *names, const char *label,
		 const char *key, struct where where, struct conf_checks *out);

/** checks_share() - the configuration's set of that content; NULL: no checks */
const struct conf_checks *checks_share(struct resolver *r,
				       const struct conf_checks *set);

/** pool_find() - the pool of that name; "" and NULL give NULL; see check_find()
 */
bool pool_find(struct resolver *r, const char *name, const char *label,
	       struct where where, const struct pool **pool);

/**
 * backend_read() - one backend line, appended to @list
 * @value: of the document; words are cut where they stand, and kept.
 * Return: false after a complaint; nothing is appended then.
 */
bool backend_read(struct resolver *r, const struct doc_section *s,
		  const char *key, char *value, struct where where,
		  struct backend_list *list);

/**
 * pin_read() - one pin line of a service, appended to @r->pins
 * @value: as backend_read(). Return: false after a complaint.
 */
bool pin_read(struct resolver *r, const struct doc_section *s, const char *key,
	      char *value, struct where where);

/** backend_options_print() - " weight=2 backup": the options of its line, as
 * backend_read() takes them (print.c) */
void backend_options_print(const struct backend_draft *b, struct buf *out);

/** members_read() - to dynamic pools, what the source adds to what the files
 * say; a file's members win. To be called when all pools are read (members.c)
 */
void members_read(struct resolver *r);
/** pools_keep() - the pools, for who asks later what they said (members.c) */
void pools_keep(struct resolver *r);

/**
 * backends_check() - names and endpoints are unique, checks exist
 * Joins the checks that backends name. Return: false after a complaint.
 */
bool backends_check(struct resolver *r, const char *label,
		    struct backend_list *list);

/* What probes_settle() has to know of a service. */
struct probing {
	struct resolver *r;
	const char *label;
	const struct conf_service *service;
	struct conf_checks common; /* of backends that name none */
	uint32_t need;             /* so many of them; 0 = all */
	struct where need_where;
	bool broken;
};

/**
 * probes_settle() - the checks of each backend, its address and port for them
 * Return: false after a complaint.
 */
bool probes_settle(struct probing *p, struct backend_list *backends);

/** service_add() - one [service] section; @proto: the draft from [defaults] */
void service_add(struct resolver *r, const struct doc_section *s,
		 const struct service_draft *proto);

/** service_where() - where the service's section begins */
struct where service_where(const struct doc *doc, const struct conf_service *s);

/**
 * groups_check() - services of a persist-group agree with each other
 * Keeps the pools of groups in the configuration.
 */
void groups_check(struct resolver *r);

/** directs_check() - no answer of a backend fits two services (direct.c) */
void directs_check(struct resolver *r);

/**
 * overlaps_check() - no two services claim one address, protocol and port
 * @services: n of them; sorted lists inside, as conf.h says.
 * Cost: n log n, and memory for the services of one address at a time.
 */
void overlaps_check(const struct conf_service *services, size_t n,
		    const struct doc *doc, struct report *r);

#endif
