/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spec_decode(): what it accepts can be encoded, and comes out the same.
 */
#include <stdlib.h>
#include <string.h>

#include "healthcheck/spec.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hc_spec spec, copy;
	struct buf once = { 0 }, twice = { 0 };

	if (!spec_decode(&spec, data, size)) {
		spec_encode(&spec, &once);
		spec_copy(&copy, &spec);
		spec_encode(&copy, &twice);
		if (once.len != twice.len ||
		    memcmp(once.data, twice.data, once.len) != 0)
			abort();
		spec_free(&copy);
		buf_free(&once);
		buf_free(&twice);
	}
	spec_free(&spec);
	return 0;
}
