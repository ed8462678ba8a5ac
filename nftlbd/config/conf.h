/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration as plain data: what the file says, checked and resolved,
 * nothing of what happens at run time. Immutable once loaded; the model keeps
 * pointers into it and frees it when the next one has taken over.
 */
#ifndef NFTLB_CONFIG_CONF_H
#define NFTLB_CONFIG_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "healthcheck/protocol.h"
#include "healthcheck/spec.h"
#include "lib/addr.h"
#include "lib/buf.h"
#include "lib/log.h"
#include "lib/nets.h"
#include "rulesets/types.h"
#include "weights/weights.h"

#define CONF_DEFAULT_PATH "/etc/nftlb/nftlbd.conf"
#define CONF_DEFAULT_SEED "0x6e66746c" /* hash-seed, as text */

#define CONF_CHECKS_MAX 8 /* of one backend */
#define CONF_FEEDS_MAX  4 /* of one service */

/* How a probe gets to its backend: straight, or to the service's address and
 * through the rules, as a client's packets do. */
enum conf_via { CONF_VIA_DIRECT, CONF_VIA_SERVICE };
enum conf_on_down { CONF_KEEP_FLOWS, CONF_CUT_FLOWS };

extern const struct word conf_via_words[];     /* direct service */
extern const struct word conf_on_down_words[]; /* keep cut */

struct conf_check {
	char *name; /* "tcp" exists without a section */
	enum hc_type type;
	uint32_t interval_ms; /* start to start of probes */
	uint32_t fast_ms;     /* while rise or fall are counted */
	uint32_t down_ms;     /* while down */
	uint32_t timeout_ms;  /* <= each of the three */
	uint32_t rise, fall;  /* results in a row until up / down */
	uint32_t jitter_pct; /* 0..50: an interval is shortened by up to this */
	uint16_t port;       /* 0 = the type's, or the backend's */
	enum hc_start start;
	enum conf_via via;
	struct hc_spec spec;                  /* what the probe does */
	char *ca_file, *cert_file, *key_file; /* NULL = none; the contents are
					       * in spec */
	const char *file;
	unsigned int line;
};

/* The checks of a backend; shared by backends with the same ones. */
struct conf_checks {
	const struct conf_check *list[CONF_CHECKS_MAX];
	uint8_t n;    /* 1..CONF_CHECKS_MAX */
	uint8_t need; /* how many have to be good: 1..n */
};

/*
 * A [feed]: a number that each backend of a service is asked for. It is asked
 * as a check probes; rise and fall do not count.
 */
struct conf_feed {
	struct conf_check probe; /* its type: cpu snmp agent script; spec.feed
				  * is set. "cpu" exists without a section */
	double low, high; /* values of an idle and of a fully loaded backend,
			   * low != high; low > high: less is more load */
};

/* A [list]: addresses and networks, from the file and the files it names. */
struct conf_list {
	char *name;
	struct nets nets[RS_FAMILIES]; /* all of it: sorted, merged */
	struct nets own[RS_FAMILIES];  /* what the section itself says of it */
	char **files;                  /* where the rest is, absolute paths */
	size_t nfiles;
	const char *file;
	unsigned int line;
	/* the daemon's (daemon/lists.h): the set that holds it; an empty one
	 * stands in, nobody must get past it */
	char set[RS_FAMILIES][RS_LIST_SET_MAX];
	bool closed[RS_FAMILIES];
};

/* One pin.NAME line. */
struct conf_pin {
	char *name;
	struct addr from;
	uint8_t prefix; /* bits */
	size_t backend; /* index into the service's backends */
	const char *file;
	unsigned int line;
};

/* Settings that differ between the families: [0] IPv4, [1] IPv6. */
struct conf_persist {
	enum rs_persist kind;
	uint8_t prefix[RS_FAMILIES]; /* bits, RS_PERSIST_SOURCE */
	uint32_t timeout_ms;
};

struct conf_backend {
	char *name;
	struct addr addr;
	uint16_t port;   /* 0 = keep the client's destination port */
	uint32_t weight; /* 0..65535 */
	bool disabled;   /* the operator's initial state */
	bool backup;     /* gets flows when too few primaries are usable */
	bool api;        /* no file has it: a member of a dynamic pool */
	const struct conf_checks *checks; /* NULL = unchecked */
	struct addr check_addr; /* resolved: never family 0 with checks, or
				 * with feeds of the service */
	uint16_t check_port;    /* said for this backend; 0 = not */
	uint16_t probe_port; /* its own or the service's single one; 0 = none */
	uint32_t max_connections; /* its own or the service's; 0 = no limit */
	struct rs_qos qos;        /* its own or the service's, field by field */
	const char *file;         /* where it was said */
	unsigned int line;
};

/* One member of a pool, as it was said. */
struct conf_pool_member {
	char *name;
	struct addr addr;
	uint16_t port; /* 0 = none was said */
	uint32_t weight;
	bool backup, disabled;
	bool api;      /* added at run time; else a file's */
	char *options; /* all that follows the address: "weight=2 backup" */
};

struct conf_pool {
	char *name;
	bool dynamic; /* members may be added at run time */
	bool grouped; /* services of a persist-group share it: conf_print() has
		       * to say its lines again */
	struct conf_pool_member *members;
	size_t nmembers;
	const char *file;
	unsigned int line;
};

/* A file of the configuration: what it says, or is to say. */
struct conf_file {
	char *path;
	char *text; /* a NUL follows; NULL = there is no such file */
	size_t len;
};

/* A member that no file has; @line: "ADDRESS[:PORT] OPTION..." */
struct conf_member {
	char *pool, *name, *line;
};

/* What became of such a member. */
enum conf_fate {
	CONF_FATE_SERVES,
	CONF_FATE_NO_POOL,  /* no such pool (any more) */
	CONF_FATE_STATIC,   /* the pool is not dynamic (any more) */
	CONF_FATE_NAME,     /* a file has a member of this name */
	CONF_FATE_ENDPOINT, /* a file has a member of this address and port */
	CONF_FATES
};

extern const char *const conf_fate_words[CONF_FATES]; /* for people */

/* What a configuration is made of, beside what is on disk. */
struct conf_source {
	const struct conf_file *files; /* count in place of those on disk */
	size_t nfiles;
	bool only; /* there are no other files */
	const struct conf_member *members;
	size_t nmembers;
	const struct conf *lists; /* lists are as they are in here, where it
				   * has them; NULL = read their files */
};

/* Of the modes that track nothing; with others, no more than defaults. */
struct conf_direct {
	char **devices; /* where clients' packets come in */
	size_t ndevices;
	uint32_t cache; /* entries of each family's table of flows; 0 = none */
	uint32_t tcp_timeout_ms;
	uint32_t udp_timeout_ms; /* all but TCP */
	uint32_t syn_limit;      /* 0 = no limit */
};

struct conf_service {
	char *name;
	struct addr *addrs; /* both families, sorted by addr_cmp() */
	size_t naddrs;
	uint8_t protos[3];
	size_t nprotos;
	struct rs_ports *ports; /* sorted, merged; nports == 0: any */
	size_t nports;
	enum rs_mode mode;
	enum rs_scheduler scheduler;
	enum rs_hash_key hash_key;
	enum rs_on_empty on_empty;
	uint32_t slots;               /* 0 = auto */
	struct addr source4, source6; /* snat; family 0 = masquerade */
	uint32_t backup_when;    /* backups serve while fewer primaries can */
	uint32_t min_usable_pct; /* below this share of usable backends, health
				  * is not looked at; 0 = off */
	uint32_t quorum; /* weight of all usable backends for the service to be
			  * up; 0 = off */
	uint32_t quorum_hysteresis; /* so much more to be up again, so much
				     * less to be down */
	uint32_t slow_start_ms;     /* 0 = off */
	uint32_t flap_hold_ms;      /* hold-down of the second fall; 0 = off */
	uint32_t flap_hold_max_ms;
	uint32_t drain_timeout_ms; /* then flows are cut; 0 = never */
	enum conf_on_down on_down;
	char *on_change;               /* script; NULL = the global one */
	char *pool;                    /* NULL = none */
	struct conf_backend *backends; /* pool's members, then its own */
	size_t nbackends;
	const struct conf_checks *checks; /* with a persist-group: of members
					     that name none, without need */
	const struct conf_feed *feeds[CONF_FEEDS_MAX];
	size_t nfeeds;               /* schedulers least-* only */
	struct weights_conf weights; /* the same */
	uint32_t max_connections;    /* of backends that say none */
	struct conf_persist persist;
	uint32_t persist_size; /* entries in each family's table */
	char *persist_group;   /* NULL = a table of its own. With one: all
				* backends are   of the pool, and there are 1..64
				* ports in all */
	struct conf_pin *pins; /* in the order of the file */
	size_t npins;
	struct rs_limits limits; /* without prefix, action: both families */
	uint8_t limit_prefix[RS_FAMILIES];
	bool strict;
	const struct conf_list **allow, **deny; /* arrays are owned */
	size_t nallow, ndeny;
	enum rs_on_empty filter_action;
	struct rs_qos qos;
	struct rs_log log; /* its prefix is owned, NULL = the default one */
	enum rs_helper helper;
	bool counters;
	struct conf_direct direct;
	bool offload; /* modes dnat and snat */
	const char *file;
	unsigned int line;
};

struct conf {
	/* [global] */
	char *control_socket;
	char *control_group; /* NULL = only root */
	char *api_listen;    /* ADDRESS:PORT; NULL = no API on TCP. The rest:
			      * paths, NULL = not said */
	char *api_token_file;
	char *api_cert_file, *api_key_file; /* both or none */
	char *state_dir;
	uint32_t revisions_kept;
	char *table;
	char *user;
	char *script_user; /* of script checks and hooks; NULL = user */
	char *on_change;   /* script for every event; NULL = none */
	uint32_t hash_seed;
	struct rs_hooks hooks;
	struct addr tunnel_source[RS_FAMILIES]; /* family 0 = none */
	enum log_level log_level;
	/* the rest, in the order of the files */
	struct conf_check *checks;
	size_t nchecks;
	struct conf_feed *feeds;
	size_t nfeeds;
	struct conf_list *lists; /* sorted by name */
	size_t nlists;
	struct conf_pool *pools; /* in the order of the files */
	size_t npools, cappools;
	struct conf_checks **checksets; /* what backends point to */
	size_t nchecksets, capchecksets;
	struct conf_service *services;
	size_t nservices;
	char **files; /* every file read; owner of the file pointers */
	size_t nfiles;
	struct conf_file *texts; /* what they say, the first file first; lists'
				  * files are not among them */
	size_t ntexts;
	uint8_t *fates; /* enum conf_fate, of the source's members */
	size_t nfates;
};

/* One complaint. All of a run's complaints are collected. */
struct conf_error {
	char *file;
	unsigned int line; /* 0 = the file as a whole */
	char *text;        /* section, key, found, allowed: one sentence */
};

struct conf_errors {
	struct conf_error *list;
	size_t n, cap;
};

/**
 * conf_load() - read, check and resolve @path and what it includes
 * @out: the configuration; the caller frees it with conf_free(). NULL on error.
 * @errors: every complaint, in the order of files and lines; the caller frees
 * with conf_errors_free(). Empty on success.
 * Return: 0; -EINVAL (complaints); never exits, never logs.
 */
int conf_load(const char *path, struct conf **out, struct conf_errors *errors);
/** conf_load_from() - the same, of what @source says; see there */
int conf_load_from(const char *path, const struct conf_source *source,
		   struct conf **out, struct conf_errors *errors);
/* What an option of a backend line takes. */
enum conf_option {
	CONF_OPTION_NONE, /* there is no such option */
	CONF_OPTION_FLAG,
	CONF_OPTION_NUMBER,
	CONF_OPTION_TEXT
};
enum conf_option conf_option_kind(const char *name);

/** conf_texts_free() - what the files say is not needed any more */
void conf_texts_free(struct conf *c);
void conf_files_free(struct conf_file *files, size_t n);
/** conf_file_copy() - all that @from has; what @to had is not looked at */
void conf_file_copy(struct conf_file *to, const struct conf_file *from);
/** conf_file_read() - what a file says, and how many bytes that is; malloc'd, a
 * NUL follows. NULL: it cannot be read as a file of the configuration. */
char *conf_file_read(const char *path, size_t *len);
void conf_free(struct conf *c);
void conf_errors_free(struct conf_errors *e);

/** conf_spans() - do backends get packets of another family than their own
 * addresses are of? With mode ipip and addresses of one family they may. */
bool conf_spans(const struct conf_service *s);
/** conf_family() - AF_INET or AF_INET6: of the packets that @b gets */
uint8_t conf_family(const struct conf_service *s, const struct conf_backend *b);

/**
 * conf_probe_port() - the port that @check probes on @b
 * The backend's check-port, else the check's port, else the type's own (snmp
 * 161), else the backend's or its service's single port.
 * Return: 0 where the type needs none, or none was said.
 */
uint16_t conf_probe_port(const struct conf_backend *b,
			 const struct conf_check *check);

/**
 * conf_via_port() - the service's port that @check of @b probes via the service
 * The backend's check-port, else the check's port, else the lowest of the
 * service; where it has any: the type's own, else the backend's.
 * Return: 0 where that is no port of the service, or there is none.
 */
uint16_t conf_via_port(const struct conf_service *s,
		       const struct conf_backend *b,
		       const struct conf_check *check);

/** conf_needs_port() - can it not be probed without a port? */
bool conf_needs_port(enum hc_type type);

/** conf_single_port() - a backend's @port; where it has none, that of a service
 * with a single one; else 0 */
uint16_t conf_single_port(const struct conf_service *s, uint16_t port);

/** conf_dynamic() - does its scheduler follow the load? */
bool conf_dynamic(const struct conf_service *s);

/**
 * conf_check_timed() - is how long it takes the server's time to answer?
 * Not of scripts and files, nor of udp without an answer that is expected.
 */
bool conf_check_timed(const struct conf_check *check);

/**
 * conf_feed_port() - the port that @feed is asked for on a backend
 * Its own, else the type's (cpu, snmp: 161), else of scripts the backend's or
 * its service's single one. check-port is for checks.
 * Return: 0 where a script's backend has none; never for other types.
 */
uint16_t conf_feed_port(const struct conf_service *s,
			const struct conf_backend *b,
			const struct conf_feed *feed);

/** conf_errors_print() - "FILE:LINE: TEXT\n" each, appended to @out */
void conf_errors_print(const struct conf_errors *e, struct buf *out);

/** conf_print() - the effective configuration as INI text, defaults included */
void conf_print(const struct conf *c, struct buf *out);

/**
 * conf_keys_print() - every key there is, one a line, appended to @out:
 * section, key, type, default ("-" = none), help; separated by tabs. Options of
 * backend lines are in the section "backend".
 */
void conf_keys_print(struct buf *out);

#endif
