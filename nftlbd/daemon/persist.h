/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must live through a restart and is not in the file: the operator's words
 * and what the checks found out. Only what differs from the configuration is
 * written. Two files in state-dir, which belong together by a number:
 *
 * state.json     snapshot of all services, written anew and renamed
 *   {"version":1,"journal":N,"services":{
 *   "www":{"admin":"disabled","backends":{"b1":{"weight":3}}}}}
 * state.journal  what changed since, one line per change, the last one counts
 *   {"journal":N}
 *   {"service":"www","backend":"b1","admin":"drain","health":"down"}
 *   {"service":"www","admin":"enabled"}
 *
 * Of a backend: "admin", "weight": the operator's. "health": "down". "checks":
 * {"NAME": {"health", "says", "weight"}}: what those say that do not say what
 * they would at the start; without it all of them say what "health" says.
 * "flaps", "flap", "hold", "drain": as in struct backend, times in ms of Unix
 * time. "dynamic": its dynamic weight, in thousandths; written now and then
 * (daemon/load.c), not each time that it moves.
 *
 * A line is all that is to know of its backend: what it leaves out is as the
 * configuration says. A change costs a line, whatever the number of services.
 */
#ifndef NFTLB_DAEMON_PERSIST_H
#define NFTLB_DAEMON_PERSIST_H

#include "model/model.h"

#define PERSIST_SNAPSHOT      "state.json"
#define PERSIST_JOURNAL       "state.journal"
#define PERSIST_VERSION       1
#define PERSIST_JOURNAL_LINES 10000 /* a journal as long gets a snapshot */

struct persist;

/**
 * persist_load() - apply the saved state to @m, a fresh model
 * Changes nothing on disk. No file is no state. A journal of another snapshot,
 * its torn last line and what is not known to @m are passed over; other lines
 * that make no sense are skipped, with one warning for all of them.
 * Return: 0, or -EBADMSG where the snapshot makes no sense (logged; the journal
 * still counts). To be called before step_begin(), which makes the rest of it.
 */
int persist_load(struct model *m);

/**
 * persist_open() - begin to keep the state of @m, after persist_load()
 * Writes a snapshot and begins a new journal. A disk that refuses is logged,
 * and tried again at each flush.
 * @loaded: what persist_load() returned; a snapshot that made no sense is set
 * aside as state.json.bad
 * Return: never NULL; persist_close() frees it
 */
struct persist *persist_open(const struct model *m, int loaded);

/**
 * persist_note() - remember that a state changed, until the next flush
 * @p: NULL (here and below): nothing is kept
 * @b: of @s; NULL = the service itself changed
 */
void persist_note(struct persist *p, const struct service *s,
		  const struct backend *b);

/**
 * persist_flush() - write what was noted: one write(), O(1) per note
 * Takes a snapshot instead where the journal is long or failed before.
 * @m: the model that was noted from
 * Return: 0, or -errno of the disk: logged when it begins, tried again at the
 * next flush, and nothing is lost by it as long as the process lives
 */
int persist_flush(struct persist *p, const struct model *m);

/** persist_snapshot() - write all of @m, empty the journal; as persist_flush().
 * For changes that were not noted one by one: reload, and the end. */
int persist_snapshot(struct persist *p, const struct model *m);

/** persist_close() - free; writes nothing */
void persist_close(struct persist *p);

#endif
