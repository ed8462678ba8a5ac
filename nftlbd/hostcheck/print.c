/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings as JSON, and everything in a row for a child that answers. */
#include <stdio.h>
#include <stdlib.h>

#include "hostcheck/hostcheck.h"

json_t *hostcheck_json(const struct host_findings *f)
{
	json_t *all = json_array();

	for (size_t i = 0; i < f->n; i++) {
		const struct host_finding *one = &f->list[i];

		json_array_append_new(
		    all, json_pack("{s:s, s:s, s:s, s:s, s:s}", "check",
				   one->check, "level",
				   word_text(host_level_words, (int)one->level),
				   "subject", one->subject, "found", one->found,
				   "mend", one->mend));
	}
	return all;
}

int hostcheck_print(struct host *h, int fd)
{
	struct host_findings f = { 0 };
	struct err err = { "" };
	json_t *all;
	int ret;

	if (hostcheck_read(h, &err) < 0)
		return EXIT_FAILURE;
	hostcheck_judge(h, &f);
	all = hostcheck_json(&f);
	ret = json_dumpfd(all, fd, JSON_INDENT(2));
	json_decref(all);
	host_findings_free(&f);
	return ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
