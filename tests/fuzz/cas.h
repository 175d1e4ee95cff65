/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fuzzers of the CAS share. */
#ifndef FUZZ_CAS_H
#define FUZZ_CAS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Stays with NDEBUG, and is what a fuzzer and the sanitizers notice. */
#define MUST(condition) do { if (!(condition)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
