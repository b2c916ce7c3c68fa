// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/utsname.h>
#include <os.h>

#include "cells.h"
#include "result.h"
#include "subject.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX	"tkfi."

static char *result;
module_param(result, charp, 0444);
MODULE_PARM_DESC(result, "host file that receives results as JSON lines");

static int result_fd = -1;
static bool result_failed;

const char *tkfi_result_file(void)
{
	return result;
}

/* The console is what is left. */
void tkfi_result_not_written(const char *file, int error)
{
	pr_err("tkfi: {\"type\":\"not_written\",\"file\":\"%s\",\"error\":%d}\n", file, error);
}

static void write_line(const char *line, size_t len)
{
	int ret;

	if (!result || result_failed)
		return;
	if (result_fd < 0)
		result_fd = os_open_file(result,
					 of_trunc(of_create(of_write(OPENFLAGS()))),
					 0644);
	ret = result_fd;
	if (ret >= 0)
		ret = os_write_file(result_fd, line, len);
	if (ret != len) {
		tkfi_result_not_written(result, ret < 0 ? ret : -ENOSPC);
		result_failed = true;
	}
}

static void write_object(const char *fmt, va_list args)
{
	static char line[4096];
	size_t len;

	line[0] = '{';
	len = 1 + vsnprintf(line + 1, sizeof(line) - 3, fmt, args);
	if (len > sizeof(line) - 3) {
		pr_err("tkfi: a result of %zu characters, room for %zu\n", len,
		       sizeof(line) - 3);
		result_failed = true;
		return;
	}
	line[len++] = '}';
	line[len++] = '\n';
	write_line(line, len);
}

__printf(1, 2)
static void write_members(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_object(fmt, args);
	va_end(args);
}

void tkfi_result(const char *fmt, ...)
{
	va_list args;

	if (result && result_fd < 0)
		write_members("\"type\":\"header\",\"format\":1,\"kernel\":\"%s\",\"variant\":\"%s\",\"compiler\":\"%s\"",
			      init_utsname()->release, tkfi_build(),
			      CONFIG_CC_VERSION_TEXT);
	va_start(args, fmt);
	write_object(fmt, args);
	va_end(args);
}

const char *tkfi_result_string(char *buf, size_t size, const char *text)
{
	size_t len = 0;

	for (; *text; text++) {
		char c[8];
		int n;

		if (*text == '"' || *text == '\\')
			n = snprintf(c, sizeof(c), "\\%c", *text);
		else if ((u8)*text < ' ' || *text == 0x7f)
			n = snprintf(c, sizeof(c), "\\u%04x", *text);
		else
			n = snprintf(c, sizeof(c), "%c", *text);
		if (len + n >= size)
			break;
		memcpy(buf + len, c, n);
		len += n;
	}
	buf[len] = '\0';
	return buf;
}

void tkfi_result_trace(const char *suite, const char *name, u64 nr, u64 hash)
{
	tkfi_result("\"type\":\"trace\",\"suite\":\"%s\",\"case\":\"%s\",\"events\":%llu,\"hash\":\"%016llx\"",
		    suite, name, nr, hash);
}

void tkfi_result_log(const char *name, const struct tkfi_recording *r, unsigned int nr)
{
	unsigned int i;
	char cells[48];

	for (i = 0; i < min(nr, r->hb.nr); i++) {
		const struct tkfi_event *event = &r->log[i];
		const struct tkfi_detail *detail = &r->details[i];

		tkfi_cell_name(event->cell, event->nr_cells, cells, sizeof(cells));
		/* The hook returns to the instruction after its call: one byte back is the call. */
		tkfi_result("\"type\":\"step\",\"case\":\"%s\",\"number\":%u,\"vcpu\":%u,\"kind\":\"%s\",\"text\":\"%s\",\"cell\":%u,\"cells\":%u,\"size\":%u,\"before\":%llu,\"after\":%llu,\"ip\":%lu",
			    name, i, event->vcpu, tkfi_transition_kind_name(event->kind),
			    cells, event->cell, event->nr_cells, detail->size,
			    detail->before, detail->after,
			    detail->ip ? detail->ip - 1 : 0);
	}
}

void tkfi_result_trace_entries(const char *name, const struct tkfi_trace *trace)
{
	unsigned int i;

	for (i = 0; i < tkfi_trace_stored(trace); i++) {
		const struct tkfi_trace_entry *e = &trace->entries[i];
		char cells[48] = "", cycle[32] = "";

		if (e->clock != TKFI_NO_CLOCK)
			snprintf(cycle, sizeof(cycle), ",\"cycle\":%llu", e->clock);
		if (e->kind == TKFI_ENTRY_STOP) {
			cells[0] = ' ';
			tkfi_cell_name(e->value & 0xffff, e->value >> 16,
				       cells + 1, sizeof(cells) - 1);
		}
		tkfi_result("\"type\":\"event\",\"case\":\"%s\",\"step\":%u,\"vcpu\":%u,\"kind\":\"%s\",\"text\":\"%s%s\",\"ns\":%lld,\"unit_ns\":%u%s",
			    name, e->nr_events, e->vcpu, tkfi_entry_names[e->kind],
			    e->what, cells,
			    e->kind == TKFI_ENTRY_STOP ? 0 : e->value,
			    e->kind == TKFI_ENTRY_READ ? tkfi_unit(e->what) : 1, cycle);
	}
}
