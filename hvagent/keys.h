/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent's keys and sections, as the daemon's reader takes them. */
#ifndef HVAGENT_KEYS_H
#define HVAGENT_KEYS_H

#include "config/doc.h"
#include "config/draft.h"
#include "config/keys.h"
#include "hvagent/conf.h"

/* Sections, and the places of their keys. */
enum hv_kind { HV_GLOBAL, HV_EXPORT, HV_BINDING, HV_KINDS };
#define HV_IN(kind) (1u << (kind))

/* What the keys of one section fill; texts are malloc'd. */
struct hv_draft {
	struct hv_conf conf;
	char *uplink, *gateways;     /* lists */
	char *service, *vm, *tunnel; /* of a binding */
	struct where set[DRAFT_KEYS_MAX];
};

extern const struct key_set hv_keys;
extern const struct doc_grammar hv_grammar;

#endif
