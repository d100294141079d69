/** Files as bodies, read piece by piece. */
import { utf8FromBytes, type ByteString } from '../../emulator/util/bytes.ts';
import { O_RDONLY } from '../abi/fcntl.ts';
import { S_IFMT, S_IFREG } from '../abi/stat.ts';
import type { NativeCalls, Wait } from '../program/native-program.ts';
import type { FileAttributes } from '../vfs/inode.ts';
import { find, isAbsence, isDirectory } from './file-status.ts';
import { mimeType } from './mime.ts';
import { ApiError, type BodyStream, type Reply } from './reply.ts';
import type { RouteCall } from './route.ts';

/** One piece of a file on its way: enough to amortise a turn, small beside a socket's buffer. */
const PIECE_BYTES = 64 * 1024;

export function* readFile({ management, sys }: RouteCall, path: ByteString): Wait<Reply> {
  const attributes = yield* sys.retry(() => find(management, path)?.attributes());
  if (attributes === undefined) throw new ApiError(404, 'Page not found');
  if (isDirectory(attributes)) throw new ApiError(400, `'${utf8FromBytes(path)}' is a directory`);
  if ((attributes.mode & S_IFMT) !== S_IFREG) throw new ApiError(400, `'${utf8FromBytes(path)}' is no regular file`);
  return yield* fileReply(sys, path, attributes);
}

export function* fileReply(sys: NativeCalls, path: ByteString, attributes: FileAttributes): Wait<Reply> {
  try {
    const fd = yield* sys.open(path, O_RDONLY, 0);
    return { status: 200, contentType: mimeType(path), body: fileStream(sys, fd, attributes.sizeBytes) };
  } catch (error) {
    if (isAbsence(error)) throw new ApiError(404, 'Page not found');
    throw error;
  }
}

/** Files of /proc say size 0 and hold something: their end is where it is found. */
function fileStream(sys: NativeCalls, fd: number, sizeBytes: number): BodyStream {
  let left = sizeBytes === 0 ? Number.POSITIVE_INFINITY : sizeBytes;
  let isOpen = true;
  return {
    sizeBytes: sizeBytes === 0 ? undefined : sizeBytes,
    *next(): Wait<Uint8Array | undefined> {
      const piece = yield* sys.read(fd, Math.min(PIECE_BYTES, left));
      left -= piece.length;
      return piece.length === 0 ? undefined : piece;
    },
    dispose() {
      if (isOpen) sys.close(fd);
      isOpen = false;
    },
  };
}
