/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tty that is taken for a coupler, and given back as it was.
 */
#ifndef CKSATTACH_PORT_H
#define CKSATTACH_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct port;

/**
 * port_open() - open a tty and remember how it is; nobody else can open it then
 * @path: of the device
 * @why: receives a text on failure
 * @size: of @why
 * Return: the tty, or NULL
 */
struct port *port_open(const char *path, char *why, size_t size);

/* Have the driver give out characters at once; whether it does is its own matter. */
void port_hurry(struct port *p);

/**
 * port_iso7816() - switch the UART's own ISO 7816 mode on
 * @p: tty
 * @clk: card clock, Hz
 * Return: false if the driver has no such mode, with errno
 */
bool port_iso7816(struct port *p, uint32_t clk);

/**
 * port_attach() - make a coupler of it
 * @p: tty
 * @ret_coupler: receives its number
 * @why: receives a text on failure
 * @size: of @why
 */
bool port_attach(struct port *p, uint32_t *ret_coupler, char *why, size_t size);

/* It still is a coupler. */
bool port_attached(const struct port *p);
int port_fd(const struct port *p);

/* Give back what is left of it, close it and free @p. */
void port_close(struct port *p);

#endif
