/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the commands of cksctl share: the table's entry, the output in text or JSON, and the exit
 * status.
 */
#ifndef CKSCTL_H
#define CKSCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcksnl/cksnl.h"

enum status {
	STATUS_OK = 0,
	STATUS_FAILURE = 1,
	STATUS_USAGE = 2,
};

enum form {
	FORM_TEXT,
	FORM_VCD,
	FORM_RAW,
};

/**
 * struct context - what a command works with
 * @nl: netlink handle; NULL for a command that needs none
 * @json: write JSON
 * @form: of a trace
 */
struct context {
	struct cksnl *nl;
	bool json;
	enum form form;
};

/**
 * struct command - one line of the table
 * @name: first word
 * @args: for the help
 * @help: one line
 * @offline: works without the kernel's part
 * @min: least number of arguments
 * @max: greatest number of arguments
 * @run: gets the arguments behind the name
 */
struct command {
	const char *name;
	const char *args;
	const char *help;
	bool offline;
	int min;
	int max;
	enum status (*run)(struct context *ctx, int argc, char **argv);
};

enum status couplers_command(struct context *ctx, int argc, char **argv);
enum status coupler_command(struct context *ctx, int argc, char **argv);
enum status coupler_new_command(struct context *ctx, int argc, char **argv);
enum status coupler_del_command(struct context *ctx, int argc, char **argv);
enum status reset_command(struct context *ctx, int argc, char **argv);
enum status set_command(struct context *ctx, int argc, char **argv);
enum status sessions_command(struct context *ctx, int argc, char **argv);
enum status cancel_command(struct context *ctx, int argc, char **argv);
enum status answer_command(struct context *ctx, int argc, char **argv);
enum status station_command(struct context *ctx, int argc, char **argv);
enum status monitor_command(struct context *ctx, int argc, char **argv);
enum status atr_command(struct context *ctx, int argc, char **argv);
enum status apdu_command(struct context *ctx, int argc, char **argv);
enum status trace_command(struct context *ctx, int argc, char **argv);

/* ------------------------------------------------------------------------------- output */

struct cJSON;

/* "cksctl: ..." on stderr. */
__attribute__((format(printf, 1, 2))) void complain(const char *fmt, ...);

/* All of one coupler; @what is how the user called it. */
enum status coupler_show(struct context *ctx, uint32_t index, const char *what);

/* A failed call: names what was tried and the kernel's reason. Returns STATUS_FAILURE. */
enum status call_failed(struct context *ctx, const char *what);

/* All attributes of an object that are there: one "name: value" line each. */
void print_object(const struct cksnl_set *set, const void *obj, const char *indent);
struct cJSON *object_to_json(const struct cksnl_set *set, const void *obj);

/* The value of one attribute as text, cut to @size. */
void format_field(const struct cksnl_field *field, const void *obj, char *buf, size_t size);

/* Prints and frees; false if memory ran out or stdout failed. */
bool print_json(struct cJSON *json, bool pretty);

/* -------------------------------------------------------------------------------- input */

/* Number of a coupler: 0, 1, ... or couplerN or /dev/cks/couplerN. */
bool parse_coupler(const char *text, uint32_t *ret_index);

/* Hexadecimal digits, blanks and colons between bytes allowed; complains. */
bool parse_bytes(const char *what, const char *text, uint8_t *buf, size_t size, size_t *ret_len);

/* "key value" pairs into an object; complains. */
bool parse_pairs(const struct cksnl_set *set, void *obj, uint64_t allowed, int argc, char **argv);

#endif
