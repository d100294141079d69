/** How a command comes to its end before its last line. */

/** Ends a command; the shell prints the message. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** Thrown by `exit` and `reset`: the shell starts anew. */
export class RestartShell extends Error {
  override readonly name = 'RestartShell';
}
