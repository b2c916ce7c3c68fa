/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The System V ABI for x86-64: rbx, rbp and r12-r15 belong to the caller. UML's
 * kernel code keeps nothing in vector registers.
 */
#include <linux/linkage.h>

/* void tkfi_switch(struct tkfi_context *from, struct tkfi_context *to) */
SYM_FUNC_START(tkfi_switch)
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, (%rdi)	/* from->sp */
	movq	(%rsi), %rsp	/* to->sp */
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
SYM_FUNC_END(tkfi_switch)

	.section .note.GNU-stack, "", @progbits
