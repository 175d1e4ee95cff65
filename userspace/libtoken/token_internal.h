/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of libtoken share. */
#ifndef LIBTOKEN_TOKEN_INTERNAL_H
#define LIBTOKEN_TOKEN_INTERNAL_H

#include <p11-kit/pkcs11.h>

#include "libtoken/token.h"

#define TOKEN_ERROR_LEN 192

/**
 * struct token - an open token
 * @library: from dlopen()
 * @f: the module's functions
 * @session: logged in, read-write
 * @error: reason of the last failure
 */
struct token {
	void *library;
	CK_FUNCTION_LIST_PTR f;
	CK_SESSION_HANDLE session;
	char error[TOKEN_ERROR_LEN];
};

/* token_fail() - record "what: CKR_..." and return -1 */
int token_fail(struct token *t, const char *what, CK_RV rv);

/* token_load() - dlopen() and C_Initialize(); false with the reason in @t->error */
bool token_load(struct token *t, const char *module);
void token_unload(struct token *t);

/* token_slot() - slot of the initialized token with @label */
bool token_slot(struct token *t, const char *label, CK_SLOT_ID *slot, bool *found);

/* token_find_one() - the one object that is as @want says; @label is for the error. 0 or -1 */
int token_find_one(struct token *t, CK_ATTRIBUTE *want, CK_ULONG count, const char *label,
		   token_key *key);

bool token_self_test(struct token *t);

#define ATTR(type, value) { (type), &(value), sizeof(value) }

#endif
