// SPDX-License-Identifier: GPL-2.0
/* Stacks for stackful coroutines; switch_stack.S goes from one to another. */
#include <linux/gfp.h>
#include <linux/sched.h>
#include <linux/stddef.h>

#include "switch.h"

static_assert(offsetof(struct tkfi_context, sp) == 0);

/* What tkfi_switch() pops from a stack that has never run; the registers do not matter. */
struct tkfi_first_frame {
	unsigned long regs[6];
	void (*entry)(void);
	unsigned long no_return_address;
};

void *tkfi_stack_alloc(void)
{
	return (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO,
					THREAD_SIZE_ORDER);
}

void tkfi_stack_free(void *stack)
{
	free_pages((unsigned long)stack, THREAD_SIZE_ORDER);
}

void tkfi_context_init(struct tkfi_context *ctx, void (*entry)(void))
{
	struct tkfi_first_frame *frame;

#ifndef CONFIG_THREAD_INFO_IN_TASK
	struct thread_info *info = ctx->stack;

	/* Without the floating-point registers: 2.7 KiB that nobody here uses. */
	info->task = current_thread_info()->task;
	info->flags = current_thread_info()->flags;
	info->cpu = current_thread_info()->cpu;
	info->preempt_count = current_thread_info()->preempt_count;
	info->real_thread = current_thread_info()->real_thread;
#endif
	/* After the ret, rsp is 8 modulo 16, as after any call. */
	frame = ctx->stack + THREAD_SIZE - sizeof(*frame);
	frame->entry = entry;
	frame->no_return_address = 0;
	ctx->sp = (unsigned long)frame;
}
