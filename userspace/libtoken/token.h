/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The key operations that the CAS needs, done inside a PKCS#11 token.
 *
 * This is the whole request list: another process can stand behind it without a change for the
 * callers. No function returns the bytes of a key. Calls block for some ten microseconds with
 * SoftHSM; a network HSM takes as long as it takes. One thread.
 *
 * Functions that return int return 0, or -1 with the reason in token_error(). The reason names
 * the operation and the token's answer, never a key or a PIN.
 */
#ifndef LIBTOKEN_TOKEN_H
#define LIBTOKEN_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOKEN_PIN_MAX 64
#define TOKEN_LABEL_MAX 64
#define TOKEN_KDD_LEN 10
#define TOKEN_WRAPPED_LEN 24	/* an AES-128 key under AES-KEY-WRAP */
#define TOKEN_SEAL 28		/* so much longer is what is sealed: nonce and tag of AES-GCM */
#define TOKEN_DATA_MAX 4096	/* that can be sealed */

#define TOKEN_DIGEST 32
#define TOKEN_SIGNATURE 64	/* r and s of ECDSA over P-256 */
#define TOKEN_POINT 65		/* public key of P-256, uncompressed */

struct token;

/* Object in the token; 0 is none. Valid until token_destroy() or token_close(). */
typedef uint64_t token_key;

/* One PIN, to be kept in locked memory and wiped by the caller. */
struct token_pin {
	char text[TOKEN_PIN_MAX];
	size_t len;
};

/*
 * token_pin_read() - the first line of a file
 * @path: a file's name, "fd:N" for a descriptor that was inherited, or "credential:NAME" for one
 *	that systemd passed (systemd.exec(5))
 *
 * Return: NULL, or what is wrong.
 */
const char *token_pin_read(const char *path, struct token_pin *pin);

/*
 * token_open() - load a module, find a token, log in, test every operation
 * @module: path of the PKCS#11 module
 * @name: label of the token, or a PKCS#11 URI (RFC 7512) that names one; its module-path is taken
 *	in place of @module, a PIN in it is refused
 *
 * What the token claims of its mechanisms is not believed: each operation that this library
 * uses is tried with session keys and its result compared.
 *
 * @error receives the reason if NULL is returned; @len bytes.
 */
struct token *token_open(const char *module, const char *name, const struct token_pin *pin,
			 char *error, size_t len);
void token_close(struct token *t);
const char *token_error(const struct token *t);

/*
 * token_find() - a permanent key by its label
 *
 * An ambiguous label is an error.
 */
int token_find(struct token *t, const char *label, token_key *key);

#define TOKEN_BLOCKS 32

/**
 * struct token_derivation - a card key to be made from a master key
 * @cmac: the MAC of @blocks; else @blocks encrypted, ECB. libgp/scheme.h fills them in
 * @des: it is a triple DES key for SCP02; else one for AES
 * @dek: it is a DEK: others are wrapped under it, and nothing is MACed
 * @blocks: the second one is for keys longer than 128 bits
 */
struct token_derivation {
	bool cmac;
	bool des;
	bool dek;
	uint8_t blocks[TOKEN_BLOCKS];
};

/*
 * token_derive() - one card key, as a session object
 *
 * The cipher is that of the master key; a CMAC wants AES. The card key cannot be read or wrapped
 * out.
 */
int token_derive(struct token *t, token_key master, const struct token_derivation *d,
		 token_key *key);

/* token_cmac() - AES-CMAC: SCP03's derivations */
int token_cmac(struct token *t, token_key key, const uint8_t *data, size_t len, uint8_t mac[16]);

/*
 * token_unwrap() - a key of 16 bytes under AES-KEY-WRAP (RFC 3394) becomes a session object
 * @des: a triple DES key, for SCP02; else one for AES
 */
int token_unwrap(struct token *t, token_key transport, const uint8_t wrapped[TOKEN_WRAPPED_LEN],
		 bool des, token_key *key);

/* token_wrap_cbc() - an unwrapped AES-128 key under a DEK, AES-CBC with IV 0: for PUT KEY */
int token_wrap_cbc(struct token *t, token_key dek, token_key key, uint8_t out[16]);

#define TOKEN_SCP02_MAC 0x01	/* second byte of the derivation constant */
#define TOKEN_SCP02_ENC 0x82

/* token_scp02_key() - a session key from a card's: it leaves the token. The DEK's does not */
int token_scp02_key(struct token *t, token_key key, uint8_t constant, const uint8_t sequence[2],
		    uint8_t out[16]);

/* token_scp02_dek() - the session's DEK from the card's, as a session object */
int token_scp02_dek(struct token *t, token_key key, const uint8_t sequence[2], token_key *dek);

/*
 * token_wrap_des() - a wrapped triple DES key goes under a session's DEK: for SCP02's PUT KEY
 * @kcv: check value of the key
 *
 * Tokens do not wrap triple DES keys so: the key is in the memory of this process meanwhile.
 */
int token_wrap_des(struct token *t, token_key dek, token_key transport,
		   const uint8_t wrapped[TOKEN_WRAPPED_LEN], uint8_t out[16], uint8_t kcv[3]);

/*
 * token_seal() - encrypt data by AES-GCM with a fresh nonce
 * @with: text that is bound to the data, without being in @out
 * @out: @len + TOKEN_SEAL bytes: nonce, data, tag
 */
int token_seal(struct token *t, token_key key, const char *with, const uint8_t *data, size_t len,
	       uint8_t *out);

/* token_unseal() - @out: @len - TOKEN_SEAL bytes; an error if anything was changed */
int token_unseal(struct token *t, token_key key, const char *with, const uint8_t *sealed,
		 size_t len, uint8_t *out);

/* token_find_signer() - the private half of a key pair by its label */
int token_find_signer(struct token *t, const char *label, token_key *key);

/* token_sign() - ECDSA over a SHA-256 digest, with the private half of a pair */
int token_sign(struct token *t, token_key key, const uint8_t digest[TOKEN_DIGEST],
	       uint8_t signature[TOKEN_SIGNATURE]);

/* token_kcv() - GlobalPlatform's check value: 3 bytes of E(01..) by AES, of E(0) by triple DES */
int token_kcv(struct token *t, token_key key, uint8_t kcv[3]);

/* token_destroy() - ends a session object; 0 is ignored */
void token_destroy(struct token *t, token_key key);

/* What a permanent key may be used for. */
enum token_use {
	TOKEN_MASTER,		/* derivation only */
	TOKEN_MASTER_DES,	/* the same, by triple DES */
	TOKEN_TRANSPORT,	/* unwrapping only */
	TOKEN_DATA,		/* unsealing only: of what a bureau sealed */
};

/*
 * token_init() - make a token in the first free slot and set its PIN
 *
 * The security officer's PIN is @so_pin. Fails if a token with this label is there.
 *
 * Return: NULL, or the reason in @error.
 */
const char *token_init(const char *module, const char *name, const struct token_pin *so_pin,
		       const struct token_pin *pin, char *error, size_t len);

/* token_import() - put a key in, permanently; not readable and not extractable afterwards */
int token_import(struct token *t, const char *label, enum token_use use, const uint8_t *key,
		 size_t len);

/* token_generate() - a permanent key that only seals and unseals, and never was outside */
int token_generate(struct token *t, const char *label);

/* token_remove() - ends a permanent key for good; what was sealed under it is nobody's any more */
int token_remove(struct token *t, const char *label);

/* token_make_signer() - a permanent key pair that signs, and was never outside */
int token_make_signer(struct token *t, const char *label);

/* token_signer_public() - its public half, for who verifies */
int token_signer_public(struct token *t, const char *label, uint8_t point[TOKEN_POINT]);

/* token_list() - every permanent secret key with cipher and KCV, until @each returns false */
int token_list(struct token *t,
	       bool (*each)(const char *label, const char *cipher, const uint8_t kcv[3], void *arg),
	       void *arg);

#endif
