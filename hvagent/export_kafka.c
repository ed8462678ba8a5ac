/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Export to Kafka: a message for each line, with the host's name as key, so
 * that all of one host are in one partition and in order. librdkafka has
 * threads of its own; it wakes us by a descriptor when messages have arrived or
 * were given up, and calls back from rd_kafka_poll() only.
 *
 * Invariants: an export is over when each of its messages is. Messages of one
 * that was given up are purged; those that arrive nevertheless carry the number
 * of an older export, and do not count.
 * Must not know: when to export.
 */
#include "hvagent/export_impl.h"

#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/xalloc.h"

#define HOST_MAX 256

struct kafka {
	struct exporter *x;
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue; /* deliveries, errors, logs */
	int fd;                  /* eventfd: something is in the queue */
	ev_io readable;
	uintptr_t number; /* of the export */
	size_t left;      /* messages of it */
	bool doubtful; /* the last one failed: the next has a producer anew */
	char why[HOST_MAX];
};

/* ---- called back */

static void kafka_over(struct kafka *k)
{
	export_done(k->x, k->why[0] ? -EIO : 0, k->why);
}

static void delivered_cb(rd_kafka_t *rk, const rd_kafka_message_t *m, void *arg)
{
	struct kafka *k = arg;

	if ((uintptr_t)m->_private != k->number || k->left == 0)
		return;
	k->doubtful |= m->err != 0;
	if (m->err && !k->why[0])
		snprintf(k->why, sizeof(k->why), "%s",
			 rd_kafka_err2str(m->err));
	if (--k->left == 0)
		kafka_over(k);
}

static void log_cb(const rd_kafka_t *rk, int level, const char *facility,
		   const char *words)
{
	log_debug("export=kafka %s: %s", facility, words);
}

static void error_cb(rd_kafka_t *rk, int code, const char *reason, void *arg)
{
	log_debug("export=kafka %s: %s", rd_kafka_err2name(code), reason);
}

static void readable_cb(struct ev_loop *loop, ev_io *w, int revents)
{
	struct kafka *k = w->data;
	uint64_t count;

	while (read(k->fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	rd_kafka_poll(k->rk, 0);
}

/* ---- a producer */

static rd_kafka_conf_t *kafka_conf(const struct kafka *k, struct err *err)
{
	char limit_ms[16], messages[16];
	const char *const settings[][2] = {
		{ "bootstrap.servers", k->x->conf.target },
		{ "client.id", "hvagent" },
		{ "message.timeout.ms", limit_ms },
		/* two exports: one that is purged, and the next */
		{ "queue.buffering.max.messages", messages },
		{ "queue.buffering.max.kbytes", "131072" },
		{ "log.queue", "true" },
		/* its own back-off grows to 10 s: many exports long */
		{ "reconnect.backoff.max.ms", "1000" },
	};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[HOST_MAX];

	snprintf(limit_ms, sizeof(limit_ms), "%.0f",
		 export_limit_s(k->x) * 1e3);
	snprintf(messages, sizeof(messages), "%d", 2 * BINDINGS_MAX);
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], why,
				      sizeof(why)) != RD_KAFKA_CONF_OK) {
			err_set(err, -EINVAL, "kafka: %s", why);
			rd_kafka_conf_destroy(conf);
			return NULL;
		}
	rd_kafka_conf_set_opaque(conf, (void *)k);
	rd_kafka_conf_set_dr_msg_cb(conf, delivered_cb);
	rd_kafka_conf_set_log_cb(conf, log_cb);
	rd_kafka_conf_set_error_cb(conf, error_cb);
	return conf;
}

static void kafka_listen(struct kafka *k)
{
	static const uint64_t one = 1;

	rd_kafka_set_log_queue(k->rk, NULL);
	k->queue = rd_kafka_queue_get_main(k->rk);
	rd_kafka_queue_io_event_enable(k->queue, k->fd, &one, sizeof(one));
	ev_io_init(&k->readable, readable_cb, k->fd, EV_READ);
	k->readable.data = k;
	ev_io_start(k->x->a->loop, &k->readable);
}

static int producer_start(struct kafka *k, struct err *err)
{
	rd_kafka_conf_t *conf = kafka_conf(k, err);
	char why[HOST_MAX];

	if (!conf)
		return -EINVAL;
	k->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (!k->rk) {
		rd_kafka_conf_destroy(conf);
		return err_set(err, -EINVAL, "kafka: %s", why);
	}
	k->doubtful = false;
	kafka_listen(k);
	return 0;
}

/* What is purged is not waited for, so this takes milliseconds. */
static void producer_stop(struct kafka *k)
{
	if (!k->rk)
		return;
	ev_io_stop(k->x->a->loop, &k->readable);
	rd_kafka_queue_io_event_enable(k->queue, -1, NULL, 0);
	rd_kafka_queue_destroy(k->queue);
	rd_kafka_purge(k->rk,
		       RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	rd_kafka_destroy(k->rk);
	k->rk = NULL;
}

/* ---- one export */

static int kafka_begin(void *target, struct err *err)
{
	struct kafka *k = target;
	char host[HOST_MAX] = "";
	struct export_text t;
	size_t at = 0;

	if (gethostname(host, sizeof(host) - 1) < 0)
		host[0] = '\0';
	/* One whose broker was away may not find it again for long. */
	if (k->doubtful)
		producer_stop(k);
	if (!k->rk && producer_start(k, err) < 0)
		return -EINVAL;
	export_text_now(k->x->a, &t);
	k->number++;
	k->left = 0;
	k->why[0] = '\0';
	for (size_t i = 0; i < t.nlines; at = t.ends[i++]) {
		char *line = t.text.data + at;
		rd_kafka_resp_err_t e = rd_kafka_producev(
		    k->rk, RD_KAFKA_V_TOPIC(k->x->conf.topic),
		    RD_KAFKA_V_KEY(host, strlen(host)),
		    RD_KAFKA_V_VALUE(line, t.ends[i] - 1 - at),
		    RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
		    RD_KAFKA_V_OPAQUE((void *)k->number), RD_KAFKA_V_END);

		if (e) {
			err_set(err, -EIO, "%s", rd_kafka_err2str(e));
			rd_kafka_purge(k->rk, RD_KAFKA_PURGE_F_QUEUE);
			k->left = 0;
			export_text_free(&t);
			return -EIO;
		}
		k->left++;
	}
	export_text_free(&t);
	return 0;
}

static void kafka_cancel(void *target)
{
	struct kafka *k = target;

	k->left = 0;
	k->doubtful = true;
	if (k->rk)
		rd_kafka_purge(k->rk, RD_KAFKA_PURGE_F_QUEUE |
					  RD_KAFKA_PURGE_F_INFLIGHT |
					  RD_KAFKA_PURGE_F_NON_BLOCKING);
}

/* ---- from open to close */

static void *kafka_open(struct exporter *x, struct err *err)
{
	struct kafka *k = xcalloc(1, sizeof(*k));

	k->x = x;
	k->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (k->fd < 0)
		err_set(err, -errno, "eventfd: %s", strerror(errno));
	else if (producer_start(k, err) == 0)
		return k;
	if (k->fd >= 0)
		close(k->fd);
	free(k);
	return NULL;
}

static void kafka_close(void *target)
{
	struct kafka *k = target;

	producer_stop(k);
	close(k->fd);
	free(k);
}

const struct export_type export_kafka = { HV_EXPORT_KAFKA, "kafka",
					  kafka_open,      kafka_begin,
					  kafka_cancel,    kafka_close };
