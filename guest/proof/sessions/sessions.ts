/**
 * Programs that are worked with by keys. A step types and waits until the screen matches; natively it must then also
 * stand still. In the machine the screen after each step must become the same as natively, cursor included, unless the
 * step's screen holds times or process ids (`isOwn`): then it must match only.
 */
import type { ProofImage } from '../rows.ts';

export interface Step {
  readonly keys: string;
  readonly until: RegExp;
  readonly isOwn?: boolean;
}

export interface Session {
  readonly name: string;
  readonly image: ProofImage;
  readonly command: readonly string[];
  readonly steps: readonly Step[];
}

const step = (keys: string, until: RegExp): Step => ({ keys, until });
const ownStep = (keys: string, until: RegExp): Step => ({ keys, until, isOwn: true });

const ENTER = '\r';
const ESCAPE = '\x1b';
const [UP, DOWN, RIGHT, LEFT] = ['A', 'B', 'C', 'D'].map((letter) => `\x1b[${letter}`) as [
  string,
  string,
  string,
  string,
];
const PAGE_UP = '\x1b[5~';
const control = (letter: string): string => String.fromCodePoint((letter.codePointAt(0) ?? 0) & 0x1f);

const bash: Session = {
  name: 'bash at a terminal',
  image: 'tools',
  command: ['/bin/bash', '--norc', '--noprofile'],
  steps: [
    step('', /[#$]\n\(/m),
    step(`PS1='> '${ENTER}`, /^>\n\(/m),
    step(`echo one two${ENTER}`, /^one two\n>\n\(/m),
    step(`${UP}${LEFT.repeat(3)}and ${control('A')}${RIGHT.repeat(4)} -n${control('E')}!`, /two!$/m),
    step(ENTER, /^one and two!>\n\(/m),
    step(`${control('R')}one`, /reverse-i-search.*one/m),
    step(ENTER, /!>\n\(cursor 5/m),
    step(`ls /usr/share/terminf\t${control('K')}; echo "a${control('V')}\tb"${ENTER}`, /a\s+b\n>\n\(/m),
    step(`cat${ENTER}`, /cat\n\(/m),
    step(`typed${ENTER}`, /typed\ntyped\n/m),
    step(control('C'), /\^C\n>\n\(/m),
    step(`echo $?${ENTER}`, /130\n>\n\(/m),
    step(`(echo on; exec sleep 100)${ENTER}`, /^on\n\(/m),
    step(control('Z'), /Stopped/m),
    step(`jobs; fg${ENTER}`, /fg\n[^]*sleep 100 *\)?\n\(/m),
    step(control('C'), /\^C\n>\n\(/m),
    step(`sleep 0.2 & wait; jobs${ENTER}`, /Done/m),
    step(`${control('L')}for i in 1 2 3${ENTER}do echo $i${ENTER}done${ENTER}`, /1\n2\n3\n>\n\(/m),
    step(`clear; history 3; stty size${ENTER}`, /24 80\n>\n\(/m),
    step(`trap 'echo bye' EXIT; exit${ENTER}`, /bye\n.*ended/m),
  ].map(withoutIds),
};

/** Process ids of jobs are not the same anywhere. */
function withoutIds(each: Step): Step {
  return /\bwait; jobs\b/.test(each.keys) ? { ...each, isOwn: true } : each;
}

export const SESSIONS: readonly Session[] = [
  bash,
  {
    name: 'vim',
    image: 'tools',
    command: ['/usr/bin/vim', '-n', '-i', 'NONE', '--cmd', 'set redrawtime=60000', '/tmp/proof.c'],
    steps: [
      step('', /proof\.c/m),
      step('i#include <stdio.h>\r\rint main(void) {\r  return 0;\r}', /INSERT/m),
      step(`${ESCAPE}:set number ruler hlsearch${ENTER}`, /1 #include/m),
      step('kOputs("hello");', /puts/m),
      step(`${ESCAPE}yyp3P:%s/hello/good bye/g${ENTER}`, /good bye/m),
      step(`/bye${ENTER}ncwday${ESCAPE}`, /day/m),
      step(`u${control('R')}ggVGJ`, /1 #include <stdio\.h> int/m),
      step(`u:split /etc/passwd${ENTER}${control('W')}w`, /root:x:0/m),
      step(`:help quit${ENTER}`, /help\.txt|quit/im),
      step(`:qall!${ENTER}`, /ended/m),
    ],
  },
  {
    name: 'nano',
    image: 'tools',
    command: ['/usr/bin/nano', '/tmp/proof.txt'],
    steps: [
      step('', /GNU nano/m),
      step(`first line${ENTER}second line${ENTER}third`, /third/m),
      step(`${UP}${control('K')}${control('U')}${control('U')}`, /second line\n.*second line/m),
      step(`${control('W')}first${ENTER}`, /first/m),
      step(`${control('O')}${ENTER}`, /Wrote/m),
      step(control('G'), /help/im),
      step(`${control('X')}${control('X')}`, /ended/m),
    ],
  },
  {
    name: 'less',
    image: 'tools',
    command: ['/usr/bin/less', '/usr/share/vim/vim90/doc/motion.txt'],
    steps: [
      step('', /motion\.txt/m),
      step(' ', /:$/m),
      step(`/paragraph${ENTER}n`, /paragraph/m),
      step('G', /END/m),
      step('50%', /:$/m),
      step(`&word${ENTER}`, /word/m),
      step(`-N${ENTER}g`, /^ +\d+ /m),
      step(`!echo from a shell${ENTER}`, /from a shell/m),
      step(ENTER, /cursor 23/m),
      step('q', /ended/m),
    ],
  },
  {
    name: 'tmux',
    image: 'tools',
    command: ['/usr/bin/tmux', '-f', '/mnt/tmux.conf', 'new-session', '-s', 'proof', '/bin/dash'],
    steps: [
      step('', /\$|#/m),
      step(`echo first pane${ENTER}`, /^first pane$/m),
      step(`${control('B')}%`, /│/m),
      step(`echo second pane${ENTER}`, /second pane[^]*second pane/m),
      step(`${control('B')}"`, /─/m),
      step(`${control('B')}${UP}stty size${ENTER}`, /^.*│\d+ \d+$/m),
      step(`${control('B')}c`, /^[#$]\n\(/m),
      step(`seq 100${ENTER}`, /^100$/m),
      step(`${control('B')}[${PAGE_UP}`, /\[\d+\/\d+\]/m),
      step(`q${control('B')}p`, /first pane/m),
      step(`${control('B')}z`, /second pane|stty size/m),
      step(`${control('B')}K`, /exited[^]*ended/m),
    ],
  },
  {
    name: 'htop',
    image: 'tools',
    command: ['/usr/bin/htop', '-d', '5'],
    steps: [
      ownStep('', /Tasks:[^]*PID[^]*F10/m),
      ownStep('/htop\r', /PID/m),
      ownStep('t', /List|Tree/m),
      ownStep('h', /htop \d|Arrows/m),
      ownStep('q', /PID/m),
      ownStep('q', /ended/m),
    ],
  },
  {
    name: 'python at a terminal',
    image: 'tools',
    command: ['/usr/bin/python3', '-q'],
    steps: [
      step('', /^>>>\n\(/m),
      step(`import sys, os; [n * n for n in range(5)]${ENTER}`, /\[0, 1, 4, 9, 16\]/m),
      step(`def f(x):${ENTER}  return x + 1${ENTER}${ENTER}f(41)${ENTER}`, /^42$/m),
      step(`${UP}${LEFT}${LEFT}0${ENTER}`, /^402$/m),
      step(`sys.stdin.isatty(), os.get_terminal_size(), sys.pla\t${ENTER}`, /terminal_size/m),
      step(`while True: pass${ENTER}${ENTER}`, /pass\n\.\.\.\n\(/m),
      step(control('C'), /KeyboardInterrupt\n>>>/m),
      step(`input('name? ')${ENTER}`, /name\?\n\(/m),
      step(`me${ENTER}`, /'me'\n>>>/m),
      step(`1/0${ENTER}`, /ZeroDivisionError/m),
      step(control('D'), /ended/m),
    ],
  },
  {
    name: 'busybox ash and less',
    image: 'tools',
    command: ['/usr/bin/busybox', 'ash'],
    steps: [
      step('', /[#$]\n\(/m),
      step(`PS1='> '${ENTER}`, /^>\n\(/m),
      step(`echo one${ENTER}${UP}${UP}${DOWN} two${ENTER}`, /^one two$/m),
      step(`less /etc/group${ENTER}`, /root/m),
      step('q', />\n\(/m),
      step(`(echo on; exec sleep 100)${ENTER}`, /^on\n\(/m),
      step(control('Z'), /Stopped/m),
      step(`fg${ENTER}`, /fg\n.*\n\(/m),
      step(control('C'), /\^C\n+>\n\(/m),
      step(`exit 3${ENTER}`, /ended/m),
    ],
  },
];

/** The sessions that were asked for, as `selectRows`. */
export function selectSessions(wish: string | undefined): readonly Session[] {
  if (wish === undefined || wish === '') return [];
  if (wish === 'all') return SESSIONS;
  const names = wish.split(',');
  return SESSIONS.filter(
    ({ name, image }) =>
      names.includes(image) || names.includes('sessions') || names.includes(name.split(' ')[0] ?? ''),
  );
}
