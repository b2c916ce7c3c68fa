// SPDX-License-Identifier: GPL-2.0
/*
 * The functions that -fsanitize=thread has the compiler call: not to detect data races, but
 * to have a hook at every access. The interface is that of GCC's tsan.def, as in
 * kernel/kcsan/core.c.
 */
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "access.h"
#include "barrier.h"
#include "block.h"
#include "filter.h"

static tkfi_access_fn watcher;
static void *watcher_arg;

#define SIZE(what)	((what) % TKFI_ATOMIC)

/* The watcher's own accesses are not to be reported. */
static void tell_watcher(const struct tkfi_access *access)
{
	struct tkfi_vcpu *vcpu = tkfi_current;

	tkfi_current = NULL;
	watcher(access, watcher_arg);
	tkfi_current = vcpu;
}

/* The section of __tkfi_own variables. */
extern const char __start_tkfi_own[], __stop_tkfi_own[];

static void tell(const void *addr, unsigned int what, unsigned long ip,
		 unsigned int vcpu)
{
	const struct tkfi_access access = {
		.addr = addr,
		.ip = ip,
		.size = SIZE(what),
		.store = what & TKFI_STORE,
		.is_volatile = what & TKFI_VOLATILE,
		.is_atomic = what & TKFI_ATOMIC,
		.is_block = what & TKFI_BLOCK,
		.vcpu = vcpu,
	};

	if (addr < (const void *)__start_tkfi_own || addr >= (const void *)__stop_tkfi_own)
		tell_watcher(&access);
}

/*
 * Aggregates that the compiler has said it is about to copy, the store before the load.
 * If they are big it then calls tkfi_block_copy() or tkfi_block_set(), which report each word.
 * If they are small it has no call between their words: nobody sees the copy half done. So
 * these must not be in memory that others access. The watcher is told of them at the next
 * access; unreported.c objects. Nothing but private accesses comes between.
 */
static struct block {
	const void *addr;
	size_t size;
	unsigned long ip;
	unsigned int vcpu;
	bool store;
} blocks[2];

static unsigned int nr_blocks;

/* The size of the access after @done bytes of a block: a word, or one of the last bytes. */
static size_t width_at(size_t done, size_t size)
{
	return size - done >= sizeof(u64) ? sizeof(u64) : 1;
}

/* No call came for these. */
static void tell_blocks(void)
{
	const struct block *block = blocks;
	size_t i;

	for (; block < blocks + nr_blocks; block++) {
		unsigned int what = TKFI_BLOCK | (block->store ? TKFI_STORE : 0);

		for (i = 0; i < block->size; i += width_at(i, block->size))
			tell(block->addr + i, width_at(i, block->size) | what,
			     block->ip, block->vcpu);
	}
	nr_blocks = 0;
}

void tkfi_access_watch(tkfi_access_fn fn, void *arg)
{
	if (watcher)
		tell_blocks();
	watcher = fn;
	watcher_arg = arg;
}

static void begin_block(const void *addr, size_t size, bool store, unsigned long ip)
{
	const struct block block = {
		.addr = addr,
		.size = size,
		.ip = ip,
		.vcpu = tkfi_current_id(),
		.store = store,
	};

	/* A load goes with the store before it. */
	if (store || nr_blocks == ARRAY_SIZE(blocks) ||
	    (nr_blocks && (!blocks[0].store || blocks[0].size != size)))
		tell_blocks();
	blocks[nr_blocks++] = block;
}

/* The call has come; for what else was said there is none. */
static void end_block(const void *to, const void *from, size_t size)
{
	unsigned int i, nr = nr_blocks;

	for (i = 0, nr_blocks = 0; i < nr; i++) {
		if (blocks[i].addr != (blocks[i].store ? to : from) ||
		    blocks[i].size != size)
			blocks[nr_blocks++] = blocks[i];
	}
	tell_blocks();
}

/* The watcher is called when the VCPU is chosen: others may execute before that. */
static noinline void use(const void *addr, unsigned int what, unsigned long ip)
{
	if (watcher)
		tell_blocks();
	if (!watcher ||
	    !tkfi_is_private(addr, SIZE(what), tkfi_mask(what & TKFI_STORE)))
		tkfi_use(addr, SIZE(what), what & TKFI_STORE, what & TKFI_VOLATILE,
			 ip);
	if (watcher)
		tell(addr, what, ip, tkfi_current_id());
}

/* The fast path: most accesses are private, and take most of the time. */
static __always_inline void report(const void *addr, unsigned int what,
				   unsigned long ip)
{
	if (unlikely(watcher) ||
	    !tkfi_is_private(addr, SIZE(what), tkfi_mask(what & TKFI_STORE)))
		use(addr, what, ip);
}

__diag_push();
__diag_ignore_all("-Wmissing-prototypes", "Only the compiler calls these");

#define HOOK(name, what)						\
void name(void *addr)							\
{									\
	if (unlikely(tkfi_current))					\
		report(addr, what, _RET_IP_);				\
}

#define HOOKS(size)							\
	HOOK(__tsan_read##size, size)					\
	HOOK(__tsan_write##size, size | TKFI_STORE)			\
	HOOK(__tsan_unaligned_read##size, size)				\
	HOOK(__tsan_unaligned_write##size, size | TKFI_STORE)		\
	HOOK(__tsan_volatile_read##size, size | TKFI_VOLATILE)		\
	HOOK(__tsan_volatile_write##size, size | TKFI_STORE | TKFI_VOLATILE) \
	HOOK(__tsan_unaligned_volatile_read##size, size | TKFI_VOLATILE) \
	HOOK(__tsan_unaligned_volatile_write##size,			\
	     size | TKFI_STORE | TKFI_VOLATILE)

HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)

/* Called by a constructor in every instrumented file. */
void __tsan_init(void)
{
}

void __tsan_read_range(void *addr, size_t size)
{
	if (unlikely(watcher && tkfi_current))
		begin_block(addr, size, false, _RET_IP_);
}

void __tsan_write_range(void *addr, size_t size)
{
	if (unlikely(watcher && tkfi_current))
		begin_block(addr, size, true, _RET_IP_);
}

__diag_pop();

void tkfi_atomic(const void *addr, size_t size)
{
	if (unlikely(tkfi_current))
		report(addr, size | TKFI_STORE | TKFI_ATOMIC, _RET_IP_);
}

/* No scheduling point: execution is sequentially consistent. */
void tkfi_barrier(const char *name)
{
	if (unlikely(watcher && tkfi_current))
		tell_watcher(&(struct tkfi_access){
			.barrier = name,
			.ip = _RET_IP_,
			.vcpu = tkfi_current_id(),
		});
}

static void copy_word(void *to, const void *from, size_t size)
{
	if (size == sizeof(u64))
		*(u64 *)to = *(const u64 *)from;
	else
		*(u8 *)to = *(const u8 *)from;
}

static void copy(void *to, const void *from, size_t size, unsigned long ip)
{
	size_t i;

	for (i = 0; i < size; i += width_at(i, size)) {
		report(from + i, width_at(i, size), ip);
		report(to + i, width_at(i, size) | TKFI_STORE, ip);
		copy_word(to + i, from + i, width_at(i, size));
	}
}

static void set(void *to, int byte, size_t size, unsigned long ip)
{
	u64 word;
	size_t i;

	memset(&word, byte, sizeof(word));
	for (i = 0; i < size; i += width_at(i, size)) {
		report(to + i, width_at(i, size) | TKFI_STORE, ip);
		copy_word(to + i, &word, width_at(i, size));
	}
}

static bool copy_is_plain(const void *to, const void *from, size_t size)
{
	return !tkfi_current || (!watcher && tkfi_copy_is_private(to, from, size));
}

static bool set_is_plain(const void *to, size_t size)
{
	return !tkfi_current ||
	       (!watcher && tkfi_is_private(to, size, tkfi_mask(true)));
}

void *tkfi_memcpy(void *to, const void *from, size_t size)
{
	if (copy_is_plain(to, from, size))
		return memcpy(to, from, size);
	copy(to, from, size, _RET_IP_);
	return to;
}

void *tkfi_memset(void *to, int byte, size_t size)
{
	if (set_is_plain(to, size))
		return memset(to, byte, size);
	set(to, byte, size, _RET_IP_);
	return to;
}

void *tkfi_block_copy(void *to, const void *from, size_t size)
{
	if (copy_is_plain(to, from, size))
		return memcpy(to, from, size);
	end_block(to, from, size);
	copy(to, from, size, _RET_IP_);
	return to;
}

void *tkfi_block_set(void *to, int byte, size_t size)
{
	if (set_is_plain(to, size))
		return memset(to, byte, size);
	end_block(to, NULL, size);
	set(to, byte, size, _RET_IP_);
	return to;
}
