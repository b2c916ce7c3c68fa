// SPDX-License-Identifier: GPL-2.0
#include <linux/hash.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "names.h"

#define NAME_BITS	9

/* By address: where the hash says, or after it. A name from kallsyms lies in text[]. */
static struct named {
	const void *addr;
	const char *name;
	char text[48];
} names[BIT(NAME_BITS)];

static unsigned int nr_names;

/* The place of an address: that is its name's, or free. */
static struct named *place_of(const void *addr)
{
	unsigned int at = hash_ptr(addr, NAME_BITS);

	while (names[at].addr && names[at].addr != addr)
		at = (at + 1) % ARRAY_SIZE(names);
	return &names[at];
}

/* One place stays free. */
static bool is_full(void)
{
	return nr_names == ARRAY_SIZE(names) - 1;
}

void tkfi_name_add(const void *addr, const char *name)
{
	struct named *named = place_of(addr);

	if (!named->addr) {
		if (WARN_ON_ONCE(is_full()))
			return;
		named->addr = addr;
		nr_names++;
	}
	named->name = name;
}

const char *tkfi_name_given(const void *addr)
{
	const struct named *named = place_of(addr);

	return named->name == named->text ? NULL : named->name;
}

const char *tkfi_name(const void *addr)
{
	struct named *named = place_of(addr);
	char symbol[KSYM_SYMBOL_LEN];

	if (named->addr)
		return named->name;
	if (is_full())
		return "(too many names)";

	sprint_symbol_no_offset(symbol, (unsigned long)addr);
	strscpy(named->text, symbol, sizeof(named->text));
	named->addr = addr;
	named->name = named->text;
	nr_names++;
	return named->name;
}
