/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fuzzer is one function of this name, in fuzz_NAME.c. ./lab fuzz NAME builds
 * it with libFuzzer; `make check` links it with replay.c, which feeds it what
 * is in corpus/NAME.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
