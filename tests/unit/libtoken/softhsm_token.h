/* SPDX-License-Identifier: GPL-2.0-only */
/* A token of SoftHSM for one test: "cards", whose PIN is 123456. */
#ifndef TESTS_SOFTHSM_TOKEN_H
#define TESTS_SOFTHSM_TOKEN_H

#include "libtoken/token.h"
#include "softhsm.h"

/* softhsm_token() - make it and open it; NULL with the reason printed */
static inline struct token *softhsm_token(void)
{
	struct token_pin pin = { "123456", 6 };
	struct token *t = NULL;
	char error[192] = "no directory";

	if (!softhsm_directory() &&
	    !token_init(SOFTHSM_MODULE, "cards", &pin, &pin, error, sizeof(error)))
		t = token_open(SOFTHSM_MODULE, "cards", &pin, error, sizeof(error));
	if (!t)
		fprintf(stderr, "token: %s\n", error);
	return t;
}

#endif
