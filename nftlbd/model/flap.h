/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flap damping: who falls often stays down for longer. */
#ifndef NFTLB_MODEL_FLAP_H
#define NFTLB_MODEL_FLAP_H

#include "model/model.h"

#define FLAP_WORDS_SIZE 48

/** flap_fall() - it went from up to down: count that, begin a hold-down */
void flap_fall(const struct service *s, struct backend *b, int64_t now_ms);
/** flap_held() - must it stay where it is, however good its checks are? */
bool flap_held(const struct backend *b, int64_t now_ms);
/** flap_forgive() - time has passed without a fall */
void flap_forgive(const struct service *s, struct backend *b, int64_t now_ms);
/** flap_next_ms() - when that has something to forgive; 0 = nothing */
int64_t flap_next_ms(const struct service *s, const struct backend *b);
/** flap_words() - " held 20s after 3 flaps", or "" where no hold-down is kept;
 * returns @buf */
const char *flap_words(const struct backend *b, char buf[FLAP_WORDS_SIZE]);

#endif
