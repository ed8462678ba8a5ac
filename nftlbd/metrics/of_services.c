/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Metrics of services. What a service does not count is left out: 0 would be a
 * lie.
 */
#include "daemon/counters.h"
#include "metrics/families.h"

void collect_service_info(struct collect *c, const struct service *s)
{
	const struct conf_service *conf = s->conf;

	expo_label(&c->e, "mode", word_text(rs_mode_words, (int)conf->mode));
	expo_label(&c->e, "scheduler",
		   word_text(rs_scheduler_words, (int)conf->scheduler));
	expo_label(&c->e, "pool", conf->pool ? conf->pool : "");
	expo_count(&c->e, 1);
}

void collect_service_state(struct collect *c, const struct service *s)
{
	for (const struct word *w = service_state_words; w->text; w++)
		expo_count_of(&c->e, "state", w->text,
			      s->state == (enum service_state)w->value);
}

void collect_panic(struct collect *c, const struct service *s)
{
	expo_count(&c->e, s->panic);
}

void collect_quorum_lost(struct collect *c, const struct service *s)
{
	expo_count(&c->e, s->quorum_lost);
}

void collect_backups(struct collect *c, const struct service *s)
{
	expo_count(&c->e, s->backups);
}

/* ---- counters */

const struct totals_service *service_totals(struct collect *c,
					    const struct service *s)
{
	return counters_next(c->d->counters, s->conf->name, &c->place);
}

struct sum {
	uint64_t packets, bytes;
};

/* All that was counted under that name; false: @s does not count. */
static bool counted(struct collect *c, const struct service *s,
		    const char *prefix, struct sum *sum)
{
	if (!s->conf->counters)
		return false;
	totals_sum(service_totals(c, s), prefix, &sum->packets, &sum->bytes);
	return true;
}

void collect_packets(struct collect *c, const struct service *s)
{
	struct sum in, out;

	if (!counted(c, s, "in", &in) || !counted(c, s, "out", &out))
		return;
	expo_count_of(&c->e, "direction", "in", in.packets);
	expo_count_of(&c->e, "direction", "out", out.packets);
}

void collect_bytes(struct collect *c, const struct service *s)
{
	struct sum in, out;

	if (!counted(c, s, "in", &in) || !counted(c, s, "out", &out))
		return;
	expo_count_of(&c->e, "direction", "in", in.bytes);
	expo_count_of(&c->e, "direction", "out", out.bytes);
}

void collect_new_flows(struct collect *c, const struct service *s)
{
	struct sum sum;

	if (counted(c, s, "new", &sum))
		expo_count(&c->e, sum.packets);
}

void collect_dropped(struct collect *c, const struct service *s)
{
	static const char *const reasons[] = { "refused", "limited", "denied" };
	struct sum sum;

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (counted(c, s, reasons[i], &sum))
			expo_count_of(&c->e, "reason", reasons[i], sum.packets);
}

/* ---- bounded sets: whoever has one counts, also with counters = no */

void collect_full(struct collect *c, const struct service *s)
{
	const struct totals_service *t = service_totals(c, s);

	for (int i = 0; t && i < OVERFLOW_ALL; i++)
		if (totals_find(t, overflow_words[i].counter, NULL))
			expo_count_of(&c->e, "set", overflow_words[i].name,
				      t->overflow[i].full);
}

void collect_full_packets(struct collect *c, const struct service *s)
{
	const struct totals_service *t = service_totals(c, s);

	for (int i = 0; t && i < OVERFLOW_ALL; i++) {
		const struct total *at =
		    totals_find(t, overflow_words[i].counter, NULL);

		if (at)
			expo_count_of(&c->e, "set", overflow_words[i].name,
				      total_packets(at));
	}
}
