/**
 * A guest's document in a frame that may have no Service Worker: fetched through the door and written in place of the
 * bootstrap page, its scripts, styles and pictures fetched too and given as blobs, its own fetch() led through the
 * door. Enough for the dashboard and pages like it; what a script loads by other means needs a tab.
 */
import type { DoorClient } from '../../workers/client.ts';

export async function showFramedDocument(door: DoorClient): Promise<void> {
  const response = await followRedirects(door, new Request(location.href));
  const type = response.headers.get('content-type') ?? '';
  if (!/^text\/html\b/i.test(type)) {
    showText(await response.text());
    return;
  }
  const parsed = new DOMParser().parseFromString(await response.text(), 'text/html');
  await bringAssets(door, parsed);
  window.fetch = async (input, init) => await fetchThrough(door, new Request(input, init));
  document.open();
  document.write(`<!doctype html>${parsed.documentElement.outerHTML}`);
  document.close();
}

const MOST_REDIRECTS = 20; // Fetch standard, HTTP-redirect fetch

async function followRedirects(door: DoorClient, first: Request): Promise<Response> {
  let request = first;
  for (let count = 0; count <= MOST_REDIRECTS; count++) {
    const response = await door.fetch(request);
    const target = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || target === null) return response;
    request = new Request(new URL(target, request.url), { headers: request.headers });
  }
  throw new Error('The machine redirects in a circle.');
}

const nativeFetch = window.fetch.bind(window);

async function fetchThrough(door: DoorClient, request: Request): Promise<Response> {
  return new URL(request.url).origin === location.origin
    ? await followRedirects(door, request)
    : await nativeFetch(request);
}

const ASSETS: readonly (readonly [selector: string, attribute: string])[] = [
  ['script[src]', 'src'],
  ['link[rel~=stylesheet][href]', 'href'],
  ['link[rel~=modulepreload][href]', 'href'],
  ['link[rel~=icon][href]', 'href'],
  ['img[src]', 'src'],
];

async function bringAssets(door: DoorClient, parsed: Document): Promise<void> {
  const work = ASSETS.flatMap(([selector, attribute]) =>
    [...parsed.querySelectorAll(selector)].map(async (element) => {
      const url = new URL(element.getAttribute(attribute) ?? '', location.href);
      if (url.origin !== location.origin) return;
      const response = await followRedirects(door, new Request(url));
      element.setAttribute(attribute, URL.createObjectURL(await response.blob()));
      element.removeAttribute('integrity');
      element.removeAttribute('crossorigin');
    }),
  );
  await Promise.all(work);
}

function showText(text: string): void {
  const pre = document.createElement('pre');
  pre.textContent = text;
  document.body.replaceChildren(pre);
}
