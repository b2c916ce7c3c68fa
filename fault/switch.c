// SPDX-License-Identifier: GPL-2.0
/*
 * Stackful coroutines for x86-64 (System V ABI: rbx, rbp and r12-r15 belong to
 * the caller; UML's kernel code keeps nothing in vector registers).
 */
#include <linux/gfp.h>
#include <linux/linkage.h>
#include <linux/sched.h>
#include <linux/stddef.h>

#include "switch.h"

static_assert(offsetof(struct tkfi_context, sp) == 0);

asm(".pushsection .text\n"
    ".globl tkfi_switch\n"
    ".type tkfi_switch, @function\n"
    "tkfi_switch:\n"
    "	pushq %rbp\n"
    "	pushq %rbx\n"
    "	pushq %r12\n"
    "	pushq %r13\n"
    "	pushq %r14\n"
    "	pushq %r15\n"
    "	movq %rsp, (%rdi)\n"
    "	movq (%rsi), %rsp\n"
    "	popq %r15\n"
    "	popq %r14\n"
    "	popq %r13\n"
    "	popq %r12\n"
    "	popq %rbx\n"
    "	popq %rbp\n"
    "	ret\n"
    ".size tkfi_switch, . - tkfi_switch\n"
    ".popsection\n");

/* What tkfi_switch() pops from a stack that has never run. */
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
	*(struct thread_info *)ctx->stack = *current_thread_info();
#endif
	/* After the ret, rsp is 8 modulo 16, as after any call. */
	frame = ctx->stack + THREAD_SIZE - sizeof(*frame);
	*frame = (struct tkfi_first_frame){ .entry = entry };
	ctx->sp = (unsigned long)frame;
}
