import { afterEach, describe, expect, it, vi } from 'vitest';
import { WasmRuntime } from '../backends/wasm/runtime/runtime.ts';
import { createCpu, type CpuOptions } from '../create-cpu.ts';
import { type Cpu, type CpuState, REG } from '../cpu.ts';
import { AddressSpace } from '../memory/address-space.ts';
import { compileFlat } from '../testing/compile.ts';
import { CodeBudget } from './code-budget.ts';

const CODE = 0x40_0000;
const STACK_TOP = 0x80_0000;
const STACK_BYTES = 0x20_0000;
const ports = { timestamp: () => 0, entropy: (dst: Uint8Array): void => void dst.fill(1) };

function machine(code: Uint8Array, options: Partial<CpuOptions> = {}): { cpu: Cpu; state: CpuState } {
  const space = new AddressSpace();
  space.protect(CODE, 0x1_0000, 7);
  space.protect(STACK_TOP - STACK_BYTES, STACK_BYTES, 3);
  space.u8.set(code, CODE);
  const cpu = createCpu(space, { engine: 'js', ports, ...options });
  const state = cpu.createState();
  state.rip = BigInt(CODE);
  state.setNumber(REG.RSP, STACK_TOP - 64);
  return { cpu, state };
}

/** Calls of a recursion, `depth` deep, `times` over; the sum is in RDI at the system call. */
const RECURSION = (depth: number, times: number): Uint8Array =>
  compileFlat(
    `__attribute__((noinline, optimize("no-optimize-sibling-calls"))) static unsigned long down(unsigned long n) {
       unsigned long rest = n ? down(n - 1) : 0; __asm__ volatile("" : "+r"(rest)); return rest + n; }
     __attribute__((section(".text.start"))) void _start(void) {
       unsigned long sum = 0;
       for (int i = 0; i < ${times}; i++) sum += down(${depth});
       __asm__ volatile("syscall" :: "D"(sum)); for (;;); }`,
    CODE,
    ['-O1'],
  );

function runToSyscall(cpu: Cpu, state: CpuState): bigint {
  for (;;) {
    const exit = cpu.run(state, 10_000);
    if (exit.kind === 'syscall') return state.get64(REG.RDI);
    expect(exit.kind).toBe('budget');
  }
}

describe('translating executor', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it('compiles no block before it has proven warm', () => {
    const { cpu, state } = machine(RECURSION(3, 1));
    runToSyscall(cpu, state);
    expect(cpu.statistics.regionsCompiled).toBe(0);
    const again = machine(RECURSION(20, 20));
    runToSyscall(again.cpu, again.state);
    expect(again.cpu.statistics.regionsCompiled).toBeGreaterThan(0);
  });

  it('recursion far deeper than the host lets functions nest comes back right, in slices of fuel', () => {
    const { cpu, state } = machine(RECURSION(50_000, 3), { translation: { warmUp: 0 } });
    expect(runToSyscall(cpu, state)).toBe(3n * ((50_000n * 50_001n) / 2n));
  });

  it.each(['js', 'wasm'] as const)(
    'dropping code of engine %s when the cache is full leaves no dangling links',
    (engine) => {
      const { cpu, state } = machine(RECURSION(40, 300), { engine, translation: { warmUp: 2, sizeLimit: 1 } });
      expect(runToSyscall(cpu, state)).toBe(300n * 820n);
      expect(cpu.statistics.flushes).toBeGreaterThan(0);
    },
  );

  it('when all spaces of a machine have too much, what was compiled longest ago goes, whoever it belongs to', () => {
    const alone = machine(RECURSION(40, 300), { engine: 'wasm', translation: { warmUp: 2 } });
    runToSyscall(alone.cpu, alone.state);
    const codeBudget = new CodeBudget(1.5 * alone.cpu.statistics.live.bytes);
    const [sleeping, busy] = Array.from({ length: 2 }, () =>
      machine(RECURSION(40, 300), { engine: 'wasm', codeBudget, translation: { warmUp: 2 } }),
    );
    expect(runToSyscall(sleeping.cpu, sleeping.state)).toBe(300n * 820n);
    expect(sleeping.cpu.statistics.flushes).toBe(0);
    expect(runToSyscall(busy.cpu, busy.state)).toBe(300n * 820n);
    // One more batch: room is made when code is compiled.
    const more = machine(RECURSION(40, 300), { engine: 'wasm', codeBudget, translation: { warmUp: 2 } });
    runToSyscall(more.cpu, more.state);
    expect(sleeping.cpu.statistics.live.bytes).toBe(0);
    expect(more.cpu.statistics.live.bytes).toBeGreaterThan(0);
    sleeping.state.rip = BigInt(CODE);
    expect(runToSyscall(sleeping.cpu, sleeping.state)).toBe(300n * 820n);
    for (const { cpu } of [sleeping, busy, more]) cpu.dispose();
    expect(busy.cpu.statistics.live.bytes).toBe(0);
  });

  it('code that is rewritten again and again is compiled a bounded number of times', () => {
    // add eax, imm32 with its immediate rewritten at each turn: mov [rip-4], ecx; add eax, 0; dec ecx; jne; syscall
    const code = Uint8Array.from(Buffer.from('890d010000000500000000ffc975f10f05'.replaceAll(' ', ''), 'hex'));
    const { cpu, state } = machine(code, { translation: { warmUp: 0 } });
    state.setNumber(REG.RCX, 300);
    expect(cpu.run(state, 1e6).kind).toBe('syscall');
    expect(state.low(REG.RAX)).toBe((300 * 301) / 2);
    expect(cpu.statistics.regionsCompiled).toBeLessThan(40);
  });

  it("where code from text is forbidden 'auto' does without and 'js' is refused", () => {
    vi.stubGlobal('Function', () => {
      throw new EvalError('unsafe-eval');
    });
    const { cpu, state } = machine(RECURSION(3, 2), { engine: 'auto' });
    expect(cpu.engine).not.toBe('js');
    expect(runToSyscall(cpu, state)).toBe(12n);
    expect(() => machine(RECURSION(3, 2))).toThrow(/forbidden/);
  });

  it('code whose module the host refuses stays cold, and the program goes on', () => {
    const { cpu, state } = machine(RECURSION(10, 50), { engine: 'wasm', translation: { warmUp: 5 } });
    vi.spyOn(WasmRuntime.prototype, 'load').mockReturnValue(null);
    expect(runToSyscall(cpu, state)).toBe(50n * 55n);
    expect(cpu.statistics.modulesRefused).toBeGreaterThan(0);
    expect(cpu.statistics.modulesRefused).toBeLessThan(10);
    expect(cpu.statistics.regionsCompiled).toBe(0);
  });
});
