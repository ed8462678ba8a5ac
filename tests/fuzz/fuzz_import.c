/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other programs' files: whatever they say, what is printed for them is a
 * configuration that nftlbd takes. The first byte chooses the program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/doc.h"
#include "config/resolve.h"
#include "import/import.h"
#include "lib/xalloc.h"
#include "tests/fuzz/fuzz.h"

static void must_be_good(const struct buf *text)
{
	struct doc doc = { .grammar = &doc_nftlbd };
	struct conf *conf = xcalloc(1, sizeof(*conf));
	struct conf_errors errors = { 0 };
	struct report report = { 0 };

	buf_append(&doc.text, "", 1);
	doc_name_add(&doc, "/nonexistent/fuzz.conf");
	doc_parse(&doc, 0, text->data, text->len, &report);
	conf_resolve(&doc, conf, &report);
	if (report_finish(&report, doc.names, &errors) > 0) {
		fprintf(stderr, "line %u: %s\n", errors.list[0].line,
			errors.list[0].text);
		abort();
	}
	conf_errors_free(&errors);
	conf_free(conf);
	doc_free(&doc);
}

/* Each include is the text after it, once more. */
static size_t include(void *arg, const char *pattern, const char *from,
		      void (*take)(void *to, const char *name, const char *text,
				   size_t len),
		      void *to)
{
	take(to, "included", pattern, strlen(pattern));
	return pattern[0] != '-';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct import_reader reader = { include, NULL };
	const char *text = (const char *)data + 1;
	struct import out = { 0 };

	if (size == 0)
		return 0;
	if (data[0] == 'i')
		import_ipvsadm("fuzz", text, size - 1, &reader, &out);
	else
		import_keepalived("fuzz", text, size - 1, &reader, &out);
	must_be_good(&out.text);
	import_free(&out);
	return 0;
}
