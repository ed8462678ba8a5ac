/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of agents: whatever comes, the result is one that the daemon accepts,
 * and what follows the line changes nothing.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "healthcheck/agent_text.h"
#include "healthcheck/number.h"
#include "tests/fuzz/fuzz.h"

static bool sound(const struct agent_said *s)
{
	if (s->reason == HC_MALFORMED)
		return !s->says && !s->weight;
	if (s->says & ~HC_SAYS_ALL || s->says & HC_SAYS_WEIGHT)
		return false;
	if (!(s->says & HC_SAYS_PERCENT) && s->weight)
		return false;
	if (s->says & HC_SAYS_MAINT)
		return s->reason == HC_MAINTENANCE;
	return s->reason == HC_OK || s->reason == HC_SAID_DOWN;
}

/* Of feeds: what follows the line's end does not matter. */
static void numbers(const char *line, size_t size, size_t end)
{
	double all = 0, cut = 0;

	if (agent_number(line, size, &all) != agent_number(line, end, &cut) ||
	    !isfinite(all) || fabs(all - cut) > 0)
		abort();
	if (number_first_of(line, size, &all) !=
		number_first_of(line, end, &cut) ||
	    !isfinite(all) || fabs(all - cut) > 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *line = (const char *)data;
	struct agent_said all, cut;
	size_t end = 0;

	agent_parse(line, size, &all);
	if (!sound(&all))
		abort();
	if (!agent_line_ends(line, size))
		return 0;
	while (line[end] != '\r' && line[end] != '\n')
		end++;
	numbers(line, size, end);
	agent_parse(line, end, &cut);
	if (cut.reason != all.reason || cut.says != all.says ||
	    cut.weight != all.weight)
		abort();
	return 0;
}
