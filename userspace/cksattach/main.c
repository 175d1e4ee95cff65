// SPDX-License-Identifier: GPL-2.0-only
/*
 * cksattach: makes a coupler of a tty and holds it, in the manner of slattach and ldattach.
 *
 * The coupler lasts as long as this program holds the tty open, and its end is in order: on SIGTERM
 * the card is switched off, and the tty is as it was.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "libcksnl/cksnl.h"
#include "port.h"

enum status {
	STATUS_OK = 0,
	STATUS_FAILURE = 1,
	STATUS_USAGE = 2,
};

#define ANSWER_MS	30000

#define SETTINGS (CKSNL_HAS(CKS_A_COUPLER_CLK_HZ) | CKSNL_HAS(CKS_A_COUPLER_UART_CLK) | \
	CKSNL_HAS(CKS_A_COUPLER_RST_LINE) | CKSNL_HAS(CKS_A_COUPLER_RST_INVERT) | \
	CKSNL_HAS(CKS_A_COUPLER_POWER_LINE) | CKSNL_HAS(CKS_A_COUPLER_POWER_INVERT) | \
	CKSNL_HAS(CKS_A_COUPLER_DETECT_LINE) | CKSNL_HAS(CKS_A_COUPLER_DETECT_INVERT) | \
	CKSNL_HAS(CKS_A_COUPLER_ECHO) | CKSNL_HAS(CKS_A_COUPLER_POLICY) | \
	CKSNL_HAS(CKS_A_COUPLER_PROTOCOL_WANTED) | CKSNL_HAS(CKS_A_COUPLER_NO_PPS) | \
	CKSNL_HAS(CKS_A_COUPLER_IFSD))

struct options {
	const char *tty;
	bool json;
	bool detach;
	bool iso7816;
	struct cksnl_coupler wiring;	/* @has: what was given */
};

__attribute__((format(printf, 1, 2))) static void complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("cksattach: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

static void usage(FILE *out)
{
	fputs("Usage: cksattach [OPTIONS] TTY [KEY VALUE]...\n\n"
	      "Makes a coupler of a tty and holds it until SIGTERM or SIGINT.\n\n"
	      "  --detach    go into the background once the coupler is there\n"
	      "  --iso7816   use the UART's own ISO 7816 mode\n"
	      "  --json      write JSON\n"
	      "  --help      this text\n\n"
	      "KEY VALUE is how the coupler is wired, as for \"cksctl set\":\n ", out);
	for (unsigned int i = 0; i < cksnl_coupler_set.nfields; i++)
		if (SETTINGS & CKSNL_HAS(cksnl_coupler_set.fields[i].attr))
			fprintf(out, " %s", cksnl_coupler_set.fields[i].name);
	fputs("\nWithout any, it has no card until \"cksctl set\" has told its wiring.\n\n"
	      "Exit status: 0 done, 1 failed or the tty is gone, 2 wrong usage.\n", out);
}

/* ---------------------------------------------------------------------------- the options */

static bool parse_setting(struct options *o, const char *key, const char *value)
{
	const struct cksnl_field *f = cksnl_field(&cksnl_coupler_set, key);

	if (!f || !(SETTINGS & CKSNL_HAS(f->attr))) {
		complain("\"%s\" is no setting; see --help", key);
		return false;
	}
	if (!value) {
		complain("\"%s\" needs a value", key);
		return false;
	}
	if (cksnl_field_parse(f, &o->wiring, value)) {
		complain("\"%s\" is no value of %s", value, key);
		return false;
	}
	return true;
}

/* -1: go on, else the exit status. */
static int parse(struct options *o, int argc, char **argv)
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			usage(stdout);
			return STATUS_OK;
		} else if (!strcmp(argv[i], "--json")) {
			o->json = true;
		} else if (!strcmp(argv[i], "--detach")) {
			o->detach = true;
		} else if (!strcmp(argv[i], "--iso7816")) {
			o->iso7816 = true;
		} else {
			complain("unknown option %s; see --help", argv[i]);
			return STATUS_USAGE;
		}
	}
	if (i == argc) {
		usage(stderr);
		return STATUS_USAGE;
	}
	o->tty = argv[i++];
	for (; i < argc; i += 2)
		if (!parse_setting(o, argv[i], argv[i + 1]))
			return STATUS_USAGE;
	if (o->iso7816 && !(o->wiring.has & CKSNL_HAS(CKS_A_COUPLER_CLK_HZ))) {
		complain("--iso7816 needs clk-hz, which the UART is to make");
		return STATUS_USAGE;
	}
	return -1;
}

/* In that mode the UART keeps own characters to itself, and has one rate. */
static void imply(struct options *o)
{
	if (!(o->wiring.has & CKSNL_HAS(CKS_A_COUPLER_ECHO)))
		o->wiring.echo = 0;
	if (!(o->wiring.has & CKSNL_HAS(CKS_A_COUPLER_NO_PPS)))
		o->wiring.no_pps = 1;
	o->wiring.has |= CKSNL_HAS(CKS_A_COUPLER_ECHO) | CKSNL_HAS(CKS_A_COUPLER_NO_PPS);
}

/* ---------------------------------------------------------------------------- attaching */

static bool print(const struct options *o, const struct cksnl_coupler *c)
{
	char device[64];
	cJSON *json;
	char *text;
	bool good;

	snprintf(device, sizeof(device), "/dev/cks/coupler%u", c->index);
	if (!o->json) {
		printf("%s is coupler %u (%s), %s\n", o->tty, c->index, c->name, device);
		return !fflush(stdout);
	}
	json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "tty", o->tty);
	cJSON_AddNumberToObject(json, "coupler", c->index);
	cJSON_AddStringToObject(json, "name", c->name);
	cJSON_AddStringToObject(json, "device", device);
	text = cJSON_PrintUnformatted(json);
	good = text && puts(text) >= 0 && !fflush(stdout);
	cJSON_free(text);
	cJSON_Delete(json);
	return good;
}

/* Tells the kernel the wiring, and the user the coupler. */
static bool introduce(struct options *o, uint32_t index)
{
	struct cksnl_coupler c;
	struct cksnl *nl;
	char why[256];
	bool good = false;

	if (cksnl_open(&nl, ANSWER_MS, why, sizeof(why))) {
		complain("%s", why);
		return false;
	}
	if (o->wiring.has) {
		o->wiring.index = index;
		o->wiring.has |= CKSNL_HAS(CKS_A_COUPLER_INDEX);
		if (cksnl_coupler_change(nl, &o->wiring)) {
			complain("%s: %s", o->tty, cksnl_error(nl));
			goto out;
		}
	}
	if (cksnl_coupler_get(nl, index, &c)) {
		complain("%s: %s", o->tty, cksnl_error(nl));
		goto out;
	}
	good = print(o, &c);
	if (!good)
		complain("cannot write the output");
out:
	cksnl_close(nl);
	return good;
}

static bool attach(struct options *o, struct port *port)
{
	uint32_t index;
	char why[128];

	if (o->iso7816) {
		if (!port_iso7816(port, o->wiring.clk_hz)) {
			complain("%s: no ISO 7816 mode: %s", o->tty, strerror(errno));
			return false;
		}
		imply(o);
	}
	port_hurry(port);
	if (!port_attach(port, &index, why, sizeof(why))) {
		complain("%s: %s", o->tty, why);
		return false;
	}
	return introduce(o, index);
}

/* ------------------------------------------------------------------------------- holding */

static void ignore(const struct cksnl_event *event, void *arg)
{
	(void)event;
	(void)arg;
}

/* The parent ends without giving anything back: the child holds the same open tty. */
static bool background(void)
{
	int null;

	switch (fork()) {
	case -1:
		complain("cannot go into the background: %s", strerror(errno));
		return false;
	case 0:
		break;
	default:
		_exit(STATUS_OK);
	}
	setsid();
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || chdir("/") || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		return false;
	close(null);
	return true;
}

/* Until a signal comes, or the tty is a coupler no more: an event of a coupler may tell that. */
static enum status hold(const struct options *o, struct port *port, int signals)
{
	struct cksnl_events *events;
	int err = cksnl_events_open(&events, CKSNL_GROUP_CARD);
	struct pollfd fds[] = {
		{ .fd = port_fd(port), .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
		{ .fd = err ? -1 : cksnl_events_fd(events), .events = POLLIN },
	};
	enum status status = STATUS_FAILURE;

	if (err) {
		complain("cannot follow the couplers: %s", strerror(-err));
		return STATUS_FAILURE;
	}
	while (port_attached(port)) {
		if (poll(fds, 3, -1) < 0 && errno != EINTR) {
			complain("cannot wait: %s", strerror(errno));
			goto out;
		}
		if (fds[1].revents) {
			status = STATUS_OK;
			goto out;
		}
		if (fds[2].revents)
			cksnl_events_read(events, ignore, NULL);
	}
	complain("%s: gone, or taken by another program", o->tty);
out:
	cksnl_events_close(events);
	return status;
}

int main(int argc, char **argv)
{
	struct options o = { .tty = NULL };
	enum status status = STATUS_FAILURE;
	struct port *port;
	sigset_t set;
	char why[128];
	int signals, rc;

	rc = parse(&o, argc, argv);
	if (rc >= 0)
		return rc;

	/* From here on a signal waits until the tty can be given back. */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0) {
		complain("cannot take signals: %s", strerror(errno));
		return STATUS_FAILURE;
	}

	port = port_open(o.tty, why, sizeof(why));
	if (!port) {
		complain("%s: %s", o.tty, why);
		return STATUS_FAILURE;
	}
	if (attach(&o, port) && (!o.detach || background()))
		status = hold(&o, port, signals);
	port_close(port);
	return status;
}
