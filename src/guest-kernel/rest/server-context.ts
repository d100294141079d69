/** The server as the layers below it need it: what it manages, and the thread that serves. */
import type { NativeCalls } from '../program/native-program.ts';
import type { Management } from './management.ts';

export interface Server {
  readonly management: Management;
  readonly sys: NativeCalls;
}
