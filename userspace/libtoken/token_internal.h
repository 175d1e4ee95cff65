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
 * @label: of the token, "" if @uri does not say it
 * @uri: that names it, or NULL
 * @error: reason of the last failure
 */
struct token {
	void *library;
	CK_FUNCTION_LIST_PTR f;
	CK_SESSION_HANDLE session;
	char label[33];
	struct p11_kit_uri *uri;
	char error[TOKEN_ERROR_LEN];
};

/* token_fail() - record "what: CKR_..." and return -1 */
int token_fail(struct token *t, const char *what, CK_RV rv);

/* token_load() - dlopen() and C_Initialize(); false with the reason in @t->error */
bool token_load(struct token *t, const char *module);
void token_unload(struct token *t);

/*
 * token_name() - take apart what names a token: a label, or a URI that begins with pkcs11:
 * @module: path, replaced if the URI has another one
 */
bool token_name(struct token *t, const char *text, const char **module);
void token_name_end(struct token *t);

/* token_is_meant() - is it the token in this slot that was named? */
bool token_is_meant(struct token *t, CK_SLOT_ID slot, CK_TOKEN_INFO *info);

/* token_slot() - slot of the initialized token that was named; more than one are an error */
bool token_slot(struct token *t, CK_SLOT_ID *slot, bool *found);

/* token_find_one() - the one object that is as @want says; @label is for the error. 0 or -1 */
int token_find_one(struct token *t, CK_ATTRIBUTE *want, CK_ULONG count, const char *label,
		   token_key *key);

/* token_is_des() - is it a triple DES key, not an AES key? 0 or -1 */
int token_is_des(struct token *t, token_key key, bool *des);

/* token_des3() - encrypt up to 16 bytes by triple DES, ECB or CBC with IV 0 */
int token_des3(struct token *t, token_key key, CK_MECHANISM_TYPE type, const uint8_t *in,
	       size_t len, uint8_t *out);

/* token_unwrap_as() - a wrapped key of 16 bytes as this type; @clear: its value can be read */
int token_unwrap_as(struct token *t, token_key transport,
		    const uint8_t wrapped[TOKEN_WRAPPED_LEN], CK_KEY_TYPE type, bool clear,
		    token_key *key);

bool token_self_test(struct token *t);

#define ATTR(type, value) { (type), &(value), sizeof(value) }

#endif
