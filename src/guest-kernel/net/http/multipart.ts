/**
 * multipart/form-data, read as it arrives (RFC 7578, RFC 2046 5.1), so that an upload need not fit in memory.
 *
 *   preamble ──--b──► part head ──blank line──► data ──--b──► part head … ──--b--──► epilogue
 */
import { bytesOf, byteStringFrom, type ByteString } from '../../../emulator/util/bytes.ts';
import { HttpError } from './message.ts';

export type MultipartEvent =
  | { readonly kind: 'part'; readonly name: ByteString; readonly filename: ByteString | undefined }
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'part-end' };

const MAX_PART_HEAD = 8192;

/** The boundary of a Content-Type value; undefined where it is not multipart/form-data. @throws HttpError without a sound one */
export function boundaryOf(contentType: ByteString | undefined): ByteString | undefined {
  if (contentType === undefined || !/^multipart\/form-data(;|\s|$)/i.test(contentType)) return undefined;
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) throw new HttpError(400, 'multipart/form-data without a boundary');
  return boundary;
}

export class MultipartParser {
  /** CR LF before the dashes belongs to the delimiter, not to the data. */
  readonly #delimiter: Uint8Array;
  #buffer: Uint8Array;
  #phase: 'preamble' | 'after-delimiter' | 'head' | 'data' | 'epilogue' = 'preamble';

  constructor(boundary: ByteString) {
    this.#delimiter = bytesOf(`\r\n--${boundary}`);
    this.#buffer = bytesOf('\r\n'); // so that a delimiter at the very start is like any other
  }

  /** Whether the closing delimiter came. */
  get isComplete(): boolean {
    return this.#phase === 'epilogue';
  }

  /** @returns the events these bytes complete. @throws HttpError */
  push(bytes: Uint8Array): readonly MultipartEvent[] {
    const joined = new Uint8Array(this.#buffer.length + bytes.length);
    joined.set(this.#buffer);
    joined.set(bytes, this.#buffer.length);
    this.#buffer = joined;
    const events: MultipartEvent[] = [];
    while (this.#step(events));
    return events;
  }

  /** @returns whether another step may find more. */
  #step(events: MultipartEvent[]): boolean {
    if (this.#phase === 'preamble') return this.#upToDelimiter(() => {});
    if (this.#phase === 'after-delimiter') return this.#afterDelimiter();
    if (this.#phase === 'head') return this.#head(events);
    if (this.#phase === 'data') {
      return this.#upToDelimiter((data, isEnd) => {
        if (data.length > 0) events.push({ kind: 'data', bytes: data });
        if (isEnd) events.push({ kind: 'part-end' });
      });
    }
    this.#buffer = new Uint8Array(0); // the epilogue
    return false;
  }

  #upToDelimiter(take: (data: Uint8Array, isEnd: boolean) => void): boolean {
    const at = indexOfBytes(this.#buffer, this.#delimiter);
    if (at >= 0) {
      take(this.#buffer.subarray(0, at), true);
      this.#buffer = this.#buffer.subarray(at + this.#delimiter.length);
      this.#phase = 'after-delimiter';
      return true;
    }
    // What might be the beginning of a delimiter stays.
    const safe = Math.max(0, this.#buffer.length - this.#delimiter.length + 1);
    if (safe > 0) take(this.#buffer.subarray(0, safe), false);
    this.#buffer = this.#buffer.slice(safe);
    return false;
  }

  #afterDelimiter(): boolean {
    const lf = this.#buffer.indexOf(10);
    const text = byteStringFrom(this.#buffer.subarray(0, Math.min(2, this.#buffer.length)));
    if (text === '--') {
      this.#phase = 'epilogue';
      return true;
    }
    if (lf < 0) {
      if (this.#buffer.length > MAX_PART_HEAD) throw new HttpError(400, 'Bad multipart delimiter');
      return false;
    }
    if (byteStringFrom(this.#buffer.subarray(0, lf)).trim() !== '') throw new HttpError(400, 'Bad multipart delimiter');
    this.#buffer = this.#buffer.subarray(lf - 1 >= 0 && this.#buffer[lf - 1] === 13 ? lf - 1 : lf);
    this.#phase = 'head';
    return true;
  }

  #head(events: MultipartEvent[]): boolean {
    // The buffer begins with the line end of the delimiter, so that an empty head is found too.
    const text = byteStringFrom(this.#buffer.subarray(0, MAX_PART_HEAD));
    const end = /\r?\n\r?\n/.exec(text);
    if (end === null) {
      if (text.length >= MAX_PART_HEAD) throw new HttpError(400, 'Multipart header too long');
      return false;
    }
    const disposition = /(?:^|\n)content-disposition:\s*form-data([^\r\n]*)/i.exec(text.slice(0, end.index));
    if (disposition === null) throw new HttpError(400, 'Multipart part without Content-Disposition');
    const parameters = disposition[1] ?? '';
    events.push({
      kind: 'part',
      name: parameter(parameters, 'name') ?? '',
      filename: parameter(parameters, 'filename'),
    });
    this.#buffer = this.#buffer.subarray(end.index + end[0].length);
    this.#phase = 'data';
    return true;
  }
}

function parameter(text: ByteString, name: string): ByteString | undefined {
  const match = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]*))`, 'i').exec(text);
  return match === null ? undefined : (match[1]?.replace(/\\(.)/g, '$1') ?? match[2]);
}

function indexOfBytes(haystack: Uint8Array, needle: Uint8Array): number {
  const [first = 0] = needle;
  for (let at = haystack.indexOf(first); at >= 0; at = haystack.indexOf(first, at + 1)) {
    if (at + needle.length > haystack.length) return -1;
    let i = 1;
    while (i < needle.length && haystack[at + i] === needle[i]) i++;
    if (i === needle.length) return at;
  }
  return -1;
}
