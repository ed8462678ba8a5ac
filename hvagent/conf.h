/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's configuration as plain data: what the file says, checked.
 * Immutable once loaded. Read by the daemon's reader, so that errors look the
 * same.
 */
#ifndef HVAGENT_CONF_H
#define HVAGENT_CONF_H

#include "config/conf.h"
#include "hvagent/binding.h"

#define HV_CONF_PATH     "/etc/nftlb/hvagent.conf"
#define HV_GATEWAYS_MAX  256
#define HV_GATEWAYS_TEXT "256"
#define HV_UPLINKS_MAX   8
#define HV_UPLINKS_TEXT  "8"

enum hv_export {
	HV_EXPORT_NONE,
	HV_EXPORT_FILE,
	HV_EXPORT_HTTP,
	HV_EXPORT_KAFKA
};

struct hv_conf {
	char **uplinks; /* interfaces that the tunnels' packets come in by */
	size_t nuplinks;
	char *control_socket;
	char *control_group; /* NULL = root only */
	char *state_dir;
	char *listen;     /* ADDRESS:PORT of the HTTP API; NULL = off */
	char *token_file; /* NULL = none */
	char *cert_file, *key_file;
	char *table;   /* of nf_tables */
	int log_level; /* enum log_level */
	struct addr *gateways;
	size_t ngateways;
	struct {
		int type;     /* enum hv_export */
		char *target; /* a path; a URL; HOST[:PORT][,HOST...] */
		char *topic;  /* kafka only, else NULL */
		char *token_file;
		uint32_t interval_ms;
	} export;
	struct bindings bindings;
};

/**
 * hv_conf_read() - read and check @path and what it includes
 * @out: the caller frees it with hv_conf_free(). NULL on error.
 * @errors: every complaint; print with conf_errors_print(), free with
 * conf_errors_free(). Empty on success.
 * Return: 0; -EINVAL (complaints); never exits, never logs.
 */
int hv_conf_read(const char *path, struct hv_conf **out,
		 struct conf_errors *errors);
void hv_conf_free(struct hv_conf *c);

/** hv_conf_keys_print() - as conf_keys_print(), for the manual's test */
void hv_conf_keys_print(struct buf *out);

#endif
