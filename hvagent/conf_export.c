/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes with which type of export: a table. What a target looks like is
 * looked at here, so that a mistake is a line of the file and not a failure
 * every minute.
 */
#include "hvagent/conf_export.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define TOPIC_MAX 249

static const char alnum[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/* Made of letters, digits and @others, all of it? */
static bool is_made_of(const char *text, const char *others)
{
	for (; *text; text++)
		if (!strchr(alnum, *text) && !strchr(others, *text))
			return false;
	return true;
}

const char *export_topic_problem(const char *text)
{
	if (strlen(text) > TOPIC_MAX)
		return "too long";
	if (!text[0] || !is_made_of(text, "._-") || !strcmp(text, ".") ||
	    !strcmp(text, ".."))
		return "no name of a topic";
	return NULL;
}

static bool is_path(const char *text)
{
	return text[0] == '/' && text[strlen(text) - 1] != '/';
}

static bool is_url(const char *text)
{
	size_t n = !strncasecmp(text, "http://", 7)    ? 7
		   : !strncasecmp(text, "https://", 8) ? 8
						       : 0;

	return n && text[n] && !strpbrk(text, " \t\"<>\\");
}

static bool is_brokers(const char *text)
{
	return is_made_of(text, "._-:,[] ") && text[strspn(text, ", ")];
}

static const struct {
	const char *name;
	bool (*is_target)(const char *text);
	const char *target; /* words */
	bool topic, token;  /* topic: needed; token: allowed */
} forms[] = {
	[HV_EXPORT_NONE] = { "none" },
	[HV_EXPORT_FILE] = { "file", is_path, "an absolute path", false,
			     false },
	[HV_EXPORT_HTTP] = { "http", is_url, "http://... or https://...", false,
			     true },
	[HV_EXPORT_KAFKA] = { "kafka", is_brokers, "HOST[:PORT], HOST[:PORT]..",
			      true, false },
};

int conf_export_check(const struct hv_conf *c, struct err *err)
{
	const char *target = c->export.target, *name;
	int type = c->export.type;

	if (type == HV_EXPORT_NONE)
		return 0;
	name = forms[type].name;
	if (!target || !forms[type].is_target(target))
		return err_set(err, -EINVAL,
			       "target: found %s%s%s; allowed with type %s: %s",
			       target ? "\"" : "", target ? target : "none",
			       target ? "\"" : "", name, forms[type].target);
	if (forms[type].topic && !c->export.topic)
		return err_set(err, -EINVAL,
			       "topic: found none; needed with type %s", name);
	if (!forms[type].topic && c->export.topic)
		return err_set(err, -EINVAL,
			       "topic: found \"%s\"; allowed with type kafka "
			       "only",
			       c->export.topic);
	if (!forms[type].token && c->export.token_file)
		return err_set(err, -EINVAL,
			       "token-file: found \"%s\"; allowed with type "
			       "http only",
			       c->export.token_file);
	return 0;
}
