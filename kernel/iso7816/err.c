// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reasons of failure, as text and as error codes.
 */
#include "internal.h"

static const struct {
	const char *text;
	int code;
} reasons[] = {
	[ISO7816_OK] = { "no error", 0 },
	[ISO7816_E_NO_ATR] = {
		"no answer to reset: check that the card is inserted the right way", -ETIMEDOUT },
	[ISO7816_E_ATR_TIMEOUT] = { "the answer to reset stopped half way", -ETIMEDOUT },
	[ISO7816_E_ATR_TS] = {
		"the answer to reset begins with neither 3B nor 3F: check clock and wiring",
		-EPROTO },
	[ISO7816_E_ATR_PARITY] = { "parity or framing error in the answer to reset", -EIO },
	[ISO7816_E_ATR_TCK] = {
		"TCK of the answer to reset is wrong, missing or superfluous", -EPROTO },
	[ISO7816_E_ATR_LENGTH] = { "the answer to reset is too long or cut off", -EPROTO },
	[ISO7816_E_ATR_VALUE] = {
		"the answer to reset has an interface byte of a value that is not allowed",
		-EPROTO },
	[ISO7816_E_ATR_PROTOCOL] = {
		"the card does not offer the transmission protocol wanted", -EPROTONOSUPPORT },
	[ISO7816_E_ATR_RATE] = {
		"the card insists on a bit rate that the coupler cannot do", -EOPNOTSUPP },
	[ISO7816_E_PPS] = { "PPS failed, also after a fresh reset", -EPROTO },
	[ISO7816_E_WT] = { "the card exceeded the waiting time", -ETIMEDOUT },
	[ISO7816_E_BWT] = {
		"the card exceeded the block waiting time, also when asked again", -ETIMEDOUT },
	[ISO7816_E_PROCEDURE] = { "the card sent an invalid procedure byte", -EPROTO },
	[ISO7816_E_PARITY] = { "parity errors in spite of repetitions", -EIO },
	[ISO7816_E_BLOCK] = { "invalid T=1 blocks in spite of repetitions", -EIO },
	[ISO7816_E_LOOP] = {
		"the card wants more time, commands or blocks without an end", -EPROTO },
	[ISO7816_E_ABORTED] = { "the card aborted the chain", -ECONNABORTED },
	[ISO7816_E_OVERFLOW] = { "the response is longer than the buffer", -EMSGSIZE },
	[ISO7816_E_APDU] = { "not a valid command APDU or TPDU", -EINVAL },
	[ISO7816_E_TIMEOUT] = { "the time allowed for the command is over", -ETIMEDOUT },
	[ISO7816_E_LINE] = {
		"characters sent did not come back as they went out: check wiring and card", -EIO },
	[ISO7816_E_STATE] = { "not possible now: no card is ready, or it is busy", -EBUSY },
	[ISO7816_E_CANCELED] = { "cancelled", -ECANCELED },
	[ISO7816_E_REMOVED] = { "the card was removed", -ENOMEDIUM },
};

/**
 * iso7816_strerror() - a reason in words, for the operator
 * @err: reason; any value
 * Return: text without a line end, never NULL
 */
const char *iso7816_strerror(enum iso7816_err err)
{
	if ((unsigned int)err >= ARRAY_SIZE(reasons) || !reasons[err].text)
		return "unknown error";
	return reasons[err].text;
}

/**
 * iso7816_errno() - a reason as an error code
 * @err: reason; any value
 * Return: 0 or a negative errno
 */
int iso7816_errno(enum iso7816_err err)
{
	if ((unsigned int)err >= ARRAY_SIZE(reasons) || !reasons[err].text)
		return -EPROTO;
	return reasons[err].code;
}
