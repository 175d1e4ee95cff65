/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records, cards, requests and the hash-chained ledger of the CAS.
 *
 * A record goes FREE -> INTENT -> ISSUED -> DELIVERED, or back to FREE, or VOID, or DOUBT, as
 * docs/ledger.md says. Every function that changes something commits before it returns, with
 * its ledger entry in the same transaction; if it does not return LEDGER_OK, nothing changed.
 * Calls block for the time of a commit. One thread per struct ledger.
 */
#ifndef LIBLEDGER_LEDGER_H
#define LIBLEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define LEDGER_REASON_MAX 128
#define LEDGER_NODE 64
#define LEDGER_EVIDENCE_MAX 128
#define LEDGER_INFORMATION_MAX 1024
#define LEDGER_WRAPPED 24
#define LEDGER_PAYLOAD_MAX 2048
#define LEDGER_SECRETS_MAX (16 + 12 + 12 + 3 * LEDGER_WRAPPED + LEDGER_PAYLOAD_MAX)
#define LEDGER_SEAL 28		/* so much longer is what is sealed */

struct ledger;

enum ledger_status {
	LEDGER_OK,
	LEDGER_REFUSED,		/* the rule of the hand-over says no: ledger_error() says which */
	LEDGER_GAP,		/* dispositions are missing, or are not those committed here */
	LEDGER_LEASED,		/* another daemon serves the station, or the lease has run out */
	LEDGER_FAILED,		/* the database could not do it */
};

/*
 * ledger_open() - open or create a database
 * @path: a file of SQLite, or where a PostgreSQL server is: postgresql://..., host=..., service=...
 * @readonly: for programs that only show it; it must exist
 *
 * SQLite: WAL with synchronous=FULL. A server that may lose what it committed is refused. Return:
 * NULL with the reason in @error.
 */
struct ledger *ledger_open(const char *path, bool readonly, char *error, size_t len);

/* ledger_is_server() - whether that is a server, and no file */
bool ledger_is_server(const char *where);

void ledger_close(struct ledger *l);
const char *ledger_error(const struct ledger *l);

/*
 * ledger_witness() - compare the database with its witness, and keep that from now on
 * @path: file of the witness, best on another disk; made if it is not there. Or where a PostgreSQL
 *	server is, best another one: several daemons have one witness there, and need it
 *
 * Every claim is noted in the witness after its commit and before any field of the record can be
 * read. LEDGER_REFUSED if the database lacks the entry that the witness names: it is an old copy,
 * and takes records for free that were given out.
 */
enum ledger_status ledger_witness(struct ledger *l, const char *path);

/* ---- the CAS and its stations ---- */

/*
 * ledger_name() - who this is, instead of casctl: its entries are in a chain of this name, if
 * several can share the database
 */
enum ledger_status ledger_name(struct ledger *l, const char *node);

/*
 * ledger_start() - a CAS process takes over what an earlier one of its name had
 * @seconds: for how long it has a station after it said so last
 * @epoch: receives a lease epoch that is higher than all before
 *
 * Requests that were open belong to a process that is gone, and have ended: nobody knows how far
 * their cards came.
 */
enum ledger_status ledger_start(struct ledger *l, unsigned int seconds, uint64_t *epoch);

/*
 * ledger_lease() - have a station, or have it for longer
 * @epoch: receives the epoch of the lease: higher than all before if it is a new one. Requests that
 *	are open have ended then
 *
 * All that is done for a station needs its lease: requests, claims, results, dispositions. They
 * return LEDGER_LEASED without. Return: LEDGER_LEASED while another daemon has it.
 */
enum ledger_status ledger_lease(struct ledger *l, const uint8_t station[16], uint64_t *epoch);

/*
 * ledger_renew() - have all stations for longer that this process has
 * @held: receives how many these are; leases that have run out are gone
 */
enum ledger_status ledger_renew(struct ledger *l, unsigned int *held);

/* ledger_let_go() - any daemon may have the station; NULL: all of this process */
enum ledger_status ledger_let_go(struct ledger *l, const uint8_t *station);

/*
 * ledger_hello() - what a station said of itself
 * @doubted: receives how many of its ISSUED records became DOUBT since its journal is new
 *
 * Refused if the station's journal ends before what was committed here: it was cut back.
 */
enum ledger_status ledger_hello(struct ledger *l, const uint8_t station[16],
				const uint8_t boot_id[16], uint64_t journal_epoch,
				uint64_t last_disposition, unsigned int *doubted);

/*
 * ledger_caught_up() - whether all dispositions are committed that the station told in its hello
 *
 * Return: LEDGER_GAP until they have come. A database that was restored from a copy knows less than
 * its stations, and takes records for free that are on cards: no session may start before.
 */
enum ledger_status ledger_caught_up(struct ledger *l, const uint8_t station[16],
				    uint64_t journal_epoch, uint64_t last_disposition);

/*
 * ledger_adopt() - a station that worked for another database before: its journal goes on here
 * @station: uuid, 32 digits
 * @journal_epoch: 16 digits
 * @number: of the last disposition that the other one committed
 * @lease_epoch: highest that the station saw; the next start here has a higher one
 *
 * Refused if a disposition of that journal is known here.
 */
enum ledger_status ledger_adopt(struct ledger *l, const char *station, const char *journal_epoch,
				uint64_t number, uint64_t lease_epoch);

/* ---- requests ---- */

/**
 * struct ledger_request - a REQUEST and what was decided of it
 * @id: within the database; it is the result id as well
 * @station: uuid
 * @boot_id: of the station
 * @number: within @boot_id
 * @coupler: at the station
 * @presence_gen: when it was asked
 * @application: name
 * @reference: outer reference of the card, "" if none
 * @encryption: overlay between station and CAS, "" for "none"
 * @atr: of the card
 * @atr_len: bytes at @atr
 * @decided: the fields below are valid
 * @verdict: as in RESULT
 * @bin: where the card is to go
 * @has_bin: @bin was given
 * @information: for further processing
 * @information_len: bytes at @information
 * @reason: for the operator
 */
struct ledger_request {
	int64_t id;
	uint8_t station[16];
	uint8_t boot_id[16];
	uint64_t number;
	uint32_t coupler;
	uint32_t presence_gen;
	char application[64];
	char reference[64];
	char encryption[16];
	uint8_t atr[33];
	size_t atr_len;
	bool decided;
	uint8_t verdict;
	bool has_bin;
	uint32_t bin;
	uint8_t information[LEDGER_INFORMATION_MAX];
	size_t information_len;
	char reason[LEDGER_REASON_MAX];
};

/*
 * ledger_request_open() - record a request, or find what became of it
 * @known: receives whether it was there already; @r is then filled with what is known
 */
enum ledger_status ledger_request_open(struct ledger *l, struct ledger_request *r, bool *known);

/* ledger_request_find() - by boot_id and number; LEDGER_REFUSED if it is not there */
enum ledger_status ledger_request_find(struct ledger *l, const uint8_t boot_id[16],
				       uint64_t number, struct ledger_request *r);

/*
 * ledger_decide() - the result of a request that issues no record: any verdict
 *
 * A good verdict with a claimed record is refused: ledger_issue() is for that.
 */
enum ledger_status ledger_decide(struct ledger *l, const struct ledger_request *r);

/* ledger_ended() - the station ended the request's session; no result any more */
enum ledger_status ledger_ended(struct ledger *l, int64_t request, const char *reason);

/* ---- records ---- */

/**
 * struct ledger_record - a claimed record; to be kept in locked memory and wiped
 * @id: within the database
 * @attempt: how often it was claimed
 * @retries: how often the same card may be tried again with it
 * @order: name
 * @key: name of the order's key
 * @iccid: decimal
 * @kvn: key version of the key set
 * @sealed: the rest, under the order's key, bound to @iccid
 * @sealed_len: bytes at @sealed
 * @imsi: decimal; this and what follows is there after ledger_record_unpack()
 * @pin1: digits
 * @puk1: digits
 * @keys: ENC, MAC, DEK under the transport key
 * @payload: DGIs
 * @payload_len: bytes at @payload
 * @bound: when it is imported: what it is chosen by, "" for nothing
 */
struct ledger_record {
	int64_t id;
	int64_t attempt;
	unsigned int retries;
	char order[64];
	char key[64];
	char iccid[24];
	uint8_t kvn;
	uint8_t sealed[LEDGER_SECRETS_MAX + LEDGER_SEAL];
	size_t sealed_len;
	char imsi[16];
	char pin1[12];
	char puk1[12];
	uint8_t keys[3][LEDGER_WRAPPED];
	uint8_t payload[LEDGER_PAYLOAD_MAX];
	size_t payload_len;
	char bound[72];
};

/*
 * ledger_record_pack() - the secrets of a record in a row, as they are sealed
 *
 * Return: bytes at @out.
 */
size_t ledger_record_pack(const struct ledger_record *record, uint8_t out[LEDGER_SECRETS_MAX]);

/* ledger_record_unpack() - take them from where they were unsealed; false if they are none */
bool ledger_record_unpack(struct ledger_record *record, const uint8_t *secrets, size_t len);

/**
 * struct ledger_master - key that the keys which the card showed come from
 * @name: in the token
 * @is_public: everybody has it: the card gets records of test orders alone
 */
struct ledger_master {
	const char *name;
	bool is_public;
};

/*
 * ledger_claim() - durable point 1: a free record is meant for this card
 * @order: name, or NULL for any
 * @master: what the card showed, or NULL: nothing
 * @card: identity of the card, text
 *
 * Refused: the card is good, spoiled or open elsewhere; no free record, or none that its order
 * permits here; the request is over. A record that is bound to the card or its reference comes
 * first. A card that was told to be tried again gets the record it had. Its secrets are still
 * sealed.
 */
enum ledger_status ledger_claim(struct ledger *l, int64_t request, const char *order,
				const struct ledger_master *master, const char *card,
				struct ledger_record *record);

/*
 * ledger_issue() - durable point 2: the record is on the card, and the result is good
 * @r: the request with the result's fields
 * @evidence: what proves that the card took it
 *
 * Compares state and attempt and sets them in one step: refused if the record was taken away.
 */
enum ledger_status ledger_issue(struct ledger *l, const struct ledger_request *r,
				const struct ledger_record *record, const char *evidence);

/**
 * struct ledger_disposition - what physically became of a card
 * @station: uuid
 * @journal_epoch: of the station's journal
 * @number: without gaps within @journal_epoch
 * @boot_id: of the request
 * @request: its number
 * @coupler: of the request
 * @presence_gen: of the request
 * @result_id: that the station acted on, 0 for none
 * @disposition: as in DISPOSED
 * @evidence: what the sensors said
 */
struct ledger_disposition {
	uint8_t station[16];
	uint64_t journal_epoch;
	uint64_t number;
	uint8_t boot_id[16];
	uint64_t request;
	uint32_t coupler;
	uint32_t presence_gen;
	uint64_t result_id;
	uint8_t disposition;
	char evidence[LEDGER_EVIDENCE_MAX];
};

/* ledger_dispose() - durable point 4; LEDGER_OK as well if it was committed before */
enum ledger_status ledger_dispose(struct ledger *l, const struct ledger_disposition *d);

/*
 * ledger_release() - take an INTENT back whose card does not come again
 * @state: receives the record's new state, as its order says
 *
 * The card is spoiled from then on. Refused if the record is not in INTENT, or if the session that
 * claimed it is open; one that opens in between loses by the compare-and-set of ledger_issue().
 */
enum ledger_status ledger_release(struct ledger *l, const char *iccid, char state[8]);

/* ---- orders ---- */

/**
 * struct order_problem - one thing that is wrong with a file
 * @line: from 1
 * @column: its name, or "" if the line as a whole is meant
 * @text: what is wrong; never the value
 */
struct order_problem {
	unsigned int line;
	char column[24];
	char text[96];
};

#define ORDER_PROBLEMS_MAX 20

/**
 * struct order_report - outcome of an import
 * @rows: imported, 0 if there was a problem
 * @problems: what was found
 * @count: of them
 */
struct order_report {
	unsigned int rows;
	struct order_problem problems[ORDER_PROBLEMS_MAX];
	unsigned int count;
};

/**
 * struct order_seal - what encrypts the secrets of an order; not this library's business
 * @key: name of the order's key, for those who unseal
 * @seal: seal a record's secrets with its ICCID; LEDGER_SEAL bytes more at @out than at @data
 * @unseal: what the bureau sealed with @with; LEDGER_SEAL bytes less at @out
 * @error: why one of them returned false, for the operator
 * @arg: for both
 */
struct order_seal {
	const char *key;
	bool (*seal)(void *arg, const char *iccid, const uint8_t *data, size_t len, uint8_t *out);
	bool (*unseal)(void *arg, const char *with, const uint8_t *sealed, size_t len,
		       uint8_t *out);
	const char *(*error)(void *arg);
	void *arg;
};

#define ORDER_RETRIES 2		/* unless the order says something else */
#define ORDER_RETRIES_MAX 9
#define ORDER_NO_RETRY 100
#define ORDER_KEY_MAX 64

#define ORDER_PROGRESS 1024

struct mapping;

/* By what the record of a card is chosen. */
enum order_choice {
	ORDER_NEXT,		/* the next free one */
	ORDER_BY_CHIP,		/* the card's KDD: column chip */
	ORDER_BY_REFERENCE,	/* the card body's outer reference: column reference */
};

/**
 * struct order_limits - what an order permits
 * @stations: their uuids, 32 hexadecimal digits, with commas; NULL: all
 * @initial_key: master key that cards must come with, NULL: any
 * @cards: how many may get a record of it in all, wasted ones too; 0: any number
 * @cards_per_day: the same for a day (UTC)
 * @stop_after: failures in a row that hold it, 0: none do
 * @retries: how often a card that fell silent is tried again; 0: ORDER_RETRIES
 * @encrypted: channels of stations must be encrypted
 * @choose: by what a record is chosen
 */
struct order_limits {
	const char *stations;
	const char *initial_key;
	unsigned int cards;
	unsigned int cards_per_day;
	unsigned int stop_after;
	unsigned int retries;
	bool encrypted;
	enum order_choice choose;
};

/**
 * struct order_import - how an order is to be imported
 * @order: its name
 * @free_spoiled: records of spoiled cards become free again; else they are void
 * @test: a test order: secrets may come in clear, and cards may have keys that everybody has
 * @by: who imports it, for another one to release it; NULL: it is released at once
 * @seal: for its secrets
 * @limits: what it permits
 * @mapping: of the file's columns, NULL: they have the names of docs/ledger.md
 * @progress: called each ORDER_PROGRESS rows with their number, or NULL
 */
struct order_import {
	const char *order;
	bool free_spoiled;
	bool test;
	const char *by;
	const struct order_seal *seal;
	struct order_limits limits;
	struct mapping *mapping;
	void (*progress)(unsigned int rows);
};

/* ledger_import() - all rows of a CSV file become free records, or none */
enum ledger_status ledger_import(struct ledger *l, FILE *csv, const struct order_import *how,
				 struct order_report *report);

/* Steps of an order's life. Records are given out of released and running ones. */
enum order_step {
	ORDER_CHECK,	/* imported -> checked: ledger_order_check() */
	ORDER_RELEASE,	/* checked -> released, by another one than imported it */
	ORDER_HOLD,	/* no card begins; those that have a record go on */
	ORDER_GO_ON,
	ORDER_CLOSE,	/* for good */
	ORDER_WIPE,	/* of a closed one without open records: ledger_order_wipe() */
};

/*
 * ledger_order_step() - do it
 * @by: who, for the ledger
 *
 * Refused in another state than the step is from.
 */
enum ledger_status ledger_order_step(struct ledger *l, const char *order, enum order_step step,
				     const char *by);

/*
 * ledger_order_check() - ORDER_CHECK: every record of the order is one that a card can get
 * @each: tries one; false with what is wrong
 *
 * Refused at the first one that is none: ledger_error() has its line.
 */
enum ledger_status ledger_order_check(struct ledger *l, const char *order, const char *by,
				      bool (*each)(void *arg, struct ledger_record *record,
						   const char **wrong), void *arg);

/*
 * ledger_order_wipe() - ORDER_WIPE: no secret of a record can be read any more, in no copy either
 * @destroy: ends the order's key, false if it could not; called before anything is changed here.
 *	If the rest fails, it is called again the next time: a key that is gone is no failure
 */
enum ledger_status ledger_order_wipe(struct ledger *l, const char *order, const char *by,
				     bool (*destroy)(void *arg, const char *key), void *arg);

/* ---- two people, two roles ---- */

/*
 * ledger_role_set() - who imports, checks and asks ("operator"), who releases, wipes and grants
 * ("officer"); NULL: none of both
 *
 * Once there is an officer, it takes an officer, and nobody changes the own role.
 */
enum ledger_status ledger_role_set(struct ledger *l, const char *person, const char *role,
				   const char *by);

/*
 * ledger_decision_ask() - ask for a decision about a record
 * @outcome: of one in doubt: "good", "void", "free"; of a delivered one "reprint": its card is lost
 */
enum ledger_status ledger_decision_ask(struct ledger *l, const char *iccid, const char *outcome,
				       const char *by);

/* ledger_decision_grant() - grant it, by another one than asked, or refuse it */
enum ledger_status ledger_decision_grant(struct ledger *l, const char *iccid, bool yes,
					 const char *by);

/* ---- keys that nobody knows ---- */

#define LEDGER_COMPONENT_MAX (32 + LEDGER_SEAL)

/**
 * struct ledger_component - what one person knows of a key
 * @name: of the key
 * @use: what it is for, as casctl has it
 * @parts: components that it has
 * @by: who enters this one
 * @kcv: its check value, 6 digits
 * @sealed: the component, sealed
 * @len: bytes at @sealed
 */
struct ledger_component {
	const char *name;
	const char *use;
	unsigned int parts;
	const char *by;
	const char *kcv;
	const uint8_t *sealed;
	size_t len;
};

/**
 * struct ledger_join - who puts a key together; not this library's business
 * @add: another component
 * @make: all are there; @kcv receives 6 digits
 * @error: why one of them returned false
 * @arg: for all
 */
struct ledger_join {
	bool (*add)(void *arg, const uint8_t *sealed, size_t len);
	bool (*make)(void *arg, char kcv[7]);
	const char *(*error)(void *arg);
	void *arg;
};

/*
 * ledger_component() - a person enters a component
 * @complete: receives whether it was the last one, and the key was made
 *
 * Refused for a second one of the same person; where people have roles, for who has none, and for
 * the last one if both roles were not there. If it is not LEDGER_OK, what @make made is to be
 * undone.
 */
enum ledger_status ledger_component(struct ledger *l, const struct ledger_component *c,
				    const struct ledger_join *how, bool *complete);

/* ledger_component_drop() - begin anew: one of them was wrong */
enum ledger_status ledger_component_drop(struct ledger *l, const char *name, const char *by);

/* ---- the chain ---- */

#define LEDGER_CHAINS 64

/**
 * struct ledger_chains - the chains that there are
 * @name: of each: a CAS's name, or "casctl"; "" of the one that there is in SQLite
 * @count: of them
 */
struct ledger_chains {
	char name[LEDGER_CHAINS][LEDGER_NODE];
	unsigned int count;
};

enum ledger_status ledger_chains(struct ledger *l, struct ledger_chains *chains);

/*
 * ledger_verify() - recompute a chain
 * @entries: receives how many are right
 * @head: receives the hash of the last one, 64 digits
 *
 * Return: LEDGER_REFUSED if an entry was changed, removed or put in; ledger_error() names it.
 */
enum ledger_status ledger_verify(struct ledger *l, const char *chain, uint64_t *entries,
				 char head[65]);

/* ---- heads that are kept elsewhere ---- */

#define LEDGER_SIGNATURE 64	/* r and s of ECDSA over P-256 */

/**
 * struct ledger_head - the last entry of a chain at some time
 * @chain: its name
 * @seq: its number, 0 if there was none
 * @hash: its hash
 */
struct ledger_head {
	char chain[LEDGER_NODE];
	uint64_t seq;
	uint8_t hash[32];
};

/* ledger_head() - as it is now */
enum ledger_status ledger_head(struct ledger *l, const char *chain, struct ledger_head *head);

/* ledger_head_digest() - SHA-256 of what is signed; false if OpenSSL failed */
bool ledger_head_digest(const struct ledger_head *head, uint8_t digest[32]);

/* ledger_head_write() - a line for a file of heads, which is only added to; false if it failed */
bool ledger_head_write(FILE *f, const struct ledger_head *head,
		       const uint8_t signature[LEDGER_SIGNATURE]);

/*
 * ledger_verify_heads() - compare the chains with heads that were kept
 * @f: as ledger_head_write() made it
 * @point: public key, uncompressed; NULL to believe the file without signatures
 * @heads: receives how many there were
 *
 * The chains must have been verified. Return: LEDGER_REFUSED if a head is not in its chain:
 * it was made anew, cut off, or is that of an old copy; or if a signature is wrong.
 */
enum ledger_status ledger_verify_heads(struct ledger *l, FILE *f, const uint8_t point[65],
				       unsigned int *heads);

#endif
