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
#include "lib/addr.h"
#include "lib/buf.h"
#include "lib/log.h"
#include "rulesets/types.h"

#define CONF_DEFAULT_PATH "/etc/nftlb/nftlbd.conf"

struct conf_check {
	char *name; /* "tcp" exists without a section */
	enum hc_type type;
	uint32_t interval_ms; /* start to start of probes */
	uint32_t timeout_ms;  /* <= interval */
	uint32_t rise, fall;  /* results in a row until up / down */
	uint32_t jitter_pct; /* 0..50: an interval is shortened by up to this */
	uint16_t port;       /* 0 = the backend's */
	enum hc_start start;
	const char *file;
	unsigned int line;
};

struct conf_backend {
	char *name;
	struct addr addr;
	uint16_t port;   /* 0 = keep the client's destination port */
	uint32_t weight; /* 0..65535 */
	bool disabled;   /* the operator's initial state */
	const struct conf_check *check; /* NULL = unchecked */
	struct addr check_addr; /* resolved: never family 0 if check != NULL */
	uint16_t check_port;    /* resolved: never 0 if check != NULL */
	const char *file;       /* where it was said */
	unsigned int line;
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
	uint32_t slots;                /* 0 = auto */
	struct addr source4, source6;  /* snat; family 0 = masquerade */
	char *pool;                    /* NULL = none */
	struct conf_backend *backends; /* pool's members, then its own */
	size_t nbackends;
	const char *file;
	unsigned int line;
};

struct conf {
	/* [global] */
	char *control_socket;
	char *control_group; /* NULL = only root */
	char *state_dir;
	char *table;
	char *user;
	uint32_t hash_seed;
	enum log_level log_level;
	/* the rest, in the order of the files */
	struct conf_check *checks;
	size_t nchecks;
	struct conf_service *services;
	size_t nservices;
	char **files; /* every file read; owner of the file pointers */
	size_t nfiles;
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
void conf_free(struct conf *c);
void conf_errors_free(struct conf_errors *e);

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
