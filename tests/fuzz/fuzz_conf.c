/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration file: whatever is in it, it is refused in words or it is
 * printed, and what is printed is read as the same. Files that it includes are
 * not read.
 */
#include <stdlib.h>
#include <string.h>

#include "config/doc.h"
#include "config/resolve.h"
#include "lib/xalloc.h"
#include "tests/fuzz/fuzz.h"

/* NULL where it is refused, as complaints say. */
static struct conf *conf_of(const char *text, size_t len, struct doc *doc)
{
	struct conf *conf = xcalloc(1, sizeof(*conf));
	struct conf_errors errors = { 0 };
	struct report report = { 0 };
	bool refused;

	buf_append(&doc->text, "", 1);
	doc_name_add(doc, "/nonexistent/fuzz.conf");
	doc_parse(doc, 0, text, len, &report);
	conf_resolve(doc, conf, &report);
	refused = report_finish(&report, doc->names, &errors) > 0;
	for (size_t i = 0; i < errors.n; i++)
		if (strncmp(errors.list[i].text, "and ", 4) &&
		    !strstr(errors.list[i].text, "; allowed: "))
			abort();
	conf_errors_free(&errors);
	if (!refused)
		return conf;
	conf_free(conf);
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct doc doc = { .grammar = &doc_nftlbd };
	struct doc again = { .grammar = &doc_nftlbd };
	struct conf *conf = conf_of((const char *)data, size, &doc), *same;
	struct buf first = { 0 }, second = { 0 };
	char *pool;

	if (conf) {
		conf_print(conf, &first);
		same = conf_of(first.data, first.len, &again);
		if (!same)
			abort();
		conf_print(same, &second);
		/* remarks on where backends came from are not printed twice */
		pool = strstr(first.data, "\n; with the members");
		if (!pool && strcmp(first.data, second.data) != 0)
			abort();
		conf_free(same);
	}
	conf_free(conf);
	doc_free(&doc);
	doc_free(&again);
	buf_free(&first);
	buf_free(&second);
	return 0;
}
