/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A script's standard output. All of it is read while the script runs: else one
 * that says much would wait for us, and end in its time-out. What counts is the
 * first line, which may be the last one and without an end.
 *
 * Invariant: no more than the first line is kept, and of it no more than
 * LINE_MAX_BYTES. Must not know processes.
 */
#include "healthcheck/script_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "healthcheck/number.h"
#include "lib/xalloc.h"

#define LINE_MAX_BYTES 1024
#define PER_WAKE_MAX   8

struct script_output {
	struct ev_loop *loop;
	struct ev_io io; /* its descriptor is the pipe's end */
	size_t len;
	bool whole; /* the line has ended */
	char line[LINE_MAX_BYTES];
};

static void line_take(struct script_output *o, const char *data, size_t len)
{
	size_t room = sizeof(o->line) - o->len;
	const char *end = memchr(data, '\n', len);
	size_t n = end ? (size_t)(end - data) : len;

	if (o->whole)
		return;
	o->whole = end != NULL && n <= room;
	if (n > room)
		n = room;
	memcpy(o->line + o->len, data, n);
	o->len += n;
}

/* Returns false where there is no more now. */
static bool piece_read(struct script_output *o)
{
	char data[4096];
	ssize_t n = read(o->io.fd, data, sizeof(data));

	if (n > 0)
		line_take(o, data, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		ev_io_stop(o->loop, &o->io);
	return n > 0;
}

static void output_cb(struct ev_loop *loop, struct ev_io *w, int events)
{
	for (int i = 0; i < PER_WAKE_MAX && piece_read(w->data); i++)
		;
}

struct script_output *script_output_open(struct ev_loop *loop, int *write_fd,
					 int *error)
{
	struct script_output *o;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0) {
		*error = -errno;
		return NULL;
	}
	/* Ours only: a script's output that does not wait surprises it. */
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	o = xcalloc(1, sizeof(*o));
	o->loop = loop;
	ev_io_init(&o->io, output_cb, fds[0], EV_READ);
	o->io.data = o;
	ev_io_start(loop, &o->io);
	*write_fd = fds[1];
	return o;
}

void script_output_close(struct script_output *o)
{
	ev_io_stop(o->loop, &o->io);
	close(o->io.fd);
	free(o);
}

enum hc_reason script_output_judge(struct script_output *o, double *value)
{
	while (!o->whole && o->len < sizeof(o->line) && piece_read(o))
		;
	if (!o->whole && o->len == sizeof(o->line))
		return HC_TOO_LONG;
	return number_first_of(o->line, o->len, value) ? HC_OK : HC_MALFORMED;
}
