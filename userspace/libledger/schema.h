/* SPDX-License-Identifier: GPL-2.0-only */
/* The tables, the same in every kind of database but for the words of its types. */
#ifndef LIBLEDGER_SCHEMA_H
#define LIBLEDGER_SCHEMA_H

/*
 * 1 had the records' secrets in clear, 2 no roles, 3 no limits of orders, 4 no ceremonies, 5 no
 * leases
 */
#define SCHEMA_VERSION "6"
#define SCHEMA_OTHER "is of another version of this program"

/*
 * SCHEMA() - statements that make the tables
 * @ID: type of a column that numbers its rows itself
 * @INT: type of a number of 64 bits
 * @BYTES: type of bytes
 */
#define SCHEMA(ID, INT, BYTES)	\
	"CREATE TABLE meta(name TEXT PRIMARY KEY, value " INT " NOT NULL);"	\
	"CREATE TABLE station("	\
	" uuid TEXT PRIMARY KEY, boot_id TEXT NOT NULL, journal_epoch TEXT NOT NULL,"	\
	/* Who serves it: a process of a node, until that time. */	\
	" node TEXT, process " INT " NOT NULL, lease_epoch " INT " NOT NULL,"	\
	" lease_until " INT " NOT NULL);"	\
	"CREATE TABLE orders("	\
	" id " ID ", name TEXT UNIQUE NOT NULL,"	\
	" spoiled TEXT NOT NULL CHECK(spoiled IN('FREE','VOID')), rows " INT " NOT NULL,"	\
	" state TEXT NOT NULL, imported_by TEXT, key TEXT NOT NULL, test " INT " NOT NULL,"	\
	" stations TEXT NOT NULL DEFAULT '', initial_key TEXT NOT NULL DEFAULT '',"	\
	" security TEXT NOT NULL DEFAULT 'none' CHECK(security IN('none','encrypted')),"	\
	" choose TEXT NOT NULL DEFAULT 'next' CHECK(choose IN('next','chip','reference')),"	\
	" cards " INT " NOT NULL DEFAULT 0, cards_per_day " INT " NOT NULL DEFAULT 0,"	\
	" stop_after " INT " NOT NULL DEFAULT 0, retries " INT " NOT NULL DEFAULT 0,"	\
	/* what is counted for these */	\
	" tried " INT " NOT NULL DEFAULT 0, day TEXT NOT NULL DEFAULT '',"	\
	" day_tried " INT " NOT NULL DEFAULT 0, failures " INT " NOT NULL DEFAULT 0);"	\
	"CREATE TABLE request("	\
	" id " ID ", station TEXT NOT NULL, boot_id TEXT NOT NULL,"	\
	" number " INT " NOT NULL, coupler " INT " NOT NULL, presence_gen " INT " NOT NULL,"	\
	" application TEXT NOT NULL, reference TEXT NOT NULL,"	\
	" encryption TEXT NOT NULL, atr " BYTES " NOT NULL,"	\
	" state TEXT NOT NULL CHECK(state IN('open','decided','ended','disposed')),"	\
	" card TEXT, record " INT ", verdict " INT ", bin " INT ", information " BYTES ","	\
	" reason TEXT, evidence TEXT, disposition " INT ", opened TEXT NOT NULL,"	\
	" UNIQUE(boot_id, number));"	\
	"CREATE TABLE record("	\
	" id " ID ", orders " INT " NOT NULL REFERENCES orders(id),"	\
	" line " INT " NOT NULL, iccid TEXT UNIQUE NOT NULL, kvn " INT " NOT NULL,"	\
	" sealed " BYTES " NOT NULL, state TEXT NOT NULL"	\
	" CHECK(state IN('FREE','INTENT','ISSUED','DELIVERED','VOID','DOUBT')),"	\
	" attempt " INT " NOT NULL DEFAULT 0, card TEXT,"	\
	" request " INT " REFERENCES request(id), bound TEXT, UNIQUE(orders, bound));"	\
	/* What the record is meant for already: the chip, or a card body's reference. */	\
	"CREATE INDEX record_bound ON record(bound) WHERE state = 'FREE';"	\
	"CREATE INDEX record_free_of ON record(orders, id) WHERE state = 'FREE';"	\
	/* A record is on one card at most, and a card has one record at most. */	\
	"CREATE UNIQUE INDEX record_card ON record(card)"	\
	" WHERE state IN('INTENT','ISSUED','DELIVERED');"	\
	"CREATE TABLE card("	\
	" identity TEXT PRIMARY KEY,"	\
	" state TEXT NOT NULL CHECK(state IN('open','good','spoiled')),"	\
	" request " INT " NOT NULL REFERENCES request(id));"	\
	"CREATE TABLE role("	\
	" person TEXT PRIMARY KEY, role TEXT NOT NULL CHECK(role IN('operator','officer')));"	\
	"CREATE TABLE component("	\
	" name TEXT NOT NULL, part " INT " NOT NULL, parts " INT " NOT NULL,"	\
	" purpose TEXT NOT NULL, person TEXT NOT NULL, sealed " BYTES " NOT NULL,"	\
	" PRIMARY KEY(name, part), UNIQUE(name, person));"	\
	"CREATE TABLE decision("	\
	" id " ID ", record " INT " NOT NULL REFERENCES record(id),"	\
	" outcome TEXT NOT NULL, asked_by TEXT NOT NULL,"	\
	" state TEXT NOT NULL CHECK(state IN('asked','granted','refused')));"	\
	"CREATE UNIQUE INDEX decision_asked ON decision(record)"	\
	" WHERE state = 'asked';"	\
	"CREATE TABLE disposition("	\
	" station TEXT NOT NULL, journal_epoch TEXT NOT NULL, number " INT " NOT NULL,"	\
	" request " INT ", disposition " INT " NOT NULL, evidence TEXT NOT NULL,"	\
	" PRIMARY KEY(station, journal_epoch, number));"	\
	"CREATE TABLE ledger("	\
	" node TEXT NOT NULL, seq " INT " NOT NULL, time TEXT NOT NULL, kind TEXT NOT NULL,"	\
	" body TEXT NOT NULL, hash " BYTES " NOT NULL, PRIMARY KEY(node, seq));"

#endif
