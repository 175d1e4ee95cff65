// SPDX-License-Identifier: GPL-2.0-only
/*
 * Options: one table for the command line and for the configuration file, whose lines are the
 * same words without their dashes.
 */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct option_type {
	const char *name;
	const char *arg;	/* NULL: a switch */
	const char *help;
	bool (*set)(struct options *o, const char *value);
};

static bool copy(char *out, size_t size, const char *value)
{
	size_t len = strlen(value);

	if (!len || len >= size)
		return false;
	memcpy(out, value, len + 1);
	return true;
}

static bool number(const char *value, unsigned long min, unsigned long max, unsigned long *ret)
{
	char *end;

	if (*value < '0' || *value > '9')
		return false;
	errno = 0;
	*ret = strtoul(value, &end, 10);
	return !errno && !*end && *ret >= min && *ret <= max;
}

static bool set_transport(struct options *o, const char *value)
{
	return copy(o->transport, sizeof(o->transport), value);
}

static bool set_lanes(struct options *o, const char *value)
{
	return copy(o->lanes, sizeof(o->lanes), value);
}

static bool set_journal(struct options *o, const char *value)
{
	return copy(o->journal, sizeof(o->journal), value);
}

static bool set_application(struct options *o, const char *value)
{
	return copy(o->settings.application, sizeof(o->settings.application), value);
}

static bool set_parameters(struct options *o, const char *value)
{
	const struct cksnl_field *f = cksnl_field(&cksnl_session_set, "parameters");
	struct cksnl_session s = { .has = 0 };

	if (cksnl_field_parse(f, &s, value))
		return false;
	o->settings.parameters = s.parameters;
	return true;
}

static bool set_listen(struct options *o, const char *value)
{
	const char *colon = strrchr(value, ':');
	size_t len = colon ? (size_t)(colon - value) : strlen(value);
	unsigned long port = 0;

	/* [::1]:7816 for IPv6, as everywhere. */
	if (*value == '[') {
		if (!colon || len < 3 || value[len - 1] != ']')
			return false;
		value++;
		len -= 2;
	}
	if (!len || len >= sizeof(o->settings.address) ||
	    (colon && !number(colon + 1, 1, UINT16_MAX, &port)))
		return false;
	memcpy(o->settings.address, value, len);
	o->settings.address[len] = 0;
	o->settings.control_port = port;
	return true;
}

static bool set_channel_port(struct options *o, const char *value)
{
	unsigned long n;

	if (!number(value, 1, UINT16_MAX, &n))
		return false;
	o->settings.channel_port = n;
	return true;
}

static bool set_plaintext(struct options *o, const char *value)
{
	(void)value;
	o->settings.plaintext_ok = true;
	return true;
}

static bool set_deadline(struct options *o, const char *value)
{
	unsigned long n;

	if (!number(value, 1, 86400, &n))
		return false;
	o->settings.deadline_ms = n * 1000;
	return true;
}

static bool set_retries(struct options *o, const char *value)
{
	unsigned long n;

	if (!number(value, 0, 10, &n))
		return false;
	o->settings.retries = n;
	return true;
}

static bool set_max_failures(struct options *o, const char *value)
{
	unsigned long n;

	if (!number(value, 1, 1000000, &n))
		return false;
	o->settings.max_failures = n;
	return true;
}

static bool set_once(struct options *o, const char *value)
{
	(void)value;
	o->settings.once = true;
	return true;
}

static bool set_progress(struct options *o, const char *value)
{
	(void)value;
	o->progress = true;
	return true;
}

static bool set_summary(struct options *o, const char *value)
{
	return copy(o->summary, sizeof(o->summary), value);
}

static const struct option_type types[] = {
	{ "transport", "sim:SOCKET", "the machine that moves the cards", set_transport },
	{ "lanes", "FILE", "lines \"LANE COUPLER\", lanes from 0 on", set_lanes },
	{ "journal", "DIR", "where the journal and the identity are kept", set_journal },
	{ "application", "NAME", "what to ask the CAS for", set_application },
	{ "parameters", "HEX", "for the application, at most 1024 bytes", set_parameters },
	{ "listen", "ADDRESS[:PORT]", "where the CAS connects (127.0.0.1:7816)", set_listen },
	{ "channel-port", "PORT", "of coupler 0, the others follow (7820)", set_channel_port },
	{ "listen-without-encryption", NULL, "allow an address that is not loopback",
	  set_plaintext },
	{ "deadline", "SECONDS", "for a result; then the card is rejected (300)", set_deadline },
	{ "retries", "N", "more requests after failed contact or \"retry\" (1)", set_retries },
	{ "max-failures", "K", "stop a lane after K bad cards in a row (5)", set_max_failures },
	{ "once", NULL, "end when the feeder is empty", set_once },
	{ "progress", NULL, "show how far it is", set_progress },
	{ "json", "FILE", "write a summary at the end", set_summary },
};

#define TYPES	(sizeof(types) / sizeof(types[0]))

static void usage(FILE *out)
{
	fputs("Usage: stationd --transport sim:SOCKET --lanes FILE --journal DIR\n"
	      "                --application NAME [OPTIONS]\n\n"
	      "Control unit of a card station: feeds cards, asks the CAS for an application, and\n"
	      "sorts the cards by its results.\n\n", out);
	for (unsigned int i = 0; i < TYPES; i++) {
		char left[64];

		snprintf(left, sizeof(left), "--%s %s", types[i].name,
			 types[i].arg ? types[i].arg : "");
		fprintf(out, "  %-32s %s\n", left, types[i].help);
	}
	fputs("  --config FILE                    lines \"OPTION VALUE\" with the words above\n"
	      "  --help                           this text\n\n"
	      "SIGTERM and SIGINT: finish the cards in the lanes, then end; twice: end at once.\n"
	      "Exit status: 0 done, 1 something failed or a lane was stopped, 2 wrong usage.\n",
	      out);
}

/* @value NULL: none was given. Return: 0 or 2 after a message */
static int set(struct options *o, const char *name, const char *value)
{
	for (unsigned int i = 0; i < TYPES; i++) {
		if (strcmp(types[i].name, name))
			continue;
		if (!value != !types[i].arg) {
			report("%s %s", name, value ? "takes no value" : "needs a value");
			return 2;
		}
		if (!types[i].set(o, value)) {
			report("\"%s\" is not a valid value of %s", value, name);
			return 2;
		}
		return 0;
	}
	report("unknown option %s; see --help", name);
	return 2;
}

static int read_config(struct options *o, const char *path)
{
	char line[PATH_MAX + 64];
	FILE *in = fopen(path, "re");
	unsigned int n = 0;
	int rc = 0;

	if (!in) {
		report("%s: %s", path, strerror(errno));
		return 2;
	}
	while (!rc && fgets(line, sizeof(line), in)) {
		char *name, *value, *end = line + strlen(line);

		n++;
		while (end > line && strchr(" \t\r\n", end[-1]))
			*--end = 0;
		name = line + strspn(line, " \t");
		if (!*name || *name == '#')
			continue;
		value = name + strcspn(name, " \t");
		if (*value) {
			*value++ = 0;
			value += strspn(value, " \t");
		} else {
			value = NULL;
		}
		rc = set(o, name, value);
		if (rc)
			report("%s: line %u", path, n);
	}
	if (!rc && ferror(in)) {
		report("%s: cannot be read", path);
		rc = 2;
	}
	fclose(in);
	return rc;
}

static bool takes_value(const char *name)
{
	if (!strcmp(name, "config"))
		return true;
	for (unsigned int i = 0; i < TYPES; i++)
		if (!strcmp(types[i].name, name))
			return types[i].arg;
	return false;
}

static int missing(const struct options *o)
{
	static const char *const needed[] = { "transport", "lanes", "journal", "application" };
	const char *const values[] = {
		o->transport, o->lanes, o->journal, o->settings.application,
	};

	for (unsigned int i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (!*values[i]) {
			report("--%s is needed; see --help", needed[i]);
			return 2;
		}
	}
	return -1;
}

int options_parse(struct options *o, int argc, char **argv)
{
	memset(o, 0, sizeof(*o));
	o->settings.deadline_ms = 300000;
	o->settings.retries = 1;
	o->settings.max_failures = 5;

	for (int i = 1; i < argc; i++) {
		char name[32], *value;
		size_t len;
		int rc;

		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			usage(stdout);
			return 0;
		}
		value = strchr(argv[i], '=');
		len = value ? (size_t)(value - argv[i]) : strlen(argv[i]);
		if (strncmp(argv[i], "--", 2) || len - 2 >= sizeof(name)) {
			report("unknown argument %s; see --help", argv[i]);
			return 2;
		}
		snprintf(name, sizeof(name), "%.*s", (int)len - 2, argv[i] + 2);
		if (value)
			value++;
		else if (takes_value(name) && i + 1 < argc)
			value = argv[++i];
		if (strcmp(name, "config")) {
			rc = set(o, name, value);
		} else if (value) {
			rc = read_config(o, value);
		} else {
			report("config needs a value");
			rc = 2;
		}
		if (rc)
			return rc;
	}
	return missing(o);
}

int options_read_lanes(const char *path, uint32_t ret_coupler[static LANES_MAX],
		       unsigned int *ret_n)
{
	FILE *in = fopen(path, "re");
	bool seen[LANES_MAX] = { false };
	unsigned int n = 0, line = 0;
	char text[64];

	if (!in) {
		report("%s: %s", path, strerror(errno));
		return -1;
	}
	while (fgets(text, sizeof(text), in)) {
		char *save, *lane = strtok_r(text, " \t\n", &save);
		char *coupler = strtok_r(NULL, " \t\n", &save);
		unsigned long l, c;

		line++;
		if (!lane || *lane == '#')
			continue;
		if (!coupler || strtok_r(NULL, " \t\n", &save) ||
		    !number(lane, 0, LANES_MAX - 1, &l) || !number(coupler, 0, UINT32_MAX, &c) ||
		    seen[l]) {
			report("%s: line %u is not \"LANE COUPLER\", or names a lane again", path,
			       line);
			fclose(in);
			return -1;
		}
		seen[l] = true;
		ret_coupler[l] = c;
		n++;
	}
	fclose(in);
	for (unsigned int i = 0; i < n; i++) {
		if (!seen[i]) {
			report("%s: lane %u is missing", path, i);
			return -1;
		}
	}
	if (!n) {
		report("%s: names no lane", path);
		return -1;
	}
	*ret_n = n;
	return 0;
}
