import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';

const LIST = join(import.meta.dirname, 'cold-instructions.txt');
// mov ecx, 1000; loop: add rax, rcx; dec ecx; jnz loop; syscall
const SUM = Uint8Array.of(0xb9, 0xe8, 3, 0, 0, 0x48, 1, 0xc8, 0xff, 0xc9, 0x75, 0xf9, 0x0f, 5);

// Templates and handlers are numbered as they come: each test starts with fresh modules.
beforeEach(() => vi.resetModules());

describe('prepared handlers', () => {
  it('the list names each handler once, and all make one valid module', async () => {
    const { prepareHandlers } = await import('./prepare-handlers.ts');
    const list = readFileSync(LIST, 'utf8');
    const bytes = prepareHandlers(list);
    expect(WebAssembly.validate(bytes)).toBe(true);
    const { handlers } = tablesOf(bytes);
    // One more is the way on from a block without an exit.
    expect(handlers.keys.length + handlers.slow.length).toBe(list.trim().split('\n').length + 1);
  }, 120_000); // some thousand handlers: 3 s on an idle machine

  it('are used without being made again', async () => {
    const recorder = await import('./prepare-handlers.ts');
    const first = (await import('../testing/guest.ts')).createGuest(SUM, 'micro-ops');
    first.run();
    const list = recorder.extendHandlerList('');
    // DEC keeps the carry of the ADD before it, whose kind of flags (320) is known.
    expect(list).toBe('0f 05\n48 01 c8\nb9 e8 03 00 00\nff c9 + 75 f9 f320\n');
    vi.resetModules();
    const { prepareHandlers } = await import('./prepare-handlers.ts');
    const prepared = prepareHandlers(list);
    vi.resetModules();
    const { extendHandlerList, offerHandlers } = await import('./prepare-handlers.ts');
    offerHandlers(() => new WebAssembly.Module(prepared));
    const { createGuest } = await import('../testing/guest.ts');
    const guest = createGuest(SUM, 'micro-ops');
    expect(guest.run().kind).toBe('syscall');
    expect(guest.state.low(0)).toBe(500_500);
    expect(extendHandlerList('')).toBe('\n');
  });

  it('that come late serve the instructions that were not met yet', async () => {
    const { prepareHandlers } = await import('./prepare-handlers.ts');
    const prepared = prepareHandlers('0f 05\n48 01 c8\nb9 e8 03 00 00\nff c9 + 75 f9 f320\n');
    vi.resetModules();
    const { extendHandlerList, offerHandlers } = await import('./prepare-handlers.ts');
    const { createGuest } = await import('../testing/guest.ts');
    // sub rax, rdx; mov ecx, 2; syscall: the MOV is on the list, but made here already.
    expect(createGuest(Uint8Array.of(0x48, 0x29, 0xd0, 0xb9, 2, 0, 0, 0, 0x0f, 5), 'micro-ops').run().kind).toBe(
      'syscall',
    );
    let asked = 0;
    offerHandlers(() => (asked++ === 0 ? null : new WebAssembly.Module(prepared)));
    for (let i = 0; i < 2; i++) {
      const guest = createGuest(SUM, 'micro-ops');
      expect(guest.run().kind).toBe('syscall');
      expect(guest.state.low(0)).toBe(500_500);
    }
    expect(extendHandlerList('')).toContain('48 29 d0');
  });
});

describe('templates', () => {
  it('are forgotten with their handlers when there are too many, and every space goes on with new ones', async () => {
    const { prepareHandlers } = await import('./prepare-handlers.ts');
    const prepared = prepareHandlers('0f 05\n48 01 c8\nb9 e8 03 00 00\nff c9 + 75 f9 f320\n');
    vi.resetModules();
    const { offerHandlers } = await import('./prepare-handlers.ts');
    offerHandlers(() => new WebAssembly.Module(prepared));
    const { createGuest } = await import('../testing/guest.ts');
    const { TEMPLATES } = await import('../x86/micro-block.ts');
    const { sharedLibrary } = await import('../backends/wasm/cold/handlers.ts');
    TEMPLATES.limit = 40;
    // mov ecx, 3; loop: 120 times pshufd xmm0, xmm0, i and paddb xmm0, xmm1, each order a shape; dec ecx; jnz loop; syscall
    const shuffles = Array.from({ length: 120 }, (_, i) => [0x66, 0x0f, 0x70, 0xc0, i, 0x66, 0x0f, 0xfc, 0xc1]).flat();
    const back = -(shuffles.length + 8);
    const jump = [0x0f, 0x85, back & 255, (back >> 8) & 255, 255, 255];
    const code = Uint8Array.of(0xb9, 3, 0, 0, 0, ...shuffles, 0xff, 0xc9, ...jump, 0x0f, 5);
    const sum = createGuest(SUM, 'micro-ops');
    const outcomes = (['reference', 'micro-ops'] as const).map((executor) => {
      const guest = createGuest(code, executor);
      const fpu = new Uint8Array(512);
      guest.state.saveFpu(fpu);
      fpu.set(
        Array.from({ length: 32 }, (_, i) => 7 * i),
        160,
      );
      guest.state.loadFpu(fpu);
      expect(guest.run(300).kind).toBe('budget');
      for (const fuel of [50, 1]) sum.run(fuel); // between its turns, in a space of its own
      expect(guest.run().kind).toBe('syscall');
      guest.state.saveFpu(fpu);
      return [guest.state.low(1), Buffer.from(fpu).toString('hex')];
    });
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(sum.run().kind).toBe('syscall');
    expect(sum.state.low(0)).toBe(500_500);
    expect(sharedLibrary().generation).toBeGreaterThan(3);
    expect(TEMPLATES.count).toBeLessThan(40 + 40);
  });
});

function tablesOf(bytes: Uint8Array<ArrayBuffer>): { handlers: { keys: number[]; slow: number[] } } {
  const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(bytes), 'handlers');
  return JSON.parse(new TextDecoder().decode(section)) as { handlers: { keys: number[]; slow: number[] } };
}
