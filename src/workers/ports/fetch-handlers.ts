/** Fetches and compiles the prepared handlers beside the boot; the browser keeps their machine code between visits. */
import { offerHandlers } from '../../emulator/index.ts';
import { handlersUrl } from './handlers-url.ts';

/** Whatever goes wrong: handlers are then made when first needed. */
export function fetchHandlers(url: string | undefined = handlersUrl): void {
  if (url === undefined) return;
  let module: WebAssembly.Module | null = null;
  offerHandlers(() => module);
  compile(url).then(
    (compiled) => void (module = compiled),
    () => undefined,
  );
}

async function compile(url: string): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compileStreaming(fetch(url));
  } catch {
    // A server that does not know the type of .wasm files.
    return await WebAssembly.compile(await (await fetch(url)).arrayBuffer());
  }
}
