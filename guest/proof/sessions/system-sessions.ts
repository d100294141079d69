/** Programs that show what the machine does: the screen is its own, but for its shape. */
import { ownStep, type Session, step } from './step.ts';

export const SYSTEM_SESSIONS: readonly Session[] = [
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
    name: 'top',
    image: 'tools',
    command: ['/usr/bin/top', '-d', '1'],
    steps: [
      ownStep(
        '',
        /^top - [\d:]+ up.*load average: [^]*PID USER +PR +NI +VIRT +RES +SHR S +%CPU +%MEM +TIME\+ COMMAND/m,
      ),
      ownStep('1', /%Cpu0 +:/m),
      ownStep('E', /GiB Mem/m),
      ownStep('M', /PID USER/m),
    ],
  },
  {
    name: 'top of busybox',
    image: 'tools',
    command: ['/usr/bin/busybox', 'top', '-d', '1'],
    steps: [
      ownStep('', /^Mem: \d+K used[^]*^CPU: [^]*^Load average: [^]*PID +PPID USER +STAT +VSZ %VSZ[^]*busybox top/m),
      ownStep('M', /busybox top/m),
      ownStep('q', /ended/m),
    ],
  },
  {
    name: 'watch',
    image: 'tools',
    command: ['/usr/bin/watch', '-t', '-n', '1', 'stty size; echo watched'],
    steps: [
      step('', /^24 80\nwatched$/m),
      { ...step('', /^20 60\nwatched$/m), size: [20, 60] },
      step('\x03', /ended/m),
    ],
  },
];
