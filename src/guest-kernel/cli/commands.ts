/** The commands of the CLI, as help lists them. */
import type { Command } from './command.ts';
import { api } from './commands/api.ts';
import { cat } from './commands/cat.ts';
import { cd } from './commands/cd.ts';
import { date } from './commands/date.ts';
import { df } from './commands/df.ts';
import { dmesg } from './commands/dmesg.ts';
import { echo } from './commands/echo.ts';
import { env } from './commands/env.ts';
import { exit } from './commands/exit.ts';
import { free } from './commands/free.ts';
import { hello } from './commands/hello.ts';
import { help } from './commands/help.ts';
import { ls } from './commands/ls.ts';
import { mkdir } from './commands/mkdir.ts';
import { poweroff, reboot } from './commands/power.ts';
import { reset } from './commands/reset.ts';
import { rm } from './commands/rm.ts';
import { run } from './commands/run.ts';
import { strace } from './commands/strace.ts';
import { top } from './commands/top.ts';
import { uptime } from './commands/uptime.ts';

const ALL: readonly Command[] = [
  api,
  cat,
  cd,
  date,
  df,
  dmesg,
  echo,
  env,
  exit,
  free,
  hello,
  help,
  ls,
  mkdir,
  poweroff,
  reboot,
  reset,
  rm,
  run,
  strace,
  top,
  uptime,
];

export const COMMANDS: ReadonlyMap<string, Command> = new Map(ALL.map((command) => [command.name, command]));
