/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between cas-keyd and its clients: one SOCK_SEQPACKET message for a request, one for its answer,
 * on one machine. Numbers are in the machine's order.
 *
 *	request   op (1), then what the op wants, without gaps
 *	answer    KEYD_OK, then what the op gives; or KEYD_FAILED, then text without an end
 *
 * The first message of a connection is an answer: whether the token is open.
 */
#ifndef LIBKEYD_PROTOCOL_H
#define LIBKEYD_PROTOCOL_H

#define KEYD_MESSAGE_MAX 4096
#define KEYD_LABEL_MAX 64
#define KEYD_DATA_MAX 256
#define KEYD_WITH_MAX 64
#define KEYD_SEALED_MAX 3100

enum keyd_op {
	KEYD_FIND = 1,		/* label -> key */
	KEYD_DERIVE,		/* key, k (1), KDD (10) -> key */
	KEYD_CMAC,		/* key, data -> MAC (16) */
	KEYD_UNWRAP,		/* key, wrapped (24) -> key */
	KEYD_WRAP,		/* DEK, key -> wrapped (16) */
	KEYD_KCV,		/* key -> KCV (3) */
	KEYD_DESTROY,		/* key -> nothing */
	KEYD_UNSEAL,		/* key, length of the text (1), text, sealed -> data */
	KEYD_FIND_SIGNER,	/* label -> key */
	KEYD_SIGN,		/* key, digest (32) -> signature (64) */
};

enum keyd_status {
	KEYD_OK,
	KEYD_FAILED,
};

#endif
