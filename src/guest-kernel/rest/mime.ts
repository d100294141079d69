/** MIME types by extension: OSv's list (facts 1.1) and what our own dashboard is made of. */
const TYPES: Readonly<Record<string, string>> = {
  gif: 'image/gif',
  htm: 'text/html',
  css: 'text/css',
  js: 'text/javascript',
  html: 'text/html',
  jpg: 'image/jpeg',
  png: 'image/png',
  txt: 'text/plain',
  ico: 'image/x-icon',
  bin: 'application/octet-stream',
  json: 'application/json',
  svg: 'image/svg+xml',
  woff2: 'font/woff2',
};

export function mimeType(path: string): string {
  return TYPES[/\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? ''] ?? 'text/plain';
}
