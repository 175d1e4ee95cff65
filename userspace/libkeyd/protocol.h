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
	KEYD_DERIVE,		/* key, KEYD_BY_... (1), blocks (32) -> key */
	KEYD_CMAC,		/* key, data -> MAC (16) */
	KEYD_UNWRAP,		/* key, 1 for triple DES (1), wrapped (24) -> key */
	KEYD_WRAP,		/* DEK, key -> wrapped (16) */
	KEYD_KCV,		/* key -> KCV (3) */
	KEYD_DESTROY,		/* key -> nothing */
	KEYD_UNSEAL,		/* key, length of the text (1), text, sealed -> data */
	KEYD_FIND_SIGNER,	/* label -> key */
	KEYD_SIGN,		/* key, digest (32) -> signature (64) */
	KEYD_SCP02_KEY,		/* key, constant (1), sequence (2) -> session key (16) */
	KEYD_SCP02_DEK,		/* key, sequence (2) -> key */
	KEYD_WRAP_DES,		/* DEK, key, wrapped (24) -> wrapped (16), KCV (3) */
};

/* Of KEYD_DERIVE, together. */
#define KEYD_BY_CMAC	0x01
#define KEYD_BY_DES	0x02	/* the derived key is one for triple DES */
#define KEYD_BY_DEK	0x04

enum keyd_status {
	KEYD_OK,
	KEYD_FAILED,
};

#endif
