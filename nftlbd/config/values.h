/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types of values: how each is read, printed, and what may be said. */
#ifndef NFTLB_CONFIG_VALUES_H
#define NFTLB_CONFIG_VALUES_H

#include <stdbool.h>
#include <stddef.h>

#include "config/draft.h"
#include "config/keys.h"
#include "lib/buf.h"

#define VALUE_ADDRS_MAX    256 /* addresses of a service */
#define VALUE_PORTS_MAX    512 /* port ranges of a service, once merged */
#define LISTS_MAX          32  /* of allow, and of deny */
#define LOG_PREFIX_MAX     60
#define PERSIST_MAX_MS     2592000000u /* 30 days */
#define PERSIST_DEFAULT_MS 360000u
#define RATE_MAX           10000000
#define SETS_MAX           1048576 /* entries of a set in the kernel */
#define DEVICES_MAX        16      /* interfaces of a service */
#define DEVICE_SIZE        17      /* bytes that list_next() needs for one */
#define VALUE_ALLOWED      320     /* bytes that value_allowed() needs */

/** value_empty() - is there nothing in the field that could be printed? */
bool value_empty(const struct conf_key *key, const void *object);

/**
 * value_read() - @text into the field of @object that @key names
 * @object: the draft of the key's section (draft.h).
 * @problem: what is wrong, a static text, or NULL where the words on what is
 * allowed say it all.
 * Return: 0 or -EINVAL, @object unchanged.
 */
int value_read(const struct conf_key *key, const char *text, void *object,
	       const char **problem);

/** value_print() - the field as value_read() takes it, appended to @out */
void value_print(const struct conf_key *key, const void *object,
		 struct buf *out);

/** value_allowed() - words on what the key takes; returns @buf */
const char *value_allowed(const struct conf_key *key, char *buf, size_t size);

/** value_type() - one word for the manual and the list of keys */
const char *value_type(const struct conf_key *key);

/**
 * list_next() - the next item of a list separated by commas, blanks removed
 * @rest: advances; NULL after the last item.
 * Return: false at the end. An item that does not fit becomes "?", which no
 * reader of items accepts.
 */
bool list_next(const char **rest, char *item, size_t size);

/** addr_problem() - why clients or connections cannot use it; NULL = fine */
const char *addr_problem(const struct addr *a);

/** nft_word() - is it reserved in nft's grammar? */
bool nft_word(const char *text);

/* lists.c: readers and printers of the lists in struct conf_service */
int addrs_read(const char *text, struct conf_service *s, const char **problem);
void addrs_print(const struct conf_service *s, struct buf *out);
int ports_read(const char *text, struct conf_service *s, const char **problem);
void ports_print(const struct conf_service *s, struct buf *out);
int protos_read(const char *text, struct conf_service *s, const char **problem);
void protos_print(const struct conf_service *s, struct buf *out);
int source_read(const char *text, struct addr *v4, struct addr *v6,
		const char **problem);
void source_print(const struct addr *v4, const struct addr *v6,
		  struct buf *out);

#define VALUE_TYPE(name)                                                       \
	int name##_read(const struct conf_key *key, const char *text,          \
			void *field, const char **problem);                    \
	void name##_print(const struct conf_key *key, const void *field,       \
			  struct buf *out)
/* values_numbers.c */
VALUE_TYPE(number);
VALUE_TYPE(ms);
VALUE_TYPE(percent);
VALUE_TYPE(slots);
VALUE_TYPE(need);
VALUE_TYPE(port);
VALUE_TYPE(decimal);
VALUE_TYPE(share);
VALUE_TYPE(factor);

/* values_rules.c: rules around a service */
VALUE_TYPE(yes);
VALUE_TYPE(signed);
VALUE_TYPE(fast);
VALUE_TYPE(prefixes);
VALUE_TYPE(persist);
VALUE_TYPE(mark);
VALUE_TYPE(dscp);
VALUE_TYPE(class);
VALUE_TYPE(log);
VALUE_TYPE(log_group);
int log_prefix_read(const struct conf_key *key, const char *text, void *field,
		    const char **problem);

/* texts.c: strings, which the field owns, and lists of them */
int path_read(const struct conf_key *key, const char *text, void *field,
	      const char **problem);
int listen_read(const struct conf_key *key, const char *text, void *field,
		const char **problem);
int account_read(const struct conf_key *key, const char *text, void *field,
		 const char **problem);
int table_read(const struct conf_key *key, const char *text, void *field,
	       const char **problem);
int hook_read(const struct conf_key *key, const char *text, void *field,
	      const char **problem);
void string_print(const struct conf_key *key, const void *field,
		  struct buf *out);
int text_read(const struct conf_key *key, const char *text, void *field,
	      const char **problem);
int header_read(const struct conf_key *key, const char *text, void *field,
		const char **problem);
int command_read(const struct conf_key *key, const char *text, void *field,
		 const char **problem);
void command_print(const struct conf_key *key, const void *field,
		   struct buf *out);
int bound_read(const struct conf_key *key, const char *text, void *field,
	       const char **problem);
void bound_print(const struct conf_key *key, const void *field,
		 struct buf *out);

/* texts.c: what is wrong with a text, or NULL; for the key table */
const char *interface_problem(const char *text);
const char *listen_problem(const char *text);
const char *sni_problem(const char *text);
const char *answer_problem(const char *text);
const char *community_problem(const char *text);
const char *snmp_user_problem(const char *text);
const char *password_problem(const char *text);
const char *context_problem(const char *text);
const char *file_problem(const char *text);

#endif
