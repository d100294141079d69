/* Writes guest/tests/errors/documented.json: for each system call of docs/compat/syscalls.md the names of the errors that
   the ERRORS section of its manual page lists. Needs Debian's manpages-dev; run by hand when calls or the manual change:
   npm run record:errors */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** Calls that the manual describes under another name. */
const MANUAL_NAMES = {
  pread64: 'pread',
  pwrite64: 'pwrite',
  newfstatat: 'fstatat',
  prlimit64: 'prlimit',
  pselect6: 'pselect',
  fadvise64: 'posix_fadvise',
  rt_sigaction: 'sigaction',
  rt_sigprocmask: 'sigprocmask',
  rt_sigpending: 'sigpending',
  rt_sigsuspend: 'sigsuspend',
  rt_sigtimedwait: 'sigtimedwait',
  mq_getsetattr: 'mq_getattr',
  signalfd4: 'signalfd',
  eventfd2: 'eventfd',
};
/** Two names of one number: as strerrorname_np has it. */
const SAME = { EWOULDBLOCK: 'EAGAIN', ENOTSUP: 'EOPNOTSUPP', EDEADLOCK: 'EDEADLK' };
/** What only a path can be wrong with; */
const OF_PATHS = new Set(['EACCES', 'ELOOP', 'ENAMETOOLONG', 'ENOENT', 'ENOTDIR']);
/** these share a page with calls that take one, and have what is said of them by name. */
const WITHOUT_PATH = /^f(chmod|chown|stat|statfs|truncate|(get|set|list|remove)xattr)$/;

/** The page's source; `.so` leads to the page that describes several calls. */
function manualPage(path) {
  const file = `/usr/share/man/${path}.gz`;
  if (!existsSync(file)) return undefined;
  const text = gunzipSync(readFileSync(file)).toString();
  const link = /^\.so (man\d\/\S+)/m.exec(text);
  return link ? manualPage(link[1]) : text;
}

function errorsSection(name) {
  const page = manualPage(`man2/${name}.2`) ?? manualPage(`man3/${name}.3`);
  if (page === undefined) return undefined;
  return /^\.SH ERRORS\n(.*?)(?=^\.SH )/ms.exec(page)?.[1] ?? '';
}

/** The section as entries (`.TP`, `.TQ`) and the paragraphs between them, in order. */
function* pieces(section) {
  const withoutComments = section.replaceAll(/^\.\\".*\n/gm, '');
  for (const piece of withoutComments.split(/^\.(?=TP|TQ|PP|LP|SS|P\b)/m)) {
    const tagged = /^T[PQ].*\n\.[BIR]+ (.*)\n([^]*)/.exec(piece);
    const errors = tagged?.[1].match(/\bE[A-Z0-9]+\b/g);
    yield errors ? { errors, text: tagged[2] } : { errors: [], text: piece };
  }
}

const callsIn = (text) => [...text.matchAll(/\b(\w+) \(\)/g)].map(([, call]) => call);

/** The calls that an entry or the head of a list restricts itself to; undefined: no restriction. */
function restriction({ errors, text }) {
  if (errors.length > 0) {
    const inParentheses = /^\.RB \( \w+ \(\)(?:,?(?:\n(?:and|or))?\n\.BR \w+ \(\))*\)/m.exec(text)?.[0];
    return inParentheses && callsIn(inParentheses);
  }
  const head = text.split(/\.\n(?!\.)/).findLast((sentence) => /following|listed below|we now have/.test(sentence));
  const calls = callsIn(head ?? '');
  return calls.length > 0 ? calls : undefined;
}

function documentedErrors(call) {
  const name = MANUAL_NAMES[call] ?? call;
  const section = errorsSection(name);
  if (section === undefined) return undefined;
  const found = new Set();
  const add = (errors, isNamed) => {
    for (const error of errors) {
      if (isNamed || !WITHOUT_PATH.test(name) || !OF_PATHS.has(error)) found.add(SAME[error] ?? error);
    }
  };
  const all = [...pieces(section)];
  let scope;
  for (const piece of all) {
    const own = restriction(piece);
    if (piece.errors.length > 0) {
      const calls = own ?? scope;
      if (calls === undefined || calls.includes(name)) add(piece.errors, calls !== undefined);
      continue;
    }
    // ftruncate(2): "the same errors apply", and then what can be wrong with the descriptor.
    if (/same errors apply/.test(piece.text) && callsIn(piece.text).includes(name)) {
      add(
        all.slice(0, all.indexOf(piece)).flatMap(({ errors }) => errors),
        false,
      );
    }
    // chmod(2) and chown(2) list for one call what holds for their others too.
    if (!/^(f|l)?ch(mod|own)(at)?$/.test(name)) scope = own ?? scope;
    if (scope !== undefined && !scope.includes(name)) continue;
    const others = /error|As for/.test(piece.text) ? piece.text.matchAll(/\b(\w+) \(2\)/g) : [];
    for (const [, other] of others) add(documentedErrors(other) ?? [], false);
  }
  return [...found].toSorted((a, b) => (a < b ? -1 : 1));
}

const rows = readFileSync('docs/compat/syscalls.md', 'utf8').matchAll(/^\| \d+ \| (\w+) \|/gm);
const table = {};
const without = [];
for (const [, call] of rows) {
  const errors = documentedErrors(call);
  if (errors === undefined) without.push(call);
  else if (errors.length > 0) table[call] = errors;
}
const lines = Object.entries(table)
  .toSorted(([a], [b]) => (a < b ? -1 : 1))
  .map(([call, errors]) => `  "${call}": "${errors.join(' ')}"`);
writeFileSync('guest/tests/errors/documented.json', `{\n${lines.join(',\n')}\n}\n`);
console.log(`${lines.length} calls with documented errors; without a page: ${without.join(', ')}`);
