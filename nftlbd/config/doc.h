/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files say, as sections and entries of plain text, before anybody
 * asks what it means. Texts live in one buffer and are named by offset, so that
 * a hundred thousand entries cost a few megabytes and are gone at once.
 */
#ifndef NFTLB_CONFIG_DOC_H
#define NFTLB_CONFIG_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "config/report.h"
#include "lib/buf.h"

#define LINE_MAX_BYTES 8192

/* A macro's number, for words that name it. */
#define NUMBER_TEXT_(n) #n
#define NUMBER_TEXT(n)  NUMBER_TEXT_(n)
#define LINE_MAX_TEXT   NUMBER_TEXT(LINE_MAX_BYTES)

enum doc_kind {
	DOC_GLOBAL,
	DOC_DEFAULTS,
	DOC_CHECK,
	DOC_FEED,
	DOC_POOL,
	DOC_LIST,
	DOC_SERVICE,
	DOC_KINDS
};

/* Which sections a file may have. Kind 0 is [global] in every grammar. */
struct doc_kind_form {
	const char *word; /* NULL ends the table */
	bool named;
};

struct doc_grammar {
	const struct doc_kind_form *kinds; /* by kind */
	const char *allowed;               /* all of them, for messages */
};

extern const struct doc_grammar doc_nftlbd; /* enum doc_kind's */

struct doc_entry {
	uint32_t key, value; /* offsets into text */
	uint32_t line;
};

struct doc_section {
	int kind;      /* enum doc_kind, or another grammar's */
	bool broken;   /* a line of it was unreadable: it is not all here */
	uint32_t name; /* offset into text; "" where the kind has none */
	struct where where;
	size_t first, n; /* its entries */
};

/* A file that was read; the inode finds loops. */
struct doc_file {
	dev_t dev;
	ino_t ino;
	struct buf text; /* all of it; of files of the configuration */
};

struct doc {
	const struct doc_grammar *grammar; /* set before anything is read */
	const struct conf_source *source;  /* NULL = what is on disk */
	struct buf text;
	struct doc_section *sections;
	size_t nsections, capsections;
	struct doc_entry *entries;
	size_t nentries, capentries;
	char **names; /* of the files, as opened; owned until taken */
	size_t nnames, capnames;
	struct doc_file *files; /* as names */
	size_t nfiles, capfiles;
};

/**
 * doc_read() - read @path and all that it includes, includes after the file
 * Complaints go to @r; what could be read is in @doc in any case.
 */
void doc_read(struct doc *doc, const char *path, struct report *r);
void doc_free(struct doc *doc);

/** doc_text() - text at @offset; valid until the next doc_read() */
static inline const char *doc_text(const struct doc *doc, uint32_t offset)
{
	return doc->text.data + offset;
}

/** doc_path() - @name, relative to the directory of @file; malloc'd */
char *doc_path(const struct doc *doc, uint32_t file, const char *name);

/** doc_name_add() - a file's index for places; @path is copied */
uint32_t doc_name_add(struct doc *doc, const char *path);

/**
 * text_load() - a regular file of up to 64 MB into @text
 * @st: what it is. @words: why not, of @size bytes, at least 256.
 * Return: 0 or -EINVAL.
 */
int text_load(const char *path, struct buf *text, struct stat *st, char *words,
	      size_t size);
extern const char list_files_allowed[]; /* for messages */

/** doc_label() - "[service www]" for messages, @buf of at least 96 bytes */
const char *doc_label(const struct doc *doc, const struct doc_section *s,
		      char *buf, size_t size);

/**
 * doc_parse() - one file's text into sections and entries (reader.c)
 * @file: index into doc->names, for places.
 */
void doc_parse(struct doc *doc, uint32_t file, const char *text, size_t len,
	       struct report *r);

#endif
