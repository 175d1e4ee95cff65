/* SPDX-License-Identifier: GPL-2.0-only */
/* The station's side of docs/protocol.md for tests of the CAS, with a simulated card behind it. */
#ifndef TESTS_FAKE_STATION_H
#define TESTS_FAKE_STATION_H

#include <stdbool.h>
#include <stdint.h>

#include "gpcard.h"
#include "libframe/frame.h"

/**
 * struct message - one frame from the CAS
 * @f: parsed; its fields point into @body
 * @body: storage
 */
struct message {
	struct ck_frame f;
	uint8_t body[CK_BATCH_MAX];
};

/**
 * struct fake_station - a station
 * @control_listen: socket
 * @channel_listen: socket
 * @control_port: of the first
 * @channel_port: of the second
 * @control: connection, -1 for none
 * @channel: connection, -1 for none
 * @uuid: in HELLO
 * @boot_id: in HELLO
 * @journal_epoch: in HELLO
 * @last_disposition: in HELLO
 * @has_result: request that is not disposed of and has a result, 0 for none
 * @no_inventory: station_hello() does not send it
 * @commands: that the card carried out in the last session
 * @last_number: of the last command
 * @mute_after: the card falls silent at this command; 0 never
 * @cut_after: break the channel after so many commands, before the response; 0 never
 * @batches: frames with several commands in the last session
 * @hang_at: this command is not answered, but cancelled; 0 never
 * @cancelled: CANCEL came
 * @entry: what is entered at a prompt; NULL refuses
 * @prompts: that were shown
 * @prompt_kind: of the last one
 * @prompt_text: same
 * @other: plays the card in place of gp_card_command(), if it is not NULL
 * @other_card: for it
 */
struct fake_station {
	int control_listen;
	int channel_listen;
	uint16_t control_port;
	uint16_t channel_port;
	int control;
	int channel;
	uint8_t uuid[16];
	uint8_t boot_id[16];
	uint64_t journal_epoch;
	uint64_t last_disposition;
	uint64_t has_result;
	bool no_inventory;
	unsigned int commands;
	uint32_t last_number;
	unsigned int mute_after;
	unsigned int cut_after;
	unsigned int batches;
	unsigned int hang_at;
	bool cancelled;
	const char *entry;
	unsigned int prompts;
	uint8_t prompt_kind;
	char prompt_text[128];
	size_t (*other)(void *card, const uint8_t *apdu, size_t len, uint8_t *rsp);
	void *other_card;
};

/* All fail the test by assertion if the CAS does something else or nothing for 20 s. */
void station_start(struct fake_station *st);
void station_stop(struct fake_station *st);

/* station_accept() - take the CAS's connection */
void station_accept(struct fake_station *st);

/*
 * station_hello() - take the CAS's connection and exchange HELLO; returns its lease epoch
 *
 * The CAS's order for an inventory is answered, unless @no_inventory says that the test will.
 */
uint64_t station_hello(struct fake_station *st);

/* station_say_hello(), station_await_hello() - the one, then the other */
void station_say_hello(struct fake_station *st);
uint64_t station_await_hello(struct fake_station *st);

/* station_inventory() - INVENTORY: @has_result, or nothing */
void station_inventory(struct fake_station *st);

/* station_request() - REQUEST for a card in coupler 2, presence_gen 7 */
void station_request(struct fake_station *st, uint64_t number, const char *application,
		     bool repeat);

/* station_open() - the CAS opens the request's channel */
void station_open(struct fake_station *st, uint64_t number);

/* station_step() - one frame of the channel: a command for the card; false: CLOSE, it is closed */
bool station_step(struct fake_station *st, uint64_t number, struct gp_card *card);

/* station_break() - the channel breaks and is opened again; @first: command without a response */
void station_break(struct fake_station *st, uint64_t number, uint32_t first);

/* station_serve() - the channel: pass commands to the card until CLOSE */
void station_serve(struct fake_station *st, uint64_t number, struct gp_card *card);

/* station_result() - the RESULT of a request; acknowledged */
void station_result(struct fake_station *st, uint64_t number, struct message *m);

/* station_dispose() - DISPOSED, until DISPOSED_ACK */
void station_dispose(struct fake_station *st, uint64_t disposition, uint64_t number,
		     uint64_t result_id, enum ck_disposition what);

/* station_read() - the next frame on a connection; false if it was closed */
bool station_read(int fd, struct message *m);

/* station_read_any() - the same; a PING too, which station_read() passes over */
bool station_read_any(int fd, struct message *m);

void station_write(int fd, struct ck_builder *b);

#endif
