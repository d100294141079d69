/** POST /file: an upload goes to a file beside its target and takes its name when it is complete. */
import { utf8FromBytes, type ByteString } from '../../emulator/util/bytes.ts';
import { O_CREAT, O_TRUNC, O_WRONLY } from '../abi/fcntl.ts';
import { boundaryOf, MultipartParser } from '../net/http/multipart.ts';
import type { Wait } from '../program/native-program.ts';
import { translated } from './file-changes.ts';
import { find, isDirectory } from './file-status.ts';
import { rootViewer } from './management.ts';
import { ApiError } from './reply.ts';
import type { RouteCall } from './route.ts';

/** Executables are what people upload. */
const UPLOAD_MODE = 0o755;

export function* receiveUpload(call: RouteCall, path: ByteString): Wait<void> {
  const boundary = boundaryOf(call.request.contentType);
  const existing = yield* call.sys.retry(() => find(call.management, path)?.attributes());
  if (path === '/' || (existing !== undefined && isDirectory(existing))) {
    throw new ApiError(400, `'${utf8FromBytes(path)}' is a directory`);
  }
  const temporary = `${path.slice(0, path.lastIndexOf('/'))}/.upload-${call.sys.threadId}`;
  const mode = existing === undefined ? UPLOAD_MODE : existing.mode & 0o777;
  const text = `Failed uploading '${utf8FromBytes(path)}'`;
  let isKept = false;
  try {
    yield* translated(text, receiveInto(call, temporary, mode, boundary));
    yield* translated(text, rename(call, temporary, path));
    isKept = true;
  } finally {
    if (!isKept) yield* discard(call, temporary);
  }
}

function* receiveInto(call: RouteCall, path: ByteString, mode: number, boundary: string | undefined): Wait<void> {
  const fd = yield* call.sys.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
  try {
    if (boundary === undefined) yield* receivePlain(call, fd);
    else yield* receivePart(call, fd, boundary);
  } finally {
    call.sys.close(fd);
  }
}

function* receivePlain({ request, sys }: RouteCall, fd: number): Wait<void> {
  for (let piece = yield* request.readBody(); piece !== undefined; piece = yield* request.readBody()) {
    yield* sys.write(fd, piece);
  }
}

/** The first part is the file; others are read over. */
function* receivePart({ request, sys }: RouteCall, fd: number, boundary: string): Wait<void> {
  const parser = new MultipartParser(boundary);
  let parts = 0;
  for (let piece = yield* request.readBody(); piece !== undefined; piece = yield* request.readBody()) {
    for (const event of parser.push(piece)) {
      if (event.kind === 'part') parts++;
      else if (event.kind === 'data' && parts === 1) yield* sys.write(fd, event.bytes);
    }
  }
  if (parts === 0 || !parser.isComplete) throw new ApiError(400, 'Multipart body without a whole part');
}

function* rename({ management, sys }: RouteCall, from: ByteString, to: ByteString): Wait<void> {
  yield* sys.retry(() => management.machine.vfs.rename(rootViewer(management), { path: from }, { path: to }));
}

function* discard({ management, sys }: RouteCall, path: ByteString): Wait<void> {
  yield* sys.retry(() => {
    if (find(management, path, false) !== undefined) management.machine.vfs.unlink(rootViewer(management), { path });
  });
}
