/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Persistence at run time: the entries that packets make in the dynamic maps of
 * persistent services, client : backend id (or a group's member number), and of
 * services that track nothing, flow : backend id. They are the kernel's; here
 * they are read, forgotten and carried over.
 *
 * Entries whose data is below ID_FIRST are nobody's: traffic of an established
 * flow makes them where there was none, and the client's next flow replaces
 * them. They are never handed out.
 */
#ifndef RULESETS_SESSIONS_H
#define RULESETS_SESSIONS_H

#include "rulesets/form.h"
#include "rulesets/ruleset.h"

#define SESSION_KEY_MAX  44 /* no more than NL_KEY_MAX */
#define SESSION_TEXT_MAX (ADDR_STRLEN + 16)

/* One map in the kernel. */
struct session_table {
	char set[RS_NAME_MAX + 16]; /* its name */
	uint8_t family;
	enum rs_persist kind; /* what its keys are made of */
	uint8_t prefix;       /* RS_PERSIST_SOURCE: bits that count */
	uint32_t size;        /* entries at most */
	bool flows;           /* of a direct mode: @kind is of no account */
	enum map_key key;     /* of flows: what its keys are made of */
	bool netdev;          /* where it is: session_place() */
};

struct session {
	uint8_t key[SESSION_KEY_MAX];
	uint32_t data;       /* backend id, or member number; host order */
	uint32_t left_ms;    /* until it expires */
	uint32_t timeout_ms; /* from the last packet on */
};

/** session_member() - the number of a group's member, made from its name */
uint32_t session_member(const char *name);

/** session_place() - enum rs_table that the map is in */
unsigned int session_place(const struct session_table *t);

/** session_key_len() - bytes of @t's keys */
unsigned int session_key_len(const struct session_table *t);

/**
 * session_text() - the client of an entry, for people
 * "192.0.2.1", "192.0.2.0/24", "192.0.2.1:80", "[2001:db8::1]:80",
 * "02:00:00:00:00:01"; returns @text.
 */
const char *session_text(const struct session_table *t, const uint8_t *key,
			 char text[SESSION_TEXT_MAX]);

/* Which clients somebody means. */
struct session_match {
	uint8_t key[SESSION_KEY_MAX];
	unsigned int at, len; /* bytes of the key that have to be alike */
	bool one;             /* that is the whole key */
};

/**
 * session_match() - read what session_text() writes
 * RS_PERSIST_SOURCE: also any address of the network; RS_PERSIST_SOURCE_PORT:
 * also an address alone, which is all of its ports.
 * Return: 0, or -EINVAL with words (also where the family is another).
 */
int session_match(const struct session_table *t, const char *text,
		  struct session_match *out, struct err *err);
/** session_matches() - is the client of @key meant? */
bool session_matches(const struct session_match *m, const uint8_t *key);

/**
 * ruleset_session_set() - which map holds the entries, as far as HAVE is true
 * @name: of a service, or of a group where @group; @table: enum rs_table, a
 * service may have flows in two of a family. Fills t->set, size, netdev and, of
 * flows, key from t->kind or flows, and family
 * Return: false: there is none.
 */
bool ruleset_session_set(const struct ruleset *rs, const char *name, bool group,
			 unsigned int table, struct session_table *t);

/* What an id in a service's own table stands for. */
struct session_id {
	uint32_t id;
	const char *backend; /* valid until the next commit or scan */
	bool sticky;         /* the kernel lets entries lead there */
};
/** ruleset_session_ids() - of all backends that HAVE has of a service in that
 * table: another table has other ids
 * Return: how many; the caller frees @out. */
size_t ruleset_session_ids(const struct ruleset *rs, const char *service,
			   unsigned int table, struct session_id **out);

/**
 * sessions_read() - hand all entries of @t to @fn, over a socket of its own
 * A dump costs the square of the table's size: 65,536 entries 0.25 s, a million
 * more than a minute, and pieces of it longer than an event loop may sleep. So
 * big tables are read by a child. While packets change the table an entry may
 * be missed, or handed out twice.
 * @table: as the configuration has it
 * @fn: returns 0, or -errno, which ends it
 * Return: 0; -ENOENT: there is no such map; what @fn returned; other -errno.
 */
typedef int sessions_fn(const struct session *s, void *arg);
int sessions_read(const char *table, const struct session_table *t,
		  sessions_fn *fn, void *arg);

/**
 * ruleset_sessions_forget() - remove entries
 * Those of @list that still have the same data: who got another backend
 * meanwhile keeps it. At most SESSIONS_FORGET_MAX at once; it takes some
 * 20 ms, most of it the kernel's grace period.
 * Return: how many are gone, or -errno.
 */
int ruleset_sessions_forget(struct ruleset *rs, const struct session_table *t,
			    const struct session *list, size_t n,
			    struct err *err);
#define SESSIONS_FORGET_MAX 512 /* at once */

/** ruleset_sessions_find() - ask for the entry of one key
 * Return: 0; -ENOENT: there is none (or it is nobody's); other -errno */
int ruleset_sessions_find(struct ruleset *rs, const struct session_table *t,
			  const uint8_t *key, struct session *out);

/** ruleset_sessions_clear() - remove all entries; 0 or -errno */
int ruleset_sessions_clear(struct ruleset *rs, const struct session_table *t,
			   struct err *err);

/**
 * ruleset_sessions_add() - add entries with the time that they have left
 * Those whose client is there already are left out. At most SESSIONS_ADD_MAX
 * at once. Return: how many were added, or -errno (-ENFILE: the table is full).
 */
int ruleset_sessions_add(struct ruleset *rs, const struct session_table *t,
			 const struct session *list, size_t n, struct err *err);
#define SESSIONS_ADD_MAX 512

/**
 * ruleset_sessions_moved() - a table of another size has taken @name's place
 * @set: the old one's name, at most @size bytes. Its entries may be read and
 * added to the other; then ruleset_sessions_drop().
 */
bool ruleset_sessions_moved(const struct ruleset *rs, const char *name,
			    bool group, uint8_t family, char *set, size_t size);
/** ruleset_sessions_drop() - remove a table that was moved; else nothing */
void ruleset_sessions_drop(struct ruleset *rs, const char *set, uint8_t family);

/**
 * ruleset_sessions_claim() - before ids are given out: hold those that entries
 * of @t name and no backend has
 * Reads the table itself, until CLOCK_MONOTONIC is @end_ms; if it does not get
 * through by then, ids far from those in use are given out next.
 */
void ruleset_sessions_claim(struct ruleset *rs, const char *service,
			    const struct session_table *t, int64_t end_ms);
/** ruleset_sessions_held() - are ids held because of a map of the service's? */
bool ruleset_sessions_held(const struct ruleset *rs, const char *service);
/** ruleset_sessions_purging(), ruleset_sessions_purged() - its map in @table
 * (enum rs_table) is read from here on; it is free of what was held before */
void ruleset_sessions_purging(struct ruleset *rs, const char *service,
			      unsigned int table);
void ruleset_sessions_purged(struct ruleset *rs, const char *service,
			     unsigned int table);

#endif
