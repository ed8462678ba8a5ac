/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeping state on disk: a line per change into the journal, now and then a
 * snapshot. The words are persist_text.c's, reading
 * them back persist_load.c's.
 *
 * Invariants: a reader finds the old snapshot or the new one (rename), and a
 * journal counts only with the snapshot whose number it begins with: whatever
 * instant the process dies at, no old line overrules a newer snapshot. After a
 * write that failed the journal gets no more lines (the last may be torn), only
 * a snapshot repairs it.
 *
 * Not synced to disk: it has to live through kill -9 and not to hold up the
 * loop; after a power loss the checks find out anew. Knows nothing of who
 * changes what, and of the loop.
 */
#include "daemon/persist.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/persist_text.h"
#include "lib/buf.h"
#include "lib/log.h"
#include "lib/xalloc.h"

struct complaint {
	const char *path;
	int said; /* errno that was logged last; 0 = all is well */
};

struct persist {
	char *snapshot_path, *temporary_path, *journal_path;
	struct complaint snapshot, journal;
	int fd;             /* the journal, for appending; -1 = not open */
	struct buf pending; /* lines for it */
	size_t npending;
	size_t nlines; /* lines in it */
	bool behind;   /* the journal misses something: take a snapshot */
};

/* Once, until it works again or fails otherwise. Returns @code. */
static int complain(struct complaint *c, int code)
{
	if (c->said != code)
		log_warning("cannot save state to %s: %s; this is tried again "
			    "at the next change",
			    c->path, strerror(-code));
	c->said = code;
	return code;
}

static void content(struct complaint *c)
{
	if (c->said)
		log_info("state is saved to %s again", c->path);
	c->said = 0;
}

/* ---- files */

/* One write() unless the disk takes less; what is short by then has a reason
 * that the next write() tells. */
static int write_all(int fd, const struct buf *t)
{
	size_t done = 0;

	while (done < t->len) {
		ssize_t n = write(fd, t->data + done, t->len - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

static int snapshot_write(struct persist *p, const struct buf *text)
{
	int fd = open(p->temporary_path,
		      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int ret = fd < 0 ? -errno : write_all(fd, text);

	if (fd >= 0 && close(fd) < 0 && ret == 0)
		ret = -errno;
	if (ret == 0 && rename(p->temporary_path, p->snapshot_path) < 0)
		ret = -errno;
	if (ret < 0) {
		unlink(p->temporary_path);
		return complain(&p->snapshot, ret);
	}
	content(&p->snapshot);
	return 0;
}

/* An empty journal for the snapshot of that number. */
static int journal_begin(struct persist *p, int64_t number)
{
	struct buf head = { 0 };
	int ret = 0;

	if (p->fd < 0)
		p->fd = open(p->journal_path,
			     O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (p->fd < 0 || ftruncate(p->fd, 0) < 0)
		ret = -errno;
	buf_printf(&head, "{\"journal\":%" PRId64 "}\n", number);
	if (ret == 0)
		ret = write_all(p->fd, &head);
	buf_free(&head);
	p->nlines = 0;
	if (ret < 0)
		return complain(&p->journal, ret);
	content(&p->journal);
	return 0;
}

static void pending_clear(struct persist *p)
{
	buf_clear(&p->pending);
	p->npending = 0;
}

static int journal_append(struct persist *p)
{
	int ret = write_all(p->fd, &p->pending);

	p->nlines += p->npending;
	pending_clear(p);
	return ret < 0 ? complain(&p->journal, ret) : 0;
}

/* Never the same twice, also across restarts: it has to tell files apart. */
static int64_t new_number(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- interface */

struct persist *persist_open(const struct model *m, int loaded)
{
	const char *dir = m->conf->state_dir;
	struct persist *p = xcalloc(1, sizeof(*p));

	p->fd = -1;
	p->snapshot_path = xasprintf("%s/%s", dir, PERSIST_SNAPSHOT);
	p->temporary_path = xasprintf("%s/%s.new", dir, PERSIST_SNAPSHOT);
	p->journal_path = xasprintf("%s/%s", dir, PERSIST_JOURNAL);
	p->snapshot.path = p->snapshot_path;
	p->journal.path = p->journal_path;
	if (loaded < 0) {
		char *bad = xasprintf("%s.bad", p->snapshot_path);

		if (rename(p->snapshot_path, bad) == 0)
			log_warning("%s is set aside as %s", p->snapshot_path,
				    bad);
		free(bad);
	}
	persist_snapshot(p, m);
	return p;
}

void persist_note(struct persist *p, const struct service *s,
		  const struct backend *b)
{
	if (!p || p->behind)
		return; /* the snapshot to come has it */
	buf_printf(&p->pending, "{\"service\":\"%s\"", s->conf->name);
	if (b) {
		buf_printf(&p->pending, ",\"backend\":\"%s\"", b->conf->name);
		persist_put_backend(&p->pending, s, b);
	} else {
		buf_printf(&p->pending, ",\"admin\":\"%s\"",
			   s->disabled ? "disabled" : "enabled");
	}
	buf_append(&p->pending, "}\n", 2);
	p->npending++;
}

int persist_flush(struct persist *p, const struct model *m)
{
	if (!p || (p->npending == 0 && !p->behind))
		return 0;
	if (!p->behind && journal_append(p) == 0 &&
	    p->nlines < PERSIST_JOURNAL_LINES)
		return 0;
	return persist_snapshot(p, m);
}

int persist_snapshot(struct persist *p, const struct model *m)
{
	struct buf text = { 0 };
	int64_t number;
	int ret;

	if (!p)
		return 0;
	number = new_number();
	persist_put_model(&text, m, number);
	ret = snapshot_write(p, &text);
	buf_free(&text);
	p->behind = ret < 0 || journal_begin(p, number) < 0;
	pending_clear(p);
	return ret;
}

void persist_close(struct persist *p)
{
	if (!p)
		return;
	if (p->fd >= 0)
		close(p->fd);
	buf_free(&p->pending);
	free(p->snapshot_path);
	free(p->temporary_path);
	free(p->journal_path);
	free(p);
}
