import { describe, expect, it } from 'vitest';
import { CODE, CONSTANT, DATA, SIGNAL, type Case } from './case.ts';
import { runOnHost, whyNoOracle } from './native.ts';

const reason = whyNoOracle();

function caseOf(code: readonly number[], change: Partial<Case> = {}): Case {
  const fxsave = new Uint8Array(512);
  new DataView(fxsave.buffer).setUint16(0, 0x37f, true);
  new DataView(fxsave.buffer).setUint32(24, 0x1f80, true);
  return {
    codeAddr: CODE.addr,
    code: Uint8Array.from(code),
    gpr: new BigUint64Array(16),
    rflags: 0x202n,
    fxsave,
    memory: [],
    operandAddr: 0n,
    ...change,
  };
}

describe.skipIf(reason !== '')(`host oracle ${reason}`, () => {
  it('ends with the trap behind the last instruction and its result', () => {
    const gpr = new BigUint64Array(16);
    gpr[0] = 0xffff_ffff_ffff_ffffn;
    gpr[4] = 4n; // rsp is the guest's own, even when it points nowhere
    const [ending] = runOnHost([caseOf([0x48, 0x01, 0xe0], { gpr })]); // add rax, rsp
    expect(ending).toMatchObject({ signal: SIGNAL.TRAP, rip: BigInt(CODE.addr + 4), changes: [] });
    expect(ending.gpr[0]).toBe(3n);
    expect(ending.rflags & 0x8d5n).toBe(0x15n); // CF PF AF
  });

  it('tells memory that changed and nothing else', () => {
    const gpr = new BigUint64Array(16);
    gpr[7] = BigInt(DATA.addr + DATA.sizeBytes - 4);
    const memory = [{ addr: DATA.addr + DATA.sizeBytes - 4, bytes: Uint8Array.of(1, 0, 3, 4) }];
    const [ending] = runOnHost([caseOf([0x89, 0x07], { gpr, memory })]); // mov [rdi], eax
    const at = DATA.addr + DATA.sizeBytes - 4;
    expect(ending.changes).toEqual([
      { addr: at, bytes: Uint8Array.of(0) },
      { addr: at + 2, bytes: Uint8Array.of(0, 0) },
    ]);
  });

  it('reports faults with address, access and the instruction', () => {
    const gpr = new BigUint64Array(16);
    gpr[7] = BigInt(CONSTANT.addr);
    const endings = runOnHost([
      caseOf([0x90, 0x89, 0x07], { gpr }), // nop; mov [rdi], eax: read-only
      caseOf([0x8b, 0x06]), // mov eax, [rsi]: null
      caseOf([0xf7, 0xf0]), // div eax: by zero
      caseOf([0x0f, 0x0b]), // ud2
      caseOf([0xeb, 0xfe]), // jmp to itself
      caseOf([0x0f, 0x28, 0x07], { gpr: gpr.map((value, i) => (i === 7 ? value + 1n : value)) }), // movaps xmm0, [rdi+1]
    ]);
    expect(
      endings.map(({ signal, vector, rip, errorCode }) => [signal, vector, Number(rip) - CODE.addr, errorCode]),
    ).toEqual([
      [SIGNAL.SEGV, 14, 1, 7],
      [SIGNAL.SEGV, 14, 0, 4],
      [SIGNAL.FPE, 0, 0, 0],
      [SIGNAL.ILL, 6, 0, 0],
      [SIGNAL.VTALRM, 0, 0, 0],
      [SIGNAL.SEGV, 13, 0, 0],
    ]);
    expect(endings[0].faultAddr).toBe(BigInt(CONSTANT.addr));
  });

  it('starts from and returns the x87, MXCSR and XMM state', () => {
    const start = caseOf([0x0f, 0x58, 0xc1, 0xd9, 0xe8]); // addps xmm0, xmm1; fld1
    const data = new DataView(start.fxsave.buffer);
    data.setFloat32(160, 1.5, true);
    data.setFloat32(176, 0.1, true);
    const [ending] = runOnHost([start]);
    const end = new DataView(ending.fxsave.buffer);
    expect(end.getFloat32(160, true)).toBe(Math.fround(1.5 + Math.fround(0.1)));
    expect(end.getUint32(24, true) & 0x3f).toBe(0x20); // precision
    expect([end.getBigUint64(32, true), end.getUint16(40, true), end.getUint8(4)]).toEqual([2n ** 63n, 0x3fff, 0x80]);
  });
});
