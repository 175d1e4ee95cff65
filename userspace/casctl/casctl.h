/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands of casctl. Each takes its own arguments and returns the exit status. */
#ifndef CASCTL_CASCTL_H
#define CASCTL_CASCTL_H

#include <stdbool.h>

#include "libledger/ledger.h"
#include "libtoken/token.h"

#define EXIT_USAGE 2

int cmd_import(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_order(int argc, char **argv);
/* show_orders() - order without a step */
int show_orders(int argc, char **argv);

/* who_am_i() - the user that runs this, for the ledger */
const char *who_am_i(char name[64]);

int cmd_records(int argc, char **argv);
int cmd_intent(int argc, char **argv);
int cmd_adopt(int argc, char **argv);
int cmd_sessions(int argc, char **argv);
int cmd_ledger(int argc, char **argv);
int cmd_key(int argc, char **argv);
int cmd_role(int argc, char **argv);
int cmd_decide(int argc, char **argv);
int cmd_reconcile(int argc, char **argv);
int cmd_response(int argc, char **argv);
int cmd_profile(int argc, char **argv);
int cmd_station(int argc, char **argv);

#define MODULE "/usr/lib/softhsm/libsofthsm2.so"

/**
 * struct token_options - where the token is
 * @module: path of the PKCS#11 module
 * @label: of the token
 * @pin_file: where the PIN is
 */
struct token_options {
	const char *module;
	const char *label;
	const char *pin_file;
};

/* lock_memory() - no core file, and nothing in swap; a warning where it cannot be */
void lock_memory(void);

/* open_token() - NULL after it has printed why not; locks memory */
struct token *open_token(const struct token_options *o);

/* usage_error() - says what and where help is; returns EXIT_USAGE */
int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* open_database() - NULL after it has printed why not */
struct ledger *open_database(const char *path, bool readonly);

enum show_format {
	SHOW_TABLE,
	SHOW_JSON,
	SHOW_CSV,
};

/*
 * show_query() - print a query's rows: as a table, a JSON array of objects, or CSV (RFC 4180)
 * @order: bound to parameter 1 if it is not NULL
 *
 * A column whose name ends in "#" is a number; the "#" is not shown.
 */
int show_query(struct ledger *l, const char *sql, const char *order, enum show_format format);

/**
 * struct show_options - what the commands that show something share
 * @db: database
 * @format: of what is printed
 * @order: name of an order, NULL for all
 */
struct show_options {
	const char *db;
	enum show_format format;
	const char *order;
};

/**
 * struct orderkey - the key of an order that is being imported
 * @token: that has it
 * @data_name: of the key that the bureau sealed with
 * @data: that key, 0 until it is needed
 * @label: of the order's key
 * @key: of the order
 * @seal: for ledger_import()
 */
struct orderkey {
	struct token *token;
	const char *data_name;
	token_key data;
	char label[32];
	token_key key;
	struct order_seal seal;
};

/* orderkey_make() - a new key in the token; -1 with the reason in token_error() */
int orderkey_make(struct orderkey *k, struct token *token, const char *data_name);

/* orderkey_destroy() - for ledger_order_wipe(), @arg: the token; one that is gone is no failure */
bool orderkey_destroy(void *arg, const char *label);

/* What orderkey_try() takes: the token, and the key that the records' keys are wrapped under. */
struct orderkey_check {
	struct token *token;
	const char *transport;
};

/* orderkey_try() - for ledger_order_check(): the record unseals, and its keys unwrap */
bool orderkey_try(void *arg, struct ledger_record *record, const char **wrong);

/**
 * struct key_component - what a person enters of a key
 * @name: of the key
 * @use: what it is for
 * @use_name: the same as it was given
 * @parts: components that it has
 * @part: this one
 * @len: bytes at @part
 */
struct key_component {
	const char *name;
	enum token_use use;
	const char *use_name;
	unsigned int parts;
	const uint8_t *part;
	size_t len;
};

/* ceremony_component() - keep it, or make the key of all; returns the exit status */
int ceremony_component(struct ledger *l, struct token *t, const struct key_component *k);

/* show_options() - -1 to go on, else the exit status */
int show_options(int argc, char **argv, struct show_options *o);

#endif
