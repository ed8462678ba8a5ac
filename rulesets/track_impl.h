/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the tracker share; nobody else includes this. */
#ifndef RULESETS_TRACK_IMPL_H
#define RULESETS_TRACK_IMPL_H

#include <libmnl/libmnl.h>

#include "rulesets/flows_impl.h"
#include "rulesets/track.h"

/* ---- what is known of each flow (track_table.c) */

#define TRACK_CLAIMS_MAX (1u << 24)
#define TRACK_ROUNDS     8u

/* 16 bytes: there may be millions. */
struct track_flow {
	uint64_t key;        /* hash of the original tuple and zone; 0 = none */
	uint32_t id;         /* CTA_ID: tells flows of one tuple apart */
	uint32_t claim : 24; /* whose it is */
	uint32_t established : 1, open : 1; /* it counts as */
	uint32_t
	    told : 1; /* by an event, in this round: no dump knows better */
	uint32_t gone : 1;  /* a tombstone: a dump may still name it */
	uint32_t doubt : 1; /* what the dump said may yet be told by an event */
	uint32_t round : 3; /* when it was last heard of */
};

#define TRACK_SHARDS 4096u

struct track_shard {
	struct track_flow *flows;
	uint32_t n, size; /* size: a power of two, or 0 */
};

struct track_table {
	struct track_shard *shards; /* TRACK_SHARDS of them */
	uint64_t n;
};

void track_table_init(struct track_table *t);
void track_table_free(struct track_table *t);
/** track_find() - NULL where there is none; good until the next change */
struct track_flow *track_find(const struct track_table *t, uint64_t key);
/** track_add() - @key is not there yet; all else of it is 0 */
struct track_flow *track_add(struct track_table *t, uint64_t key);
void track_remove(struct track_table *t, struct track_flow *f);
/** track_walk() - look at the flows of one shard; those that @stays returns
 * false for are removed. It may see one twice. */
typedef bool track_stays_fn(void *arg, struct track_flow *f);
void track_walk(struct track_table *t, uint32_t shard, track_stays_fn *stays,
		void *arg);

/* ---- messages (track_msg.c) */

enum track_what {
	TRACK_LISTED, /* by a dump */
	TRACK_NEW,
	TRACK_CHANGED,
	TRACK_GONE,
};

struct track_msg {
	const struct nlmsghdr *nlh;
	enum track_what what;
	uint64_t key;
	uint32_t id;
	bool has_state;    /* it says the state of a TCP flow: */
	uint8_t tcp_state; /* TCP_CONNTRACK_* */
};

/** track_msg_read() - 0, or -EINVAL: not about a flow */
int track_msg_read(const struct nlmsghdr *nlh, uint64_t seed,
		   struct track_msg *out);

/* ---- whose flows they are (track_claims.c) */

#define TRACK_NO_CELL SIZE_MAX

/* A match, and the flows that are known of it. */
struct track_claim {
	struct flow_match match;
	size_t cell;  /* TRACK_NO_CELL: no longer wanted */
	uint64_t due; /* known when the dump of this number has ended */
	uint64_t flows;
	struct track_count count;
};

struct track_claims {
	struct track_claim *list;
	size_t n, cap;
	struct flow_want *wants; /* number: of the claim */
	size_t nwants;
	struct flow_index index; /* of wants */
	struct track_count *cells;
	size_t ncells;
};

/**
 * track_claims_set() - see track_want(); @due: of those that are new
 * Return: true where these are the matches of before in the same order.
 */
bool track_claims_set(struct track_claims *c, const struct flow_match *match,
		      const size_t *cell, size_t n, size_t ncells,
		      uint64_t due);
void track_claims_free(struct track_claims *c);
/** track_claims_known() - the dump @number has ended */
void track_claims_known(struct track_claims *c, uint64_t number);
/** track_count_flow() - @f counts from now on (@by 1), or no longer (-1) */
void track_count_flow(struct track_claims *c, const struct track_flow *f,
		      int by);

/* ---- what messages do to flows (track_flows.c) */

struct track_flows {
	struct track_table table;
	struct track_claims claims;
	uint64_t seed;
	unsigned int round; /* of the dump that is, or was last; below
			     * TRACK_ROUNDS */
	bool listing;       /* a dump's messages may come */
	bool first;         /* what this round finds is not drift */
	bool rematch;       /* other matches than in the round before */
	uint64_t drift;     /* flows that this round has put right */
};

void track_seen(struct track_flows *t, const struct nlmsghdr *nlh);
/** track_round() - a dump begins */
void track_round(struct track_flows *t, bool first, bool rematch);
/** track_sweep() - forget what a complete dump has not seen, of one shard */
void track_sweep(struct track_flows *t, uint32_t shard);

/* ---- the two sockets */

/* A turn of the loop is held for so long, and a little more. */
#define TRACK_TURN_NS INT64_C(2000000)

int64_t track_now_ns(void);

/* track_events.c */
struct track_events {
	struct ev_loop *loop;
	struct mnl_socket *nl;
	ev_io readable;
	ev_timer nap;
	struct track_room *room;
	uint64_t n; /* messages read */
	void (*seen)(void *arg, const struct nlmsghdr *nlh);
	/* messages were lost; events come on after track_events_open() */
	void (*lost)(void *arg, int error);
	void *arg;
};

/** track_events_open() - listen from now on, on a new socket; the one of before
 * is closed after. 0 or -errno: it is as before. */
int track_events_open(struct track_events *e);
void track_events_close(struct track_events *e);
/** track_events_made() - does the kernel make events of this namespace's flows?
 * Where that cannot be known: true. */
bool track_events_made(void);

/** track_filter() - no events on this socket that change no count
 * (track_filter.c); 0 or -errno */
int track_filter(int fd);

/* track_dump.c */
struct track_dump {
	struct ev_loop *loop;
	struct mnl_socket *nl; /* NULL: no dump is under way */
	ev_io readable;
	ev_timer pace;
	bool unfiltered;
	bool filtered, spoilt;
	uint32_t seq;
	int64_t cost_ns; /* of CPU, of this one */
	char *piece;
	void (*seen)(void *arg, const struct nlmsghdr *nlh);
	/* -EOPNOTSUPP: the filter was refused, ask again */
	void (*done)(void *arg, int status);
	void *arg;
};

/** track_dump_begin() - @share: of a core, in parts of 100; 0: all that other
 * watchers leave */
int track_dump_begin(struct track_dump *d, const struct flow_want *wants,
		     size_t n, unsigned int share);
void track_dump_end(struct track_dump *d);

#endif
