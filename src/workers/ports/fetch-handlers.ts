/** Fetches and compiles the prepared handlers beside the boot; the browser keeps their machine code between visits. */
import { offerHandlers } from '../../emulator/index.ts';
import { handlersUrl } from './handlers-url.ts';

/** Resolves when they are there, or will not come: then handlers are made when first needed. */
export async function fetchHandlers(url: string | undefined = handlersUrl): Promise<void> {
  if (url === undefined) return;
  try {
    const module = await compile(url);
    offerHandlers(() => module);
  } catch {
    // The program runs without.
  }
}

async function compile(url: string): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compileStreaming(fetch(url));
  } catch {
    // A server that does not know the type of .wasm files.
    return await WebAssembly.compile(await (await fetch(url)).arrayBuffer());
  }
}
