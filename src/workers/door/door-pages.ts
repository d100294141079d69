/** What the port door adds to the guest's answers: its shim in HTML documents, and pages that say what went wrong. */

const SHIM = '<script src="/osv-door-shim.js"></script>';

/** Streams the document through with the shim as its first script, so that it can renew the door (door-worker.ts). */
export async function withShim(response: Response): Promise<Response> {
  const type = response.headers.get('content-type') ?? '';
  if (!/^text\/html\b/i.test(type) || response.body === null) return response;
  const headers = new Headers(response.headers);
  headers.delete('content-length');
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const reader = response.body.getReader();
  void pump(reader, writer);
  return new Response(readable, { status: response.status, statusText: response.statusText, headers });
}

async function pump(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
): Promise<void> {
  try {
    const first = await reader.read();
    if (!first.done) await writer.write(insertShim(first.value));
    for (let next = await reader.read(); !next.done; next = await reader.read()) await writer.write(next.value);
    await writer.close();
  } catch (error) {
    await Promise.allSettled([writer.abort(error), reader.cancel(error)]);
  }
}

/** After the doctype, so that the document stays in standards mode; the parser opens <head> for it by itself. */
function insertShim(first: Uint8Array): Uint8Array {
  const text = Array.from(first.subarray(0, 1024), (byte) => String.fromCharCode(byte)).join('');
  const at = /^(?:\xef\xbb\xbf)?(?:\s|<!--[^]*?-->)*<!doctype[^>]*>/i.exec(text)?.[0].length ?? 0;
  const shim = new TextEncoder().encode(SHIM);
  const out = new Uint8Array(first.length + shim.length);
  out.set(first.subarray(0, at));
  out.set(shim, at);
  out.set(first.subarray(at), at + shim.length);
  return out;
}

/** @param sentence of ours or of the kernel, shown as text */
export function errorPage(status: number, sentence: string): Response {
  const text = sentence.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>No answer</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:20vh auto 0;padding:0 1.5rem}h1{font-size:1.25rem}</style>
<h1>No answer from the machine</h1><p>${text}</p>`;
  return new Response(html, { status, headers: { 'Content-Type': 'text/html; charset=utf-8' } });
}
