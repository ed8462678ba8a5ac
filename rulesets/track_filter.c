/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which events need not wake us: the kernel asks this program (a classic BPF
 * filter) before it queues one. Most of what it says of a flow changes no
 * count: a status, an answer's first packet, a TCP state that counts as the one
 * before it. Of a TCP flow's eight events six remain, of a UDP flow's four two.
 *
 * Invariant: dropped are only changes that packets made (not those by netlink,
 * which may go from any state to any), and only such that
 *  - say no TCP state, or
 *  - say SYN_RECV: packets make it from SYN_SENT only, which counts the same;
 *  - say LAST_ACK: it comes after FIN_WAIT and CLOSE_WAIT, which count the
 *    same, and of which one was told.
 * CLOSE_WAIT is not dropped, though it follows FIN_WAIT: an event says the
 * state as it is when it is made, so that the one of FIN_WAIT may already say
 * CLOSE_WAIT, when an acknowledgement overtakes it on another processor.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stddef.h>
#include <sys/socket.h>

#include "rulesets/track_impl.h"

#define AT(field) offsetof(struct nlmsghdr, field)
#define ATTRS     (NLMSG_HDRLEN + sizeof(struct nfgenmsg))

/* Loads swap bytes as for a network's numbers; these are the host's. */
#define HOST16(n) (htons(n))

#define LOAD16(at)         BPF_STMT(BPF_LD | BPF_H | BPF_ABS, at)
#define LOAD32(at)         BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at)
#define LOAD8_AT_X(at)     BPF_STMT(BPF_LD | BPF_B | BPF_IND, at)
#define MOVE_TO_X          BPF_STMT(BPF_MISC | BPF_TAX, 0)
#define SET(k)             BPF_STMT(BPF_LD | BPF_IMM, k)
#define SET_X(k)           BPF_STMT(BPF_LDX | BPF_IMM, k)
#define RETURN(k)          BPF_STMT(BPF_RET | BPF_K, k)
#define IF(op, k, yes, no) BPF_JUMP(BPF_JMP | (op) | BPF_K, k, yes, no)
/* A: where attribute X is, from A on, or inside that at A; 0: nowhere */
#define EXTENSION(at) BPF_STMT(BPF_LD | BPF_B | BPF_ABS, SKF_AD_OFF + (at))
#define FIND          EXTENSION(SKF_AD_NLATTR)
#define INSIDE        EXTENSION(SKF_AD_NLATTR_NEST)

/* From instruction @i to the last ones. */
#define TAKE          20
#define DROP          21
#define TO(target, i) ((target) - (i)-1)

int track_filter(int fd)
{
	struct sock_filter code[] = {
		[0] = LOAD16(AT(nlmsg_type)),
		[1] = IF(BPF_JEQ,
			 HOST16(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW),
			 0, TO(TAKE, 1)),
		[2] = LOAD16(AT(nlmsg_flags)),
		[3] = IF(BPF_JSET, HOST16(NLM_F_CREATE), TO(TAKE, 3), 0),
		[4] = LOAD32(AT(nlmsg_pid)),
		[5] = IF(BPF_JEQ, 0, 0, TO(TAKE, 5)),
		[6] = SET(ATTRS),
		[7] = SET_X(CTA_PROTOINFO),
		[8] = FIND,
		[9] = IF(BPF_JEQ, 0, TO(DROP, 9), 0),
		[10] = SET_X(CTA_PROTOINFO_TCP),
		[11] = INSIDE,
		[12] = IF(BPF_JEQ, 0, TO(DROP, 12), 0),
		[13] = SET_X(CTA_PROTOINFO_TCP_STATE),
		[14] = INSIDE,
		[15] = IF(BPF_JEQ, 0, TO(TAKE, 15), 0),
		[16] = MOVE_TO_X,
		[17] = LOAD8_AT_X(NLA_HDRLEN),
		[18] = IF(BPF_JEQ, TCP_CONNTRACK_SYN_RECV, TO(DROP, 18), 0),
		[19] = IF(BPF_JEQ, TCP_CONNTRACK_LAST_ACK, TO(DROP, 19), 0),
		[TAKE] = RETURN(UINT32_MAX),
		[DROP] = RETURN(0),
	};
	struct sock_fprog program = {
		.len = sizeof(code) / sizeof(*code),
		.filter = code,
	};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			  sizeof(program)) < 0
		   ? -errno
		   : 0;
}
