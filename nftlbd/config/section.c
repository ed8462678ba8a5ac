/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all sections have in common: every key is in the table, is said once,
 * and its value is read by the key's type. Knows no section's meaning.
 */
#include "config/section.h"

#include <stdio.h>
#include <string.h>

#include "config/names.h"
#include "config/values.h"

#define LABEL_SIZE 96

static void key_unknown(const struct section_reader *sr, struct where where,
			const struct doc_section *s, const char *key)
{
	char label[LABEL_SIZE], found[REPORT_FOUND], list[2048];
	const char *near = keys_near(sr->keys, sr->place, key);

	report_add(sr->report, where,
		   "%s: found %s: unknown key%s%s%s; allowed: %s",
		   doc_label(sr->doc, s, label, sizeof(label)),
		   report_found(key, found), near ? ", did you mean \"" : "",
		   near ? near : "", near ? "\"?" : "",
		   keys_words(sr->keys, sr->place, list, sizeof(list)));
}

/* The value of an ordinary key. */
static bool entry_store(const struct section_reader *sr,
			const struct conf_key *key, const struct doc_section *s,
			const char *value, void *draft, struct where where)
{
	char label[LABEL_SIZE], allowed[VALUE_ALLOWED];
	const char *problem;

	if (key->kind == VALUE_INCLUDE ||
	    value_read(key, value, draft, &problem) == 0)
		return true;
	doc_label(sr->doc, s, label, sizeof(label));
	report_value(sr->report, where, label, key->name,
		     key->secret ? "(a secret)" : value, problem,
		     value_allowed(key, allowed, sizeof(allowed)));
	return false;
}

/* Was the key said in this section before? [global] counts across files. */
static bool entry_twice(const struct doc_section *s, const struct conf_key *key,
			struct where before)
{
	if (!before.line || key->kind == VALUE_HEADERS ||
	    key->kind == VALUE_ENTRIES || key->kind == VALUE_LIST_FILE)
		return false;
	if (s->kind == DOC_GLOBAL && key->kind != VALUE_INCLUDE)
		return true;
	return before.file == s->where.file && before.line > s->where.line;
}

static bool entry_read(const struct section_reader *sr,
		       const struct doc_section *s, const struct doc_entry *e,
		       void *draft, struct where *set)
{
	const char *name = doc_text(sr->doc, e->key);
	char *value = sr->doc->text.data + e->value;
	struct where where = { s->where.file, e->line };
	const struct conf_key *key = keys_find(sr->keys, sr->place, name);
	enum entry_done done = ENTRY_ORDINARY;
	char label[LABEL_SIZE];
	struct where *said;

	if (!key) {
		key_unknown(sr, where, s, name);
		return false;
	}
	if (sr->other)
		done = sr->other(sr->arg, s, key, name, value, where);
	if (done != ENTRY_ORDINARY)
		return done == ENTRY_READ;
	said = &set[keys_number(sr->keys, key)];
	if (entry_twice(s, key, *said)) {
		doc_label(sr->doc, s, label, sizeof(label));
		report_add(sr->report, where,
			   "%s %s: found a second time, first at %s:%u; "
			   "allowed: each key once",
			   label, key->name, sr->doc->names[said->file],
			   said->line);
		return false;
	}
	*said = where;
	return entry_store(sr, key, s, value, draft, where);
}

bool section_entries(const struct section_reader *sr,
		     const struct doc_section *s, void *draft,
		     struct where *set)
{
	bool good = !s->broken;
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (!entry_read(sr, s, &sr->doc->entries[s->first + i], draft,
				set))
			good = false;
	}
	return good;
}

void section_defaults(const struct key_set *keys, unsigned int place,
		      void *draft)
{
	const struct conf_key *key;
	const char *problem;

	for (size_t i = 0; (key = keys_at(keys, i)); i++) {
		if ((key->places & place) && key->fallback)
			value_read(key, key->fallback, draft, &problem);
	}
}

void section_twins(struct doc *doc, struct report *report, int kind)
{
	const struct doc_section *s, *first;
	struct names names = { 0 };
	char label[LABEL_SIZE];
	uint32_t twin;
	size_t i;

	for (i = 0; i < doc->nsections; i++) {
		s = &doc->sections[i];
		if (s->kind == kind)
			names_add(&names,
				  kind == DOC_GLOBAL ? doc->names[s->where.file]
						     : doc_text(doc, s->name),
				  (uint32_t)i);
	}
	names_sort(&names);
	for (i = 0; i < names.n; i++) {
		if (!names_twin(&names, i, &twin))
			continue;
		s = &doc->sections[names.list[i].i];
		first = &doc->sections[twin];
		report_add(report, s->where,
			   "%s: found a second time, first at %s:%u; allowed: "
			   "each section once%s",
			   doc_label(doc, s, label, sizeof(label)),
			   doc->names[first->where.file], first->where.line,
			   kind == DOC_GLOBAL ? " in a file" : "");
	}
	names_free(&names);
}
