/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See weights_rig.h. */
#include "weights_rig.h"

#define GOOD_MS 3500

struct weights_conf weights_rig_conf(enum weights_law law)
{
	static const uint32_t smoothing_ms[] = {
		[WEIGHTS_CONNECTIONS] = 3000,
		[WEIGHTS_RESPONSE] = 5000,
		[WEIGHTS_LOAD] = 10000,
	};

	return (struct weights_conf){ .tick_ms = 1000,
				      .smoothing_ms = smoothing_ms[law],
				      .blackout_ms = 10000,
				      .max_step = 250,
				      .dead_band = 50,
				      .floor = 200,
				      .ceiling = 3000 };
}

static void begin(struct weights_rig *r, const enum weights_law *laws,
		  size_t nlaws, size_t n)
{
	struct weights_conf conf = weights_rig_conf(laws[0]);

	*r = (struct weights_rig){ .n = n, .nsignals = nlaws, .now_ms = 1000 };
	r->w = weights_new(&conf, laws, nlaws, n);
	for (size_t i = 0; i < n; i++) {
		r->view[i] =
		    (struct weights_view){ .weight_100 = 100, .serving = true };
		r->value[0][i] = r->value[1][i] = RIG_SILENT;
	}
}

void weights_rig_begin(struct weights_rig *r, enum weights_law law, size_t n)
{
	begin(r, &law, 1, n);
}

void weights_rig_begin2(struct weights_rig *r, enum weights_law first,
			enum weights_law second, size_t n)
{
	const enum weights_law laws[] = { first, second };

	begin(r, laws, 2, n);
}

void weights_rig_end(struct weights_rig *r)
{
	weights_free(r->w);
}

void weights_rig_say(struct weights_rig *r, double first, double others)
{
	for (size_t i = 0; i < r->n; i++)
		r->value[0][i] = i ? others : first;
}

unsigned int weights_rig_run(struct weights_rig *r, unsigned int seconds)
{
	unsigned int moved = 0;

	while (seconds--) {
		r->now_ms += 1000;
		for (size_t i = 0; i < r->n; i++)
			for (size_t s = 0; s < r->nsignals; s++)
				if (r->value[s][i] >= 0)
					weights_sample(r->w, i, s,
						       r->value[s][i], r->full,
						       GOOD_MS, r->now_ms);
		moved += weights_tick(r->w, r->view, r->now_ms);
	}
	return moved;
}

double weights_rig_mean(const struct weights_rig *r)
{
	double sum = 0, weight = 0;

	for (size_t i = 0; i < r->n; i++) {
		sum += (double)r->view[i].weight_100 * weights_get(r->w, i);
		weight += r->view[i].weight_100;
	}
	return sum / weight / WEIGHTS_ONE;
}
