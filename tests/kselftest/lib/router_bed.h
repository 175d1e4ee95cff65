/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bed of the router's tests: modules, one simulated card, the netlink side, and a CAS that
 * does one thing at a time. A helper that does not get what it expects fails the test.
 */
#ifndef KSELFTEST_ROUTER_BED_H
#define KSELFTEST_ROUTER_BED_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cks_client.h"
#include "libcksnl/cksnl.h"
#include "modules.h"
#include "simcard.h"

#define CONTROL_PORT	7816
#define CHANNEL_PORT	7820
#define EPOCH		0x1122334455667788ULL

/* Types, fields and codes as the page numbers them. */
enum { HELLO = 0x01, PING, PONG, REQUEST = 0x10, RESULT, RESULT_ACK, DISPOSED, DISPOSED_ACK,
	ENDED, RECHANNEL, ORDER, ORDER_ACK, INVENTORY, PROMPT, ENTRY, OPEN = 0x20, OPENED, COMMAND,
	RESPONSE, RESET, ATR, CLOSE, CLOSED, PROGRESS, CANCEL, BATCH, BATCHED, LINK = 0x30, CARRY,
	CREDIT, UNLINK, ERROR = 0x7f };
enum { NAME = 0x01, STATION, BOOT_ID, LEASE_EPOCH, JOURNAL_EPOCH, LAST_DISPOSITION, COUPLER,
	PRESENCE_GEN, POWER_GEN, COUPLERS, F_REQUEST = 0x10, APPLICATION, PARAMETERS,
	CARD_REFERENCE, F_ATR, PROTOCOL, PORT, TOKEN, REPEAT, CARD_PROTOCOL, ENCRYPTION,
	RESULT_ID = 0x20, VERDICT, BIN, INFORMATION, REASON, NUMBER = 0x30, DISPOSITION, EVIDENCE,
	CODE = 0x40, DATA = 0x50, TIMEOUT, MODE, F_RESET, STATUS, RESUME_FROM, OUTCOME, COMMANDS,
	F_STREAM, EXECUTED, STOP, RESPONSES, EXTENSIONS, F_ORDER = 0x60, F_INVENTORY,
	MORE, F_PROMPT, KIND, TEXT, ANSWER, F_ENTRY, CARRIED = 0x70, F_CREDIT };
enum { MALFORMED = 1, VERSION, STATE, LEASE, UNKNOWN_TOKEN, LIMIT, TIMED_OUT, OPERATOR };

/* One station with one card; @f is the frame that came last, @out the one being sent. */
struct bed {
	int bench;
	struct simcard *card;
	unsigned int coupler;
	struct cksnl *nl;
	uint8_t boot_id[16];
	int control;
	int channel;
	uint64_t request;
	uint32_t presence_gen;
	uint16_t port;
	uint8_t token[16];
	struct client_frame f;
	struct client_frame out;
};

/* The commands of a batch. */
struct batch_list {
	uint8_t p[4096];
	uint32_t len;
};

extern const uint8_t uuid[16];

void expect(struct bed *b, int fd, uint8_t type);
void expect_closed(struct bed *b, int fd);
void expect_error(struct bed *b, int fd, unsigned int code);
void put(struct bed *b, int fd);
int connect_to(uint16_t port);
void send_hello(struct bed *b, int fd, const char *name, uint64_t lease);
void cas_connect(struct bed *b);
void cas_disconnect(struct bed *b);
void ping(struct bed *b, uint32_t number);
struct cksnl_station station(struct bed *b);
struct cksnl_coupler coupler(struct bed *b);
void wait_coupler(struct bed *b, uint32_t state);
struct cksnl_session session(struct bed *b);
struct cksnl_session wait_session(struct bed *b, uint32_t state);
void wait_connected(struct bed *b, uint32_t state);
int try_request(struct bed *b, uint32_t presence_gen);
void new_request(struct bed *b);
void take_request(struct bed *b);
void send_open(struct bed *b, int fd, const uint8_t *token, int64_t resume_from);
void open_channel(struct bed *b, int64_t resume_from);
void close_channel(struct bed *b);
void begin_session(struct bed *b);
void send_command(struct bed *b, uint32_t number, const uint8_t *apdu, uint32_t len,
		  uint32_t timeout);
/* One more command; @sw and @mask as the one accepted status word, or mask 0 for any. */
void batch_add(struct batch_list *l, const uint8_t *apdu, uint8_t len, uint16_t sw, uint16_t mask);
void send_batch(struct bed *b, uint32_t n, const struct batch_list *l, bool stream);
void expect_batched(struct bed *b, uint32_t n, uint32_t executed, uint8_t stop);
void expect_response(struct bed *b, uint32_t number, unsigned int status);
void expect_data(struct bed *b, uint32_t number, const uint8_t *data, uint32_t len);
void send_result(struct bed *b, uint64_t id, uint8_t verdict);
int dispose(struct bed *b, uint64_t number, uint32_t disposition, uint64_t result_id);
void expect_disposed(struct bed *b, uint64_t number, uint32_t disposition);
void ack_disposed(struct bed *b, uint64_t number);
void insert(struct bed *b);
int listen_at(struct bed *b, const char *address, bool plaintext_ok);
int bed_make_in(void **state, struct cks_sim_slot *slot, const uint8_t *atr, size_t len);
int bed_make(void **state, const uint8_t *atr, size_t len);
int teardown(void **state);
void shutdown_and_wait(struct bed *b, int fd);
void rechannel(struct bed *b);
void wait_commands(struct bed *b, unsigned int n);

#endif
