/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libtoken's interface for a program that has no token: cas-keyd does what is asked. A program is
 * linked with either libtoken or this.
 *
 * Of libtoken/token.h there are: token_close, token_error, token_find, token_derive, token_cmac,
 * token_unwrap, token_wrap_cbc, token_unseal, token_kcv, token_destroy, token_scp02_key,
 * token_scp02_dek, token_wrap_des, token_find_signer, token_sign. Each blocks for one message there
 * and back, and for KEYD_WAIT at most, and where cas-keyd has to be started for KEYD_START before.
 * One thread at a time per struct token.
 *
 * If cas-keyd is gone, calls fail with the reason; it is started, or connected to, again with the
 * next call, at most once a second. Keys of before are not valid any more, those of token_find()
 * included.
 */
#ifndef LIBKEYD_KEYD_H
#define LIBKEYD_KEYD_H

#include "libtoken/token.h"

#define KEYD_WAIT 10	/* seconds, for an answer */
#define KEYD_START 30	/* seconds, until it is logged in to the token */

/**
 * struct keyd_options - where cas-keyd is
 * @socket: of one that runs, or NULL to start one
 * @program: path of cas-keyd, if it is to be started; so for the others
 * @module: path of the PKCS#11 module
 * @label: of the token
 * @pin_file: where the PIN is; never read here
 * @user: that it becomes, or NULL
 */
struct keyd_options {
	const char *socket;
	const char *program;
	const char *module;
	const char *label;
	const char *pin_file;
	const char *user;
};

/*
 * keyd_open() - start cas-keyd or connect to it
 * @o: must stay
 *
 * Return: NULL with the reason in @error.
 */
struct token *keyd_open(const struct keyd_options *o, char *error, size_t len);

#endif
