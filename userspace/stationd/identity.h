/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The station's identity, a random UUID that is made once.
 */
#ifndef STATIOND_IDENTITY_H
#define STATIOND_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#define IDENTITY_LEN	16

/**
 * identity_load() - read the file "uuid" of the journal's directory, or make it
 * @dir: descriptor of the directory
 * @ret_uuid: receives it on success
 * @why: receives a text on failure
 * @size: of @why
 */
int identity_load(int dir, uint8_t ret_uuid[static IDENTITY_LEN], char *why, size_t size);

#endif
