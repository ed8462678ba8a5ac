/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of the model once more, as plainly as they can be written: all of
 * it computed anew after each step, nothing clever, no code shared with
 * nftlbd/model. Only for worlds as small as step_world.c's.
 */
#ifndef TESTS_UNIT_STEP_ORACLE_H
#define TESTS_UNIT_STEP_ORACLE_H

#include "model/step.h"

#define O_SERVICES 2
#define O_BACKENDS 6
#define O_CHECKS   4

struct o_check {
	const struct conf_check *conf;
	uint64_t recent; /* results that counted, the last one in bit 0 */
	unsigned int n;  /* how many */
	enum health health;
	bool drain, maint;
	bool percent, absolute; /* what `weight` is */
	unsigned int weight;
};

struct o_backend {
	const struct conf_backend *conf;
	struct o_check checks[O_CHECKS];
	size_t nchecks;
	enum admin admin, said;
	enum health health;
	int weight; /* the operator's, or -1 */
	int flaps;
	int64_t flap_ms, hold_ms;
	int64_t ramp_ms;  /* -1 = none */
	int64_t drain_ms; /* -1 = none */
	uint32_t dynamic; /* thousandths; as oracle_dynamic() was told */
	bool drained;
	bool fresh; /* since the last reload */
	/* what follows */
	bool serving;
	unsigned int tenths;
	uint32_t weight_100; /* when it serves */
	enum backend_state state;
	enum cut cut;
};

struct o_service {
	const struct conf_service *conf;
	struct o_backend backends[O_BACKENDS];
	size_t nbackends;
	bool disabled, fresh, lost;
	/* what follows */
	bool panic, backups;
	enum service_state state;
};

struct oracle {
	struct o_service services[O_SERVICES];
	size_t nservices;
	int64_t now_ms;
};

/** oracle_conf() - a configuration, the first or a reload; @conf and, while
 * this is called, the one before have to live */
void oracle_conf(struct oracle *o, const struct conf *conf);
void oracle_result(struct oracle *o, size_t s, size_t b, size_t check,
		   const struct observation *result);
void oracle_admin(struct oracle *o, size_t s, size_t b, enum admin admin);
void oracle_weight(struct oracle *o, size_t s, size_t b, int weight);
void oracle_disable(struct oracle *o, size_t s, bool disabled);
/** oracle_dynamic() - a tick has made this its dynamic weight: what makes it is
 * not the oracle's matter, what comes of it and what a reload keeps is */
void oracle_dynamic(struct oracle *o, size_t s, size_t b, uint32_t dynamic);
bool oracle_is_dynamic(const struct conf_service *c);
void oracle_time(struct oracle *o, int64_t now_ms);

#endif
