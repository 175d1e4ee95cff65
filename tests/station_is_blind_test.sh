#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The station knows no key, no algorithm and no command sequence: not in its sources, not in what
# its binaries ask of kernel and libraries. Each search first has to find what it is for.
set -eu

cd "$(dirname "$0")/.."
out=${O:-build}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/cks-blind.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
sources=(kernel include userspace/stationd)

# Names of ciphers, derivations and protocols of keys. ISO/IEC 7816-4 is no secret: T=0 itself
# needs GET RESPONSE and ENVELOPE.
algorithms='\b(aes|t?des|3des|rsa|ecdh|sha-?(1|256|384|512)|hmac|c-?mac|kdf[0-9]?|scp0[0-9]|scp[0-9][0-9]|kcv|cryptogram|dek|kmc|diversif[a-z]*)\b'
# Libraries and kernel interfaces for ciphers and tokens.
interfaces='<(openssl|gcrypt|gnutls|nettle|p11-kit|keyutils)[/.]|<crypto/|<linux/key|crypto_(alloc|shash|skcipher|aead|akcipher)|EVP_|C_(Sign|Encrypt|Derive)|pkcs'
# Commands of card applications by name, by header as C writes it, and the AID of the issuer domain.
commands='INITIALIZE.UPDATE|EXTERNAL.AUTHENTICATE|PUT.KEY|STORE.DATA|0x80, *0x(50|82|d8|e2|ca|f2)|0x84, *0x(82|d8|e2|f2)|a0,? *(0x)?00,? *(0x)?00,? *(0x)?01,? *(0x)?51'
# Comparing a token in constant time, and random numbers, are what the router may have.
allowed='<crypto/utils\.h>'
symbols='^_*(crypto_|aes_|des_|des3_|sha[0-9]|hmac|blake|chacha|poly1305|key_|keyring_|EVP_|RSA_|C_[A-Z])'
symbols_allowed='^__?crypto_memneq$'

n=0
failed=0
echo 1..9

result()
{
	local name=$1 found=$2
	n=$((n + 1))
	if [ -z "$found" ]; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		printf '%s\n' "$found" | head -n 20 | sed 's/^/# /'
		failed=$((failed + 1))
	fi
}

# search PATTERN DIR...: lines that have it, without those that may
search()
{
	local pattern=$1
	shift
	grep -rniE --include='*.[chS]' -e "$pattern" "$@" | grep -vE "$allowed" || :
}

asked_for()
{
	grep -E "$symbols" | grep -vE "$symbols_allowed" || :
}

# What the searches must find, each line by itself.
plant()
{
	local name=$1 pattern=$2 line missed=
	while read -r line; do
		mkdir -p "$tmp/p"
		printf '%s\n' "$line" >"$tmp/p/planted.c"
		[ -n "$(search "$pattern" "$tmp/p")" ] || missed+="not found: $line"$'\n'
	done
	result "$name" "$missed"
}

plant 'the search for algorithms finds them' "$algorithms" <<-'EOF'
	/* SCP03 with AES in CMAC mode */
	static int aes(void);
	u8 kcv[3];
	/* diversified by KDF3 */
EOF
plant 'the search for interfaces finds them' "$interfaces" <<-'EOF'
	#include <openssl/evp.h>
	#include <crypto/aes.h>
	tfm = crypto_alloc_shash("x", 0, 0);
	rv = p11->C_Sign(s, d, n, m, &l);
EOF
plant 'the search for commands finds them' "$commands" <<-'EOF'
	static const u8 iu[] = { 0x80, 0x50, 0x00, 0x00 };
	/* now PUT KEY */
	static const u8 aid[] = { 0xa0, 0x00, 0x00, 0x01, 0x51 };
EOF

result 'the search for symbols finds them' \
	"$([ "$(printf '%s\n' crypto_alloc_shash EVP_EncryptInit_ex aes_encrypt __crypto_memneq |
		asked_for | wc -l)" = 3 ] || echo 'one of three was missed, or one too many found')"

result 'no algorithm in the sources of the station' "$(search "$algorithms" "${sources[@]}")"
result 'no interface for ciphers or tokens in them' "$(search "$interfaces" "${sources[@]}")"
result 'no command of a card application in them' "$(search "$commands" "${sources[@]}")"

modules=("$out"/modules/cks*.ko)
if [ -e "${modules[0]}" ]; then
	result 'modules ask the kernel for no cipher' \
		"$(nm -u "${modules[@]}" | awk '$1 == "U" { print $2 }' | asked_for)"
else
	n=$((n + 1))
	echo "ok $n - modules ask the kernel for no cipher # SKIP no modules in $out/modules: make modules"
fi
if [ -e "$out/bin/stationd" ]; then
	result 'stationd asks its libraries for no cipher' \
		"$(nm -D -u "$out/bin/stationd" | awk '{ sub(/@.*/, "", $2); print $2 }' | asked_for)"
else
	n=$((n + 1))
	echo "ok $n - stationd asks its libraries for no cipher # SKIP no $out/bin/stationd: make programs"
fi

[ $failed -eq 0 ]
