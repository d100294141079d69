/**
 * The peer: v86 (a 32-bit PC with a WebAssembly translator) in the same Chromium boots the same kernel as a multiboot
 * program. Its time is that between the two things the program says at the serial port, so start-up is not in it.
 */
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { launchChromium } from './chromium-session.ts';
import { rendererTime } from './thread-time.ts';

export interface PcSession {
  /** @returns the checksum line, and the time the kernel took */
  run(program: string, rounds: number): Promise<{ readonly output: string; readonly ms: number }>;
  close(): Promise<void>;
}

const BIOS = '/usr/share/seabios/bios.bin';

const FILES: Readonly<Record<string, readonly [type: string, file: string]>> = {
  '/libv86.mjs': ['text/javascript', 'node_modules/v86/build/libv86.mjs'],
  '/v86.wasm': ['application/wasm', 'node_modules/v86/build/v86.wasm'],
  '/bios.bin': ['application/octet-stream', BIOS],
};

const PAGE = `<!doctype html><script type="module">
  import { V86 } from './libv86.mjs';
  const fetched = async (path) => ({ buffer: await (await fetch(path)).arrayBuffer() });
  window.runKernel = async (base64, rounds) => {
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    const vm = new V86({
      wasm_path: './v86.wasm', memory_size: 64 << 20, vga_memory_size: 1 << 20, disable_keyboard: true,
      bios: await fetched('./bios.bin'), multiboot: { buffer: bytes.buffer }, cmdline: String(rounds), autostart: true,
    });
    return await new Promise((resolve) => {
      let startMs, output = '';
      vm.add_listener('serial0-output-byte', (byte) => {
        if (startMs === undefined) { startMs = performance.now(); return; }
        output += String.fromCharCode(byte);
        if (byte !== 10) return;
        const ms = performance.now() - startMs;
        vm.destroy().then(() => resolve({ output, ms }));
      });
    });
  };
</script>`;

export async function v86Session(): Promise<PcSession> {
  const server = createServer((request, response) => {
    const known = FILES[request.url ?? ''];
    response.setHeader('Content-Type', known?.[0] ?? 'text/html');
    response.end(known === undefined ? PAGE : readFileSync(known[1]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await launchChromium();
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.waitForFunction(() => 'runKernel' in window);
  const threadTime = await rendererTime(browser, '');
  return {
    run: async (program, rounds) => {
      const [startMs, startCpuMs] = [performance.now(), threadTime()];
      const { output, ms } = await page.evaluate(
        async ([base64, count]) => await (window as unknown as { runKernel: RunKernel }).runKernel(base64, count),
        [readFileSync(program).toString('base64'), rounds] as const,
      );
      // What the host did beside it while the kernel ran is taken as that of the whole run.
      const onProcessor = (threadTime() - startCpuMs) / (performance.now() - startMs);
      return { output, ms: ms * Math.min(1, onProcessor) };
    },
    close: async () => {
      await browser.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type RunKernel = (base64: string, rounds: number) => Promise<{ readonly output: string; readonly ms: number }>;
