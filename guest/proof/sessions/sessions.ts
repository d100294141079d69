/** Who is worked with at a terminal, and how. */
import { control, DOWN, ENTER, ESCAPE, LEFT, RIGHT, type Session, step, type Step, UP } from './step.ts';
import { SYSTEM_SESSIONS } from './system-sessions.ts';
import { WINDOW_SESSIONS } from './window-sessions.ts';

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
    name: 'lines in bash',
    image: 'tools',
    command: ['/bin/bash', '--norc', '--noprofile'],
    steps: [
      step('', /[#$]\n\(/m),
      step(`PS1='> '${ENTER}${control('L')}`, /^>\n\(cursor 0/m),
      step('echo "grün € 漢字 x é"', /é"\n/m),
      step(LEFT.repeat(3) + '\x7f\x7f', /漢字 é/m),
      step(`${LEFT.repeat(2)}日${control('E')}${ENTER}`, /^grün € 日漢字 é\n>/m),
      step(`echo ${'a long line of words '.repeat(9)}`, /(words .*){2}\n/m),
      step(`${control('A')}${RIGHT.repeat(5)}very `, /echo very a long/m),
      step(`${control('E')}${ENTER}`, /\n>\n\(/m),
      step(`${UP}${control('A')}`, /cursor \d+, 2/m),
      step(control('E'), /words\n\(cursor/m),
      step(control('C'), />\n\(/m),
      { ...step('', />\n\(/m), size: [24, 60] },
      step(`${control('L')}stty size${ENTER}`, /24 60\n>\n/m),
    ],
  },
  {
    name: 'jobs in bash',
    image: 'tools',
    command: ['/bin/bash', '--norc', '--noprofile'],
    steps: [
      step('', /[#$]\n\(/m),
      step(`PS1='> '${ENTER}${control('L')}`, /^>\n\(cursor 0/m),
      step(`vim -n -u NONE -i NONE /etc/hosts${ENTER}`, /localhost/m),
      step(control('Z'), /Stopped/m),
      step(`less /etc/group${ENTER}`, /root[^]*END/m),
      step(control('Z'), /2\].*Stopped[^]*>\n\(/m),
      step(`sleep 1000 &${ENTER}${control('L')}jobs -r | wc -l${ENTER}`, /^1\n>\n\(/m),
      step(`fg %1${ENTER}`, /localhost[^]*~/m),
      step(`:q${ENTER}`, />\n\(/m),
      step(`kill %3; fg %2${ENTER}`, /root[^]*END/m),
      step('q', />\n\(/m),
      step(`${control('L')}jobs; cat | sed s/x/y/${ENTER}`, /sed[^]*\n\(cursor/m),
      step(`axb${ENTER}`, /^ayb\n\(/m),
      step(control('Z'), /Stopped/m),
      step(`bg; sleep 0.5${ENTER}`, /bg[^]*Stopped[^]*>\n\(/m),
      step(`fg${ENTER}`, /fg\ncat.*\n\(/m),
      step(`axxb${ENTER}${control('D')}`, /^ayxb\n>\n\(/m),
      step(`stty -echo; echo off; cat${ENTER}`, /^off\n\(/m),
      step(`unseen${ENTER}`, /^unseen\n\(/m),
      step(control('D'), />\n\(/m),
      step(`stty sane; exit 7${ENTER}`, /ended/m),
    ],
  },
  {
    name: 'vi of busybox',
    image: 'tools',
    command: ['/usr/bin/busybox', 'vi', '/tmp/proof.txt'],
    steps: [
      step('', /proof\.txt/m),
      step(`ione two three${ENTER}four${ESCAPE}`, /four\n~/m),
      step(`yyp0cwfive${ESCAPE}`, /five/m),
      step(`/two${ENTER}x:s/three/3/${ENTER}`, /one wo 3/m),
      step(`:%s/o/0/g${ENTER}uGdd`, /one wo 3/m),
      step(`:set number${ENTER}:w${ENTER}`, /2L/m),
      { ...step(control('L'), /~/m), size: [30, 100] },
      step(`:q!${ENTER}`, /ended/m),
    ],
  },
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
  ...WINDOW_SESSIONS,
  ...SYSTEM_SESSIONS,
];

/** The sessions that were asked for, as `selectRows`. */
export function selectSessions(wish: string | undefined): readonly Session[] {
  if (wish === undefined || wish === '') return [];
  if (wish === 'all') return SESSIONS;
  const names = wish.split(',');
  return SESSIONS.filter(
    ({ name, image }) =>
      names.includes(image) ||
      names.includes('sessions') ||
      names.includes(name) ||
      names.includes(name.split(' ')[0] ?? ''),
  );
}
