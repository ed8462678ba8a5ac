/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Load: which signals a service has, and where its samples come from. */
#include "model/load.h"

bool service_dynamic(const struct service *s)
{
	return s->conf->scheduler >= RS_LEAST_CONNECTIONS;
}

void load_new(struct service *s)
{
}

void load_free(struct service *s)
{
	weights_free(s->weights);
}

void load_carry(struct service *s, const struct service *old)
{
}

uint32_t backend_dynamic(const struct service *s, const struct backend *b)
{
	return s->weights ? weights_get(s->weights, (size_t)(b - s->backends))
			  : WEIGHTS_ONE;
}

enum weights_why backend_why(const struct service *s, const struct backend *b)
{
	return s->weights ? weights_why(s->weights, (size_t)(b - s->backends))
			  : WEIGHTS_STATIC;
}

enum weights_why service_why(const struct service *s)
{
	return s->weights ? weights_pool_why(s->weights) : WEIGHTS_STATIC;
}

size_t load_signals(const struct service *s)
{
	return 0;
}

struct load_view load_view(const struct service *s, const struct backend *b,
			   size_t i, int64_t now_ms)
{
	return (struct load_view){ 0 };
}

void load_connections(struct service *s, const struct backend *b, uint64_t n,
		      bool full, int64_t now_ms)
{
}

void load_response(struct service *s, const struct backend *b, size_t check,
		   const struct observation *o, int64_t now_ms)
{
}

void load_feed(struct service *s, const struct backend *b, size_t feed,
	       double value, int64_t now_ms)
{
}

void step_load(struct model *m, struct service *s, int64_t now_ms,
	       struct changes *out)
{
}

int64_t load_next_ms(const struct service *s)
{
	return s->weights ? weights_next_ms(s->weights) : 0;
}
