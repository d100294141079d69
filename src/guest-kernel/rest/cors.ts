/** CORS as OSv's --access-allow asks for it (facts 1.1). */
import type { RequestHead } from '../net/http/message.ts';

/** '*' in `allowed` lets every origin in; else the Origin must be one of them. */
export function corsHeaders(head: RequestHead, allowed: readonly string[]): readonly (readonly [string, string])[] {
  const origin = head.headers.get('origin');
  const isAny = allowed.includes('*');
  if (!isAny && (origin === undefined || !allowed.includes(origin))) return [];
  const headers: [string, string][] = [['Access-Control-Allow-Origin', isAny ? '*' : (origin ?? '')]];
  if (head.headers.has('access-control-request-method')) {
    headers.push(['Access-Control-Allow-Methods', 'GET, POST, PUT, OPTIONS, DELETE']);
  }
  const wanted = head.headers.get('access-control-request-headers');
  if (wanted !== undefined) {
    headers.push(['Access-Control-Allow-Headers', wanted], ['Access-Control-Max-Age', '1000']);
  }
  return headers;
}
