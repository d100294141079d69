/** Pages that the image holds (facts 1.1): '/' leads to the dashboard, whose every unknown path is its index page. */
import type { ByteString } from '../../emulator/util/bytes.ts';
import type { Wait } from '../program/native-program.ts';
import type { Server } from './server-context.ts';
import { fileReply } from './file-reading.ts';
import { find, isDirectory } from './file-status.ts';
import { redirectReply, type Reply } from './reply.ts';

const DASHBOARD_FILES = '/usr/mgmt/gui/dashboard';

/** Undefined: no page of that path. */
export function* staticFile({ management, sys }: Server, path: ByteString): Wait<Reply | undefined> {
  if (path === '/' || path === '/dashboard') return redirectReply('/dashboard/');
  if (!path.startsWith('/dashboard/')) return undefined;
  const wanted = DASHBOARD_FILES + path.slice('/dashboard'.length);
  // A name with an extension is an asset; anything else is a place within the page.
  const isAsset = /\.[^./]+$/.test(path);
  const file = isAsset ? wanted : `${DASHBOARD_FILES}/index.html`;
  const attributes = yield* sys.retry(() => find(management, file)?.attributes());
  if (attributes === undefined || isDirectory(attributes)) return undefined;
  return yield* fileReply(sys, file, attributes);
}
