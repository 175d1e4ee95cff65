/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A client of docs/protocol.md, written from that page alone and sharing no code with either
 * side. It sends what a test tells it to, wrong frames too.
 */
#ifndef KSELFTEST_CKS_CLIENT_H
#define KSELFTEST_CKS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLIENT_BODY_MAX	1049088

/**
 * struct client_frame - a frame being built, or one that came
 * @type: type
 * @number: number
 * @len: of @body
 * @body: fields
 */
struct client_frame {
	uint8_t type;
	uint32_t number;
	uint32_t len;
	uint8_t body[CLIENT_BODY_MAX];
};

/* Connect to 127.0.0.1: a descriptor, or -1 with errno. */
int client_connect(uint16_t port);

void client_begin(struct client_frame *f, uint8_t type, uint32_t number);
void client_put(struct client_frame *f, uint16_t tag, const void *data, uint32_t len);
void client_put_int(struct client_frame *f, uint16_t tag, uint64_t v, unsigned int size);

/* 0, or -1 with errno. */
int client_send(int fd, const struct client_frame *f);
int client_send_raw(int fd, const void *data, size_t len);

/**
 * client_recv() - receive one frame
 * @fd: connection
 * @ret_f: receives it
 * @ms: longest wait
 * Return: 1, 0 when the peer closed the connection, -1 with errno (ETIMEDOUT, EBADMSG)
 */
int client_recv(int fd, struct client_frame *ret_f, int ms);

/* A field's bytes, or NULL when it is absent. */
const uint8_t *client_field(const struct client_frame *f, uint16_t tag, uint32_t *ret_len);
bool client_has(const struct client_frame *f, uint16_t tag);
/* A field of 1 to 8 bytes as a number; all ones when it is absent. */
uint64_t client_int(const struct client_frame *f, uint16_t tag);

#endif
