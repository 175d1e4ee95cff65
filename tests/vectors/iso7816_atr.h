/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Answers to reset of real cards and what they say, as an independent parser reads them.
 *
 * The ATRs and names are from smartcard_list.txt of pcsc-tools 1.6.2 (LudovicRousseau/pcsc-tools)
 * and from the file names of tests/card_sanitizer/ in osmocom/pysim. The list is made of what
 * users submitted: the odd entries may be mistyped, and are kept for just that reason.
 */
#ifndef VECTORS_ISO7816_ATR_H
#define VECTORS_ISO7816_ATR_H

enum atr_end {
	ATR_TCK_OK,
	ATR_TCK_ABSENT,		/* only T=0: rightly so */
	ATR_TCK_BAD,
	ATR_TCK_MISSING,
	ATR_TCK_EXTRA,		/* only T=0, and one byte too many */
	ATR_CUT,		/* in the historical bytes */
	ATR_TOO_LONG,
};

/* fi, di: 0 for a code that is RFU; ta2: -1 for negotiable mode; protocols: without T=15 */
static const struct atr_vector {
	const char *name;
	const char *atr;
	const char *hist;
	enum atr_end end;
	int fi, di, protocols, n, wi, ifsc, bwi, cwi, crc, clockstop, classes, spu, ta2;
} atr_vectors[] = {
	{
		"Maste visa card (Bank)",
		"3B02145011",
		"1450", ATR_TCK_EXTRA,
		372, 1, 1, 0, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"ComHem Digital-TV smartcard (Sweden)",
		"3B240030423030",
		"30423030", ATR_TCK_ABSENT,
		372, 1, 1, 0, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"Schlumberger Cryptoflex Key Generation",
		"3B8540206801010305",
		"6801010305", ATR_TCK_ABSENT,
		372, 1, 1, 0, 32, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"Axalto Cryptoflex 16K",
		"3B8540FF6301010301",
		"6301010301", ATR_TCK_ABSENT,
		372, 1, 1, 0, 255, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"Schlumberger CryptoFlex 32Ko V1",
		"3B951840FF6204010105",
		"6204010105", ATR_TCK_ABSENT,
		372, 12, 1, 0, 255, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"Israel Defence Force ID Card (eID)",
		"3B15188053415205",
		"8053415205", ATR_TCK_ABSENT,
		372, 12, 1, 0, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"VISA Socit Gnrale - Oberthur CS",
		"3B6500002063CB680026",
		"2063CB6800", ATR_TCK_EXTRA,
		372, 1, 1, 0, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"JCOP empty card (JavaCard)",
		"3B6B00000031C0643F680100079000",
		"0031C0643F680100079000", ATR_TCK_ABSENT,
		372, 1, 1, 0, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"Nagravision, Swiss mode",
		"3B6C0002366186384B8C13046203598A",
		"366186384B8C13046203598A", ATR_TCK_ABSENT,
		372, 1, 1, 2, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"American Express 'Entourage' credit card issued by CIBC",
		"3B6F00018031E06B0406050211555555555555",
		"8031E06B0406050211555555555555", ATR_TCK_ABSENT,
		372, 1, 1, 1, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"Bar Ilan KesefCard from Bezeq (Other)",
		"3BF811200340FF0303030312109000",
		"0303030312109000", ATR_TCK_ABSENT,
		372, 1, 1, 3, 255, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"Easyflex FastOS 2.0 / Schlumberger",
		"3B57180293020101019000",
		"93020101019000", ATR_TCK_ABSENT,
		372, 12, 1, 2, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"MasterCard ETEC InterOp 27. This is an dual-app Maestro/MasterCard Cre",
		"3BF01300001000",
		"", ATR_TCK_ABSENT,
		372, 4, 1, 0, 10, 32, 4, 13, 0, 0, 1, 0, 0,
	},
	{
		"Vivid Money Visa Debit (Bank)",
		"3BF813000010000073C84011009000",
		"0073C84011009000", ATR_TCK_ABSENT,
		372, 4, 1, 0, 10, 32, 4, 13, 0, 0, 1, 0, 0,
	},
	{
		"NC+ Polland (Pay TV)",
		"3BFF95000150801C444E41535034323020526576533430F1",
		"444E41535034323020526576533430", ATR_TCK_EXTRA,
		512, 16, 1, 1, 28, 32, 4, 13, 0, 0, 1, 0, 128,
	},
	{
		"CLSAM (Transport)",
		"3BBA95001080434C5F53414D00013811",
		"434C5F53414D00013811", ATR_TCK_ABSENT,
		512, 16, 1, 0, 10, 32, 4, 13, 0, 0, 1, 0, 128,
	},
	{
		"Contactless Mifare Ultralight",
		"3BF59100FF918171FE4000410000000005",
		"4100000000", ATR_TCK_OK,
		512, 1, 2, 255, 10, 254, 4, 0, 0, 0, 1, 0, 129,
	},
	{
		"SkyperfecTV HD IC Card (Pay TV)",
		"3BB033009181316B35FC",
		"", ATR_TCK_OK,
		744, 4, 2, 0, 10, 107, 3, 5, 0, 0, 1, 0, 129,
	},
	{
		"Mydo IC Card from Japan, based on NTTDATA CARD (Loyalty)",
		"3BF57100FFFE2400011E0F3339320103",
		"3339320103", ATR_TCK_MISSING,
		0, 1, 16384, 255, 1, 32, 4, 13, 0, 0, 1, 0, 36,
	},
	{
		"Intertelecom UA RUIM card (Telecommunication)",
		"3B801FC78031E073FE211163407163830790009A",
		"", ATR_TOO_LONG,
		372, 1, 1, 0, 10, 32, 4, 13, 0, 0, 1, 0, 199,
	},
	{
		"PayTV card for DishNetwork Sat receiver",
		"3FFF9500FF918171FF4700444E4153505330312044736836303916",
		"444E41535053303120447368363039", ATR_TCK_OK,
		512, 16, 2, 255, 10, 255, 4, 7, 0, 0, 1, 0, 129,
	},
	{
		"DSS/DISH ROM10",
		"3FFF9500FF918171A04700444E4153503031302052657641323048",
		"444E41535030313020526576413230", ATR_TCK_OK,
		512, 16, 2, 255, 10, 160, 4, 7, 0, 0, 1, 0, 129,
	},
	{
		"DSS/DTV P4",
		"3F7813250340B020FFFF4A5000",
		"40B020FFFF4A5000", ATR_TCK_ABSENT,
		372, 4, 1, 3, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"Viacess card HRT (Hrvatska Radio Televizija)",
		"3F77180000C11400A2689000",
		"C11400A2689000", ATR_TCK_ABSENT,
		372, 12, 1, 0, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"Philips TB100 (C-MOS chip)",
		"3F67250421200007689000",
		"21200007689000", ATR_TCK_ABSENT,
		372, 1, 1, 4, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"Bull AFNOR-positioned microprocessor chip card 'Carte Pastel Internati",
		"3F6535640104689040",
		"0104689040", ATR_TCK_ABSENT,
		372, 1, 1, 100, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"DigiCash Facility Card",
		"3F05DC20FC0001",
		"DC20FC0001", ATR_TCK_ABSENT,
		372, 1, 1, 0, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"DirecTV card",
		"3FFD14250150000F33B00BFFFF4A50800000475801",
		"33B00BFFFF4A50800000475801", ATR_TCK_ABSENT,
		372, 8, 1, 1, 15, 32, 4, 13, 0, 0, 1, 0, 0,
	},
	{
		"Finnish SIM card from 'Radiolinja' now 'Elisa'",
		"3F3F94008069AF0307015900000A0E833E9F16",
		"8069AF0307015900000A0E833E9F16", ATR_TCK_ABSENT,
		512, 8, 1, 0, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"Irdeto ACS 5.0 One (Pay TV)",
		"3B9F210E49524445544F204143532056352E309D",
		"49524445544F204143532056352E30", ATR_TCK_OK,
		558, 1, 16384, 0, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"German C-Netz SIM card / TeleKarte for mobile phones or phone boxes - ",
		"3B888EFE532A031E049280004132360111E4",
		"9280004132360111", ATR_TCK_BAD,
		372, 1, 16384, 0, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"Rogers SIM card",
		"3B9E95801FC78031E073FE211B66D0004900C0004A",
		"8031E073FE211B66D0004900C000", ATR_TCK_BAD,
		512, 16, 1, 0, 10, 32, 4, 13, 0, 3, 7, 0, -1,
	},
	{
		"sysmoUSIM-SJS1 (Telecommunication) (Telecommunication)",
		"3B9F96801FC78031A073BE2113674320071800000100",
		"8031A073BE21136743200718000001", ATR_TCK_BAD,
		512, 32, 1, 0, 10, 32, 4, 13, 0, 3, 7, 0, -1,
	},
	{
		"Comprion UT3 simulator SIM (Other)",
		"3B9711801F418031A073BE2100A6",
		"8031A073BE2100", ATR_TCK_BAD,
		372, 1, 1, 0, 10, 32, 4, 13, 0, 1, 1, 0, -1,
	},
	{
		"Comprion Simulated card that indicate Low Impedance support: TB(3) = 0",
		"3B9794803F44908031A073BE210095",
		"8031A073BE2100", ATR_TCK_OK,
		512, 8, 1, 0, 10, 32, 4, 13, 0, 1, 4, 144, -1,
	},
	{
		"IBM MFC 4.22 (University of Cambridge smartchip card)",
		"3BEF00FF8131FF6549424D204D4643393232393238393017",
		"49424D204D46433932323932383930", ATR_TCK_OK,
		372, 1, 2, 255, 10, 255, 6, 5, 0, 0, 1, 0, -1,
	},
	{
		"German public health insurance card ('Gesundheitskarte'), issuer Knapp",
		"3BDD97FF81B1FE451F0300640405080373969621D00090C8",
		"00640405080373969621D00090", ATR_TCK_BAD,
		512, 64, 2, 255, 10, 254, 4, 5, 0, 0, 3, 0, -1,
	},
	{
		"Mifare SAM -AV2 (PKI)",
		"3BDF18FF81F1FE43003F03834D4946506C75732053414D3B53414D3B",
		"4D4946506C75732053414D3B53414D", ATR_TCK_BAD,
		372, 12, 2, 255, 10, 254, 4, 3, 0, 0, 3, 131, -1,
	},
	{
		"MULTOS (PKI)",
		"3B888001000000007783950000",
		"0000000077839500", ATR_TCK_BAD,
		372, 1, 3, 0, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"Desfire (eID)",
		"3B86800106757781028F00",
		"06757781028F", ATR_TCK_BAD,
		372, 1, 3, 0, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"Microsoft Virtual Smart Card 0 (PKI)",
		"3B8D0180FBA000000397425446590401",
		"80FBA000000397425446590401", ATR_TCK_MISSING,
		372, 1, 2, 0, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"SafeNet SC650",
		"3BFF0000FF8131FE458025A000000056575343363530000000",
		"8025A0000000565753433635300000", ATR_TCK_BAD,
		372, 0, 2, 255, 10, 254, 4, 5, 0, 0, 1, 0, -1,
	},
	{
		"NSSVirtual smart card for qemu",
		"3B6B00FF56434152445F4E5353",
		"56434152445F4E5353", ATR_CUT,
		372, 1, 1, 255, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"Smartcard 3.1 (JavaCard)",
		"3B046089",
		"6089", ATR_CUT,
		372, 1, 1, 0, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"Stoll M1PLUS (Other)",
		"3BFB1300FFC0807553544F4C4C4D31504C5553BD",
		"4C4C4D31504C5553BD", ATR_CUT,
		372, 4, 33, 255, 128, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"FireCrypt, access card 9 (Pay TV)",
		"3B9C131181647265616D6372797074900599",
		"647265616D63727970749005", ATR_TCK_OK,
		372, 4, 2, 0, 10, 32, 4, 13, 0, 0, 1, 0, 129,
	},
	{
		"'ID Vault' brand device  (Other)",
		"3B9F1110804154393853433033324354312E3535",
		"4154393853433033324354312E3535", ATR_TCK_ABSENT,
		372, 1, 1, 0, 10, 32, 4, 13, 0, 0, 1, 0, 128,
	},
	{
		"JC30M48CR JavaCard  (JavaCard)",
		"3B90958011FE6A",
		"", ATR_TCK_OK,
		512, 16, 3, 0, 10, 254, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"IClass SE Processor (Other)",
		"3B959680B1FE551FC7477261636513",
		"4772616365", ATR_TCK_OK,
		512, 32, 3, 0, 10, 254, 5, 5, 0, 3, 7, 0, -1,
	},
	{
		"Xirka (eID)",
		"3B90968111FE68",
		"", ATR_TCK_OK,
		512, 32, 2, 0, 10, 254, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"blank J3H145 card (Other)",
		"3B9495810146545601C4",
		"46545601", ATR_TCK_OK,
		512, 16, 2, 0, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"Twilio Super SIM (Telecommunication)",
		"3B9E97801FC68031E073FE211B66D0025E7315003A",
		"8031E073FE211B66D0025E731500", ATR_TCK_OK,
		512, 64, 1, 0, 10, 32, 4, 13, 0, 3, 6, 0, -1,
	},
	{
		"HP StorageWorks (Other)",
		"3B9A18801FC731425243442E312E3538C0",
		"31425243442E312E3538", ATR_TCK_OK,
		372, 12, 1, 0, 10, 32, 4, 13, 0, 3, 7, 0, -1,
	},
	{
		"BOS (Telecommunication)",
		"3B9FB681B1FE5D1F4700640411030131C073B7010000900035",
		"00640411030131C073B70100009000", ATR_TCK_OK,
		1024, 32, 2, 0, 10, 254, 5, 13, 0, 1, 7, 0, -1,
	},
	{
		"Philips DESFire SAM",
		"3BD0A8FF81F1FB24001FC3F4",
		"", ATR_TCK_OK,
		768, 12, 2, 255, 10, 251, 2, 4, 0, 3, 3, 0, -1,
	},
	{
		"NXP P71 (SmartMX3 P71D320 JCOP4) (JavaCard)",
		"3B8580018073C821100E",
		"8073C82110", ATR_TCK_OK,
		372, 1, 3, 0, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"NXP JCOP 31 V2.2 36K - RFID I/F",
		"3B8880010073C8400000900062",
		"0073C84000009000", ATR_TCK_OK,
		372, 1, 3, 0, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"Visa  (Bank)",
		"3B021050",
		"1050", ATR_TCK_ABSENT,
		372, 1, 1, 0, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"OLD CajaMadrid Visa Cash, ID card for Universidad Autnoma de Madrid, M",
		"3B260011016D03",
		"11016D03", ATR_CUT,
		372, 1, 1, 0, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"Yubikey Neo",
		"3B8C8001597562696B65794E454F723358",
		"597562696B65794E454F7233", ATR_TCK_OK,
		372, 1, 3, 0, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"NXP Semiconductors VNG OpenPGP Card (Other)",
		"3B800181",
		"", ATR_TCK_OK,
		372, 1, 2, 0, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"Gnuk OpenPGP Token (PKI)",
		"3BDA11FF81B1FE551F0300318473800180009000E4",
		"00318473800180009000", ATR_TCK_OK,
		372, 1, 2, 255, 10, 254, 5, 5, 0, 0, 3, 0, -1,
	},
	{
		"Schlumberger Cryptoflex 8k (with RSA key generation)",
		"3B8540206801010501",
		"6801010501", ATR_TCK_ABSENT,
		372, 1, 1, 0, 32, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"swsim card (Telecommunication)",
		"3BDF960090103F07008031E0677377696363000073FE210006",
		"8031E0677377696363000073FE2100", ATR_TCK_OK,
		512, 32, 1, 0, 10, 32, 4, 13, 0, 0, 7, 0, 16,
	},
	{
		"SIM/USIM card in pySim test set",
		"3B9F95801FC78031E073F62113674D4516004301008F",
		"8031E073F62113674D451600430100", ATR_TCK_OK,
		512, 16, 1, 0, 10, 32, 4, 13, 0, 3, 7, 0, -1,
	},
	{
		"SIM/USIM card in pySim test set",
		"3B9F96801F878031E073FE211B674A4C753034054BA9",
		"8031E073FE211B674A4C753034054B", ATR_TCK_OK,
		512, 32, 1, 0, 10, 32, 4, 13, 0, 2, 7, 0, -1,
	},
	{
		"SIM/USIM card in pySim test set",
		"3B9A940092027593110001020221",
		"92027593110001020221", ATR_TCK_ABSENT,
		512, 8, 1, 0, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
	{
		"SIM/USIM card in pySim test set",
		"3B991800118822334455667760",
		"118822334455667760", ATR_TCK_ABSENT,
		372, 12, 1, 0, 10, 32, 4, 13, 0, 0, 1, 0, -1,
	},
};

#endif
