/* SPDX-License-Identifier: GPL-2.0-only */
/* Data groupings (DGI) of EMV CPS, and how they are packed into STORE DATA commands. */
#ifndef LIBGP_DGI_H
#define LIBGP_DGI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct gp_dgi - one data grouping
 * @id: identifier
 * @len: of the value
 * @value: within the list
 * @size: of the whole, with identifier and length
 */
struct gp_dgi {
	uint16_t id;
	uint16_t len;
	const uint8_t *value;
	size_t size;
};

/*
 * gp_dgi_next() - take the grouping at the head of a list
 *
 * Identifier 2 bytes, length 1 byte or FF and 2 bytes, value.
 *
 * Return: NULL, or what is wrong, in static storage.
 */
const char *gp_dgi_next(const uint8_t *list, size_t len, struct gp_dgi *dgi);

/* gp_dgi_check() - NULL if @list is a sequence of at least one whole DGI, each identifier once. */
const char *gp_dgi_check(const uint8_t *list, size_t len);

/* gp_dgi_put() - append one to @out. Return: bytes written, 0 if they do not fit. */
size_t gp_dgi_put(uint16_t id, const uint8_t *value, size_t len, uint8_t *out, size_t cap);

/*
 * gp_store_data_next() - how many bytes of @list go into the next STORE DATA
 * @max: longest data field, at least 5
 *
 * Whole groupings are kept together; one that is longer than @max by itself is split. @list is
 * what is left; @rest, 0 at first, is kept by the caller between calls: bytes left of a split one.
 *
 * Return: number of bytes, 0 if @list is empty or not a sequence of DGIs.
 */
size_t gp_store_data_next(const uint8_t *list, size_t len, size_t max, size_t *rest);

#endif
