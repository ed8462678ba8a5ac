/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `config check FILE`: the daemon's own reading of a file, without a daemon. */
#include <stdio.h>
#include <stdlib.h>

#include "config/conf.h"
#include "ctl/command.h"
#include "ctl/run.h"

int check_file(const struct call *c)
{
	const char *path = c->value[PLACE_FILE];
	struct conf_errors errors = { 0 };
	struct buf text = { 0 };
	struct conf *conf = NULL;
	int ret = EXIT_SUCCESS;
	json_t *answer;

	if (conf_load(path, &conf, &errors) < 0) {
		conf_errors_print(&errors, &text);
		fputs(text.data ? text.data : "", stderr);
		buf_free(&text);
		ret = EXIT_FAILURE;
	} else {
		answer = json_pack("{s:s, s:I}", "path", path, "services",
				   (json_int_t)conf->nservices);
		ret = run_show(c, answer, NULL);
		json_decref(answer);
	}
	conf_errors_free(&errors);
	conf_free(conf);
	return ret;
}
