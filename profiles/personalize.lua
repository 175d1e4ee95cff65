-- SPDX-License-Identifier: GPL-2.0-only
-- Personalizes a blank card: new keys and the data of one record, then proves that the card has them.

local card, request = ...

-- Where the record's fields lie on the card. docs/profiles.md has the table.
local ICCID, IMSI, PIN1, PUK1 = 0x9F01, 0x9F02, 0x8010, 0x8011

local function select_isd()
	card:send{name = "SELECT ISD", ins = 0xA4, p1 = 0x04, le = 0}
end

select_isd()
local scp = card:open_scp03{kmc = "kmc", kvn = 0, level = 0x33}

-- From here on the record is meant for this card, and the card for this record.
local record = card:claim(scp:kdd())

scp:store_data{
	{ICCID, bcd(record.iccid)},
	{IMSI, bcd(record.imsi)},
	{PIN1, record.pin1, pad = 8},
	{PUK1, record.puk1, pad = 8},
	record.payload,
}

-- The keys come last: whatever breaks before, the card can still be opened by its maker's keys.
scp:put_key{keys = record.keys, kvn = record.kvn}

-- The card must authenticate itself under the new keys, and have the right ICCID.
select_isd()
scp = card:open_scp03{keys = record.keys, kvn = record.kvn, level = 0x33}
local iccid = scp:send{name = "GET DATA ICCID", cla = 0x80, ins = 0xCA,
		       p1 = ICCID >> 8, p2 = ICCID & 0xFF, le = 0}
if iccid ~= bcd(record.iccid) then
	card:reject("the card has another ICCID than was stored")
end

return {verdict = "good", information = "ICCID " .. record.iccid}
