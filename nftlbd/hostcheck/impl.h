/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of hostcheck among themselves. */
#ifndef NFTLB_HOSTCHECK_IMPL_H
#define NFTLB_HOSTCHECK_IMPL_H

#include "hostcheck/hostcheck.h"
#include "lib/buf.h"

/* Numbers that a judge found, for the words: {value}, {wanted}. */
struct figures {
	int64_t value, wanted;
};

/* A row of the table of checks. Texts have {PLACES}, see words.c. */
struct host_check {
	const char *name;
	enum host_kind kind; /* of the items that it looks at */
	unsigned int uses;   /* and what for: any of these */
	/* HOST_OK: nothing wrong, or not known */
	enum host_level (*judge)(const struct host *h,
				 const struct host_item *it,
				 struct figures *fig);
	const char *subject; /* what is at fault, "" = the host */
	const char *found;
	const char *mend;
	bool advice; /* it cannot be seen from here: said always, once */
};

extern const struct host_check host_checks[]; /* ends with name == NULL */

/** host_words() - append @text with its places filled in */
void host_words(struct buf *out, const char *text, const struct host *h,
		const struct host_item *it, const struct figures *fig);

/* ---- reading */

struct mnl_socket;

/** read_sysctl() - a number below /proc/sys; @path with '/'; -1 = none */
int64_t read_sysctl(const char *path);
/** read_link() - facts of an interface: by @name, or by @index where that is
 * NULL; *@out is cleared first */
void read_link(struct mnl_socket *nl, const char *name, uint32_t index,
	       struct host_link *out);
/** read_route() - where would a packet to @to go? */
void read_route(struct mnl_socket *nl, const struct addr *to,
		struct host_route *out);
enum host_neighbour read_neighbour(struct mnl_socket *nl,
				   const struct addr *address, uint32_t index);
/** read_modules() - facts of all items of that kind */
void read_modules(struct host *h);

#endif
