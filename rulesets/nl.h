/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink to nf_tables: batches out, dumps in. The only place that knows about
 * sequence numbers, buffer sizes and the errors of a netlink socket.
 */
#ifndef RULESETS_NL_H
#define RULESETS_NL_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/err.h"

struct nl {
	struct mnl_socket *sock;
	uint32_t portid;
	uint32_t seq;
	int sndbuf; /* bytes the socket takes in one message */
};

int nl_open(struct nl *nl, struct err *err);
void nl_close(struct nl *nl);

/** Before this byte and message a batch may end, and another begin. */
struct batch_cut {
	size_t at, message;
};

/** A batch under construction: messages back to back. */
struct batch {
	struct buf buf;
	size_t msg; /* where the message being built starts */
	uint32_t first_seq, next_seq;
	const char **what; /* per message: what it is about, for errors */
	size_t nwhat, capwhat;
	struct batch_cut *cuts; /* where it may be taken apart */
	size_t ncuts, capcuts;
	uint32_t genid;
	unsigned int sent; /* transactions that the kernel took */
};

/** batch_begin() - @genid: refuse unless the rule set is of this generation;
 * 0 = whatever it is */
void batch_begin(struct batch *b, struct nl *nl, uint32_t genid);

/**
 * batch_msg() - start a message; @room bytes are there for attributes
 * @type: NFT_MSG_*; @flags: NLM_F_CREATE etc. (NLM_F_REQUEST is added)
 * @what: words for an error; must live as long as the batch
 * The pointer is valid until the next batch call.
 */
struct nlmsghdr *batch_msg(struct batch *b, uint16_t type, uint16_t flags,
			   uint8_t family, size_t room, const char *what);
void batch_msg_end(struct batch *b);
/**
 * batch_may_cut() - what is in @b so far does no harm without the rest
 * A batch is one transaction, unless the socket cannot be made large enough.
 */
void batch_may_cut(struct batch *b);
void batch_free(struct batch *b);

/**
 * nl_commit() - send the batch; @dry: without its end, so that the kernel
 * checks everything and keeps nothing
 * A batch that is too large for the socket is sent in pieces, where it may be
 * cut; a dry run then is one of the first piece. b->sent says how many there
 * were, each one generation.
 * Return: 0, or -errno of the first refusal, with words. -ERESTART: another
 * generation. -EAGAIN: a piece was refused after others had been accepted.
 * -ENOBUFS: the kernel's answers were lost, the outcome is unknown.
 */
int nl_commit(struct nl *nl, struct batch *b, bool dry, struct err *err);

/** nl_genid_next() - the generation after @genid */
uint32_t nl_genid_next(uint32_t genid);
/** nl_genid() - generation of the whole rule set; 0 or -errno */
int nl_genid(struct nl *nl, uint32_t *genid);

/**
 * nl_dump() - run a dump, @cb for each message; @cb returns 0 or -errno
 * @table, @part: names to ask for, or NULL; @table_attr: NFTA_*_TABLE; @part: a
 * set (of elements) or a chain (of rules): the same attribute
 * Return: 0; -EINTR: it was not consistent, run it again; other -errno.
 */
typedef int nl_cb(const struct nlmsghdr *nlh, void *arg);
int nl_dump(struct nl *nl, uint16_t type, uint8_t family, const char *table,
	    uint16_t table_attr, const char *part, nl_cb *cb, void *arg);
/**
 * nl_get_keys() - look up keys of a map, without a dump
 * A dump costs the square of the map's size (the kernel counts its way to where
 * it was for every piece), this costs the number of keys.
 * @keys: n of them, @len bytes each, at most NL_KEY_MAX, one after the other
 * @cb: called for each element that is there, as for a dump
 * Return: 0, or -errno.
 */
#define NL_KEY_MAX 44u
int nl_get_keys(struct nl *nl, uint8_t family, const char *table,
		const char *map, const void *keys, unsigned int len, size_t n,
		nl_cb *cb, void *arg);
/** nl_get_ids() - the same for @n keys of 32 bits from @first on */
int nl_get_ids(struct nl *nl, uint8_t family, const char *table,
	       const char *map, uint32_t first, uint32_t n, nl_cb *cb,
	       void *arg);

#endif
