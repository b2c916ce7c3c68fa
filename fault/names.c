// SPDX-License-Identifier: GPL-2.0
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "names.h"

#define TKFI_NAMES	64

/* A name that came from kallsyms lies in text[]. */
static struct {
	const void *addr;
	const char *name;
	char text[48];
} tkfi_names[TKFI_NAMES];

static int tkfi_nr_names;

void tkfi_name_add(const void *addr, const char *name)
{
	int i;

	for (i = 0; i < tkfi_nr_names; i++) {
		if (tkfi_names[i].addr == addr) {
			tkfi_names[i].name = name;
			return;
		}
	}
	if (WARN_ON_ONCE(tkfi_nr_names == TKFI_NAMES))
		return;
	tkfi_names[tkfi_nr_names].addr = addr;
	tkfi_names[tkfi_nr_names++].name = name;
}

static const char *find(const void *addr, bool given)
{
	int i;

	for (i = 0; i < tkfi_nr_names; i++)
		if (tkfi_names[i].addr == addr &&
		    !(given && tkfi_names[i].name == tkfi_names[i].text))
			return tkfi_names[i].name;
	return NULL;
}

const char *tkfi_name_given(const void *addr)
{
	return find(addr, true);
}

const char *tkfi_name(const void *addr)
{
	const char *name = find(addr, false);
	char symbol[KSYM_SYMBOL_LEN];
	int i;

	if (name)
		return name;
	if (tkfi_nr_names == TKFI_NAMES)
		return "(too many names)";

	sprint_symbol_no_offset(symbol, (unsigned long)addr);
	i = tkfi_nr_names++;
	strscpy(tkfi_names[i].text, symbol, sizeof(tkfi_names[i].text));
	tkfi_names[i].addr = addr;
	tkfi_names[i].name = tkfi_names[i].text;
	return tkfi_names[i].name;
}
