/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of the core: activation, ATR, exchange. Lengths, durations and errors; never a
 * byte of a command or a response.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM cks

#if !defined(CKS_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define CKS_TRACE_H

#include <linux/ktime.h>
#include <linux/tracepoint.h>

#include "iso7816/iso7816.h"

TRACE_EVENT(cks_activate,
	    TP_PROTO(unsigned int coupler, bool on, u32 presence_gen, u32 power_gen),
	    TP_ARGS(coupler, on, presence_gen, power_gen),
	    TP_STRUCT__entry(__field(unsigned int, coupler)
			     __field(bool, on)
			     __field(u32, presence_gen)
			     __field(u32, power_gen)),
	    TP_fast_assign(__entry->coupler = coupler;
			   __entry->on = on;
			   __entry->presence_gen = presence_gen;
			   __entry->power_gen = power_gen;),
	    TP_printk("coupler%u %s presence_gen=%u power_gen=%u", __entry->coupler,
		      __entry->on ? "on" : "off", __entry->presence_gen, __entry->power_gen)
);

TRACE_EVENT(cks_atr,
	    TP_PROTO(unsigned int coupler, const struct iso7816_atr *atr, int err, s64 ns),
	    TP_ARGS(coupler, atr, err, ns),
	    TP_STRUCT__entry(__field(unsigned int, coupler)
			     __field(int, err)
			     __field(s64, ns)
			     __field(u8, len)
			     __array(u8, atr, ISO7816_ATR_MAX)),
	    TP_fast_assign(__entry->coupler = coupler;
			   __entry->err = err;
			   __entry->ns = ns;
			   __entry->len = atr->len;
			   memcpy(__entry->atr, atr->raw, ISO7816_ATR_MAX);),
	    TP_printk("coupler%u atr=%s err=%d ns=%lld", __entry->coupler,
		      __print_hex_str(__entry->atr, __entry->len), __entry->err, __entry->ns)
);

TRACE_EVENT(cks_exchange,
	    TP_PROTO(unsigned int coupler, u32 cmd_len, u32 rsp_len, int err, s64 ns),
	    TP_ARGS(coupler, cmd_len, rsp_len, err, ns),
	    TP_STRUCT__entry(__field(unsigned int, coupler)
			     __field(u32, cmd_len)
			     __field(u32, rsp_len)
			     __field(int, err)
			     __field(s64, ns)),
	    TP_fast_assign(__entry->coupler = coupler;
			   __entry->cmd_len = cmd_len;
			   __entry->rsp_len = rsp_len;
			   __entry->err = err;
			   __entry->ns = ns;),
	    TP_printk("coupler%u cmd_len=%u rsp_len=%u err=%d ns=%lld", __entry->coupler,
		      __entry->cmd_len, __entry->rsp_len, __entry->err, __entry->ns)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
