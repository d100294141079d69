/** /file: the image's files (facts 1.2). Streams what may be long; paths are absolute. */
import type { Wait } from '../../program/native-program.ts';
import { removeFile, copyFile, makeDirectories, renameFile, writeFile } from '../file-changes.ts';
import { readFile } from '../file-reading.ts';
import { listStatus, statusOf } from '../file-status.ts';
import { receiveUpload } from '../file-upload.ts';
import { emptyReply, type Reply } from '../reply.ts';
import { BYTES, del, EMPTY, get, inPath, optional, post, put, required, type Route, type RouteCall } from '../route.ts';

const PATH = inPath('path', 'Absolute path; percent-encoded where needed');

export const file: readonly Route[] = [
  get('/file/{path*}', {
    summary: 'A file (GET), a directory or pattern (LISTSTATUS), or the state of a file (GETFILESTATUS)',
    parameters: [
      PATH,
      required('op', 'What to get', { choices: ['GET', 'LISTSTATUS', 'GETFILESTATUS'] }),
      optional('offset', 'Accepted and ignored, as OSv does', 'integer'),
      optional('length', 'Accepted and ignored, as OSv does', 'integer'),
    ],
    reply: BYTES,
    steps: function* (call): Wait<unknown> {
      switch (call.text('op')) {
        case 'GET':
          return yield* readFile(call, pathOf(call));
        case 'LISTSTATUS':
          return yield* call.sys.retry(() => listStatus(call.management, pathOf(call)));
        default:
          return yield* call.sys.retry(() => statusOf(call.management, pathOf(call)));
      }
    },
  }),
  put('/file/{path*}', {
    summary: 'Makes directories, renames, copies, or writes a file',
    parameters: [
      PATH,
      required('op', 'What to do', { choices: ['MKDIRS', 'RENAME', 'COPY', 'WRITE'] }),
      optional('permission', 'Octal; what is new has 777 without it'),
      optional('destination', 'Path to rename or copy to'),
      optional('createParent', 'Accepted: parents are always made', 'boolean'),
      optional('overwrite', 'WRITE: replaces the text instead of appending', 'boolean'),
      optional('content', 'WRITE: the text'),
    ],
    reply: EMPTY,
    steps: function* (call): Wait<Reply> {
      yield* CHANGES[call.text('op') as keyof typeof CHANGES](call, pathOf(call));
      return emptyReply();
    },
  }),
  post('/file/{path*}', {
    summary: 'Uploads a file: the first part of a multipart form, or the body itself',
    parameters: [PATH],
    reply: EMPTY,
    streamsBody: true,
    steps: function* (call): Wait<Reply> {
      yield* receiveUpload(call, pathOf(call));
      return emptyReply();
    },
  }),
  del('/file/{path*}', {
    summary: 'Removes a file, or a directory with all it holds',
    parameters: [
      PATH,
      required('op', 'What to do', { choices: ['DELETE'] }),
      optional('recursive', 'Directories: with their contents', 'boolean'),
    ],
    reply: EMPTY,
    steps: function* (call): Wait<Reply> {
      yield* removeFile(call, pathOf(call));
      return emptyReply();
    },
  }),
];

const CHANGES = { MKDIRS: makeDirectories, RENAME: renameFile, COPY: copyFile, WRITE: writeFile } as const;

function pathOf(call: RouteCall): string {
  return call.text('path') === '' ? '/' : call.text('path').replaceAll(/\/+/g, '/');
}
