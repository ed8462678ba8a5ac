/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * librdkafka's mock cluster for the lab: prints where it listens, then every
 * message of the topic "bindings". SIGUSR1: the broker goes away; SIGUSR2: it
 * comes back.
 */
#include <signal.h>
#include <stdio.h>

#include "kafka_rig.h"

static volatile sig_atomic_t ended, away;

static void on_signal(int number)
{
	if (number == SIGTERM)
		ended = 1;
	else
		away = number == SIGUSR1;
}

static void look(struct kafka_rig *k)
{
	rd_kafka_message_t *m = kafka_rig_read(k, 50);

	if (!m)
		return;
	printf("%.*s\n", (int)m->len, (const char *)m->payload);
	fflush(stdout);
	rd_kafka_message_destroy(m);
}

int main(void)
{
	struct kafka_rig k;
	int was_away = 0;

	if (kafka_rig_open(&k, "bindings"))
		return 1;
	signal(SIGTERM, on_signal);
	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, on_signal);
	printf("%s\n", kafka_rig_servers(&k));
	fflush(stdout);
	while (!ended) {
		if (away != was_away) {
			was_away = away;
			if (was_away)
				rd_kafka_mock_broker_set_down(k.mock,
							      KAFKA_BROKER);
			else
				rd_kafka_mock_broker_set_up(k.mock,
							    KAFKA_BROKER);
		}
		look(&k);
	}
	kafka_rig_close(&k);
	return 0;
}
