// hot: `runFilter` runs once per packet.
import { FilterError } from './capture-error.ts';

/** A checked classic BPF program: every opcode is known, every jump and every scratch address lies inside. */
export interface BpfProgram {
  /** Four words per instruction: operation (below), jump if true, jump if false (both word indexes), constant. */
  readonly code: Int32Array;
  /** Scratch words must be 0 at the start of every packet. */
  readonly usesMemory: boolean;
}

/** Longest program that is taken: 64 KiB of memory; libpcap's filters rarely pass a few hundred instructions. */
const MAX_INSTRUCTIONS = 4096;
/** libpcap's own bound (bpf_filter.c); only `ip6 protochain` jumps back. */
const MAX_BACKWARD_JUMPS = 64;
const SCRATCH_WORDS = 16;

// Operations, numbered without holes so that the interpreter's switch becomes a jump table.
const RET_K = 0;
const RET_A = 1;
const LD_W_ABS = 2;
const LD_H_ABS = 3;
const LD_B_ABS = 4;
const LD_LEN = 5;
const LDX_LEN = 6;
const LD_W_IND = 7;
const LD_H_IND = 8;
const LD_B_IND = 9;
const LDX_MSH = 10;
const LD_IMM = 11;
const LDX_IMM = 12;
const LD_MEM = 13;
const LDX_MEM = 14;
const ST = 15;
const STX = 16;
const JA = 17;
const JGT_K = 18;
const JGE_K = 19;
const JEQ_K = 20;
const JSET_K = 21;
const JGT_X = 22;
const JGE_X = 23;
const JEQ_X = 24;
const JSET_X = 25;
const ADD_X = 26;
const SUB_X = 27;
const MUL_X = 28;
const DIV_X = 29;
const MOD_X = 30;
const AND_X = 31;
const OR_X = 32;
const XOR_X = 33;
const LSH_X = 34;
const RSH_X = 35;
const ADD_K = 36;
const MUL_K = 37;
const DIV_K = 38;
const MOD_K = 39;
const AND_K = 40;
const OR_K = 41;
const XOR_K = 42;
const LSH_K = 43;
const RSH_K = 44;
const NEG = 45;
const TAX = 46;
const TXA = 47;
const SUB_K = 48;

/** Opcode in a program (class | size | mode or operation | source, McCanne and Jacobson 1993; pcap/bpf.h) → operation. */
const OPERATIONS: ReadonlyMap<number, number> = new Map([
  [0x06, RET_K],
  [0x16, RET_A],
  [0x20, LD_W_ABS],
  [0x28, LD_H_ABS],
  [0x30, LD_B_ABS],
  [0x80, LD_LEN],
  [0x81, LDX_LEN],
  [0x40, LD_W_IND],
  [0x48, LD_H_IND],
  [0x50, LD_B_IND],
  [0xb1, LDX_MSH],
  [0x00, LD_IMM],
  [0x01, LDX_IMM],
  [0x60, LD_MEM],
  [0x61, LDX_MEM],
  [0x02, ST],
  [0x03, STX],
  [0x05, JA],
  [0x25, JGT_K],
  [0x35, JGE_K],
  [0x15, JEQ_K],
  [0x45, JSET_K],
  [0x2d, JGT_X],
  [0x3d, JGE_X],
  [0x1d, JEQ_X],
  [0x4d, JSET_X],
  [0x0c, ADD_X],
  [0x1c, SUB_X],
  [0x2c, MUL_X],
  [0x3c, DIV_X],
  [0x9c, MOD_X],
  [0x5c, AND_X],
  [0x4c, OR_X],
  [0xac, XOR_X],
  [0x6c, LSH_X],
  [0x7c, RSH_X],
  [0x04, ADD_K],
  [0x14, SUB_K],
  [0x24, MUL_K],
  [0x34, DIV_K],
  [0x94, MOD_K],
  [0x54, AND_K],
  [0x44, OR_K],
  [0xa4, XOR_K],
  [0x64, LSH_K],
  [0x74, RSH_K],
  [0x84, NEG],
  [0x07, TAX],
  [0x87, TXA],
]);

/**
 * Checks a program in the form of `tcpdump -ddd`: the number of instructions, then one line `code jt jf k` for each, all
 * unsigned decimal. Throws FilterError where the program is not one that can be run safely.
 */
export function parseBpf(text: string): BpfProgram {
  const lines = text.trim().split('\n');
  const count = Number(lines[0]);
  if (!Number.isInteger(count) || count < 1 || count > MAX_INSTRUCTIONS || lines.length !== count + 1) {
    throw new FilterError(`the compiled filter has ${lines[0]} instructions, at most ${MAX_INSTRUCTIONS} are run`);
  }
  const code = new Int32Array(count * 4);
  let usesMemory = false;
  for (let i = 0; i < count; i++) {
    const fields = (lines[i + 1] as string).split(' ').map(Number);
    const [opcode = -1, onTrue = -1, onFalse = -1, constant = -1] = fields;
    const operation = OPERATIONS.get(opcode);
    const bad = () => new FilterError(`the compiled filter has an instruction that is not known: ${lines[i + 1]}`);
    if (operation === undefined || fields.length !== 4 || !fields.every((f) => Number.isInteger(f) && f >= 0))
      throw bad();
    const k = constant | 0;
    // JA carries its signed distance in the constant.
    const jumpTrue = operation === JA ? i + 1 + k : i + 1 + onTrue;
    const jumpFalse = i + 1 + onFalse;
    if (operation >= JA && operation <= JSET_X) {
      if (jumpTrue < 0 || jumpTrue >= count || jumpTrue === i || jumpFalse >= count) throw bad();
    } else if (i + 1 === count && operation !== RET_K && operation !== RET_A) throw bad();
    if (operation >= LD_MEM && operation <= STX) {
      if (k < 0 || k >= SCRATCH_WORDS) throw bad();
      usesMemory = true;
    }
    code.set([operation, jumpTrue * 4, jumpFalse * 4, k], i * 4);
  }
  return { code, usesMemory };
}

const scratch = new Int32Array(SCRATCH_WORDS);

/**
 * Runs `program` on the packet [off, end) with libpcap's meaning (bpf_filter.c): unsigned 32-bit arithmetic, big-endian
 * loads; a load outside the captured bytes or a division by zero rejects. `originalLength` is what `len` and `greater`
 * compare. The kernel's own extensions (negative load addresses) reject, as they do in libpcap on a file.
 */
export function runFilter(
  program: BpfProgram,
  view: DataView,
  off: number,
  end: number,
  originalLength: number,
): boolean {
  const code = program.code;
  const length = end - off;
  if (program.usesMemory) scratch.fill(0);
  let a = 0;
  let x = 0;
  let backward = 0;
  let pc = 0;
  for (;;) {
    const k = code[pc + 3] as number;
    switch (code[pc]) {
      case RET_K:
        return k !== 0;
      case RET_A:
        return a !== 0;
      case LD_W_ABS:
        if (k < 0 || k > length - 4) return false;
        a = view.getInt32(off + k);
        break;
      case LD_H_ABS:
        if (k < 0 || k > length - 2) return false;
        a = view.getUint16(off + k);
        break;
      case LD_B_ABS:
        if (k < 0 || k >= length) return false;
        a = view.getUint8(off + k);
        break;
      case LD_LEN:
        a = originalLength | 0;
        break;
      case LDX_LEN:
        x = originalLength | 0;
        break;
      case LD_W_IND:
        if (k < 0 || x < 0 || x > length - 4 - k) return false;
        a = view.getInt32(off + x + k);
        break;
      case LD_H_IND:
        if (k < 0 || x < 0 || x > length - 2 - k) return false;
        a = view.getUint16(off + x + k);
        break;
      case LD_B_IND:
        if (k < 0 || x < 0 || x > length - 1 - k) return false;
        a = view.getUint8(off + x + k);
        break;
      case LDX_MSH:
        if (k < 0 || k >= length) return false;
        x = (view.getUint8(off + k) & 0x0f) << 2;
        break;
      case LD_IMM:
        a = k;
        break;
      case LDX_IMM:
        x = k;
        break;
      case LD_MEM:
        a = scratch[k] as number;
        break;
      case LDX_MEM:
        x = scratch[k] as number;
        break;
      case ST:
        scratch[k] = a;
        break;
      case STX:
        scratch[k] = x;
        break;
      case JA:
        if (k < 0 && backward++ >= MAX_BACKWARD_JUMPS) return false;
        pc = code[pc + 1] as number;
        continue;
      case JGT_K:
        pc = code[a >>> 0 > k >>> 0 ? pc + 1 : pc + 2] as number;
        continue;
      case JGE_K:
        pc = code[a >>> 0 >= k >>> 0 ? pc + 1 : pc + 2] as number;
        continue;
      case JEQ_K:
        pc = code[a === k ? pc + 1 : pc + 2] as number;
        continue;
      case JSET_K:
        pc = code[(a & k) !== 0 ? pc + 1 : pc + 2] as number;
        continue;
      case JGT_X:
        pc = code[a >>> 0 > x >>> 0 ? pc + 1 : pc + 2] as number;
        continue;
      case JGE_X:
        pc = code[a >>> 0 >= x >>> 0 ? pc + 1 : pc + 2] as number;
        continue;
      case JEQ_X:
        pc = code[a === x ? pc + 1 : pc + 2] as number;
        continue;
      case JSET_X:
        pc = code[(a & x) !== 0 ? pc + 1 : pc + 2] as number;
        continue;
      case ADD_X:
        a = (a + x) | 0;
        break;
      case SUB_X:
        a = (a - x) | 0;
        break;
      case MUL_X:
        a = Math.imul(a, x);
        break;
      case DIV_X:
        if (x === 0) return false;
        a = ((a >>> 0) / (x >>> 0)) | 0;
        break;
      case MOD_X:
        if (x === 0) return false;
        a = ((a >>> 0) % (x >>> 0)) | 0;
        break;
      case AND_X:
        a &= x;
        break;
      case OR_X:
        a |= x;
        break;
      case XOR_X:
        a ^= x;
        break;
      case LSH_X:
        a = x >>> 0 < 32 ? a << x : 0;
        break;
      case RSH_X:
        a = x >>> 0 < 32 ? (a >>> x) | 0 : 0;
        break;
      case ADD_K:
        a = (a + k) | 0;
        break;
      case SUB_K:
        a = (a - k) | 0;
        break;
      case MUL_K:
        a = Math.imul(a, k);
        break;
      case DIV_K:
        if (k === 0) return false;
        a = ((a >>> 0) / (k >>> 0)) | 0;
        break;
      case MOD_K:
        if (k === 0) return false;
        a = ((a >>> 0) % (k >>> 0)) | 0;
        break;
      case AND_K:
        a &= k;
        break;
      case OR_K:
        a |= k;
        break;
      case XOR_K:
        a ^= k;
        break;
      case LSH_K:
        a = k >>> 0 < 32 ? a << k : 0;
        break;
      case RSH_K:
        a = k >>> 0 < 32 ? (a >>> k) | 0 : 0;
        break;
      case NEG:
        a = -a | 0;
        break;
      case TAX:
        x = a;
        break;
      case TXA:
        a = x;
        break;
      default:
        return false;
    }
    pc += 4;
  }
}
