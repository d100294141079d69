/** Job control as a person has it: bash at the console, ^Z, bg, fg, background readers and writers. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { hostLibraries } from './testing/compile.ts';
import { TestMachine } from './testing/test-machine.ts';

const files: Record<string, Uint8Array> = {};

beforeAll(() => {
  Object.assign(files, hostLibraries(['libc.so.6', 'libtinfo.so.6']));
  for (const name of ['bash', 'cat', 'sleep', 'stty']) files[`/bin/${name}`] = readFileSync(`/bin/${name}`);
});

/** bash at the terminal of a machine. */
class Session {
  readonly #machine = new TestMachine(files);
  #seen = 0;

  constructor() {
    this.#machine.start('/bin/bash --norc --noprofile --noediting -i', {
      environment: ['PS1=$ ', 'PATH=/bin', 'HOME=/', 'TERM=dumb'],
    });
    this.expect(/\$ $/);
  }

  /** Types, as a person does when nothing moves any more, and waits for what comes then. */
  type(text: string, answer: RegExp): string {
    this.#machine.settle();
    this.#machine.ports.console.type(text);
    return this.expect(answer);
  }

  /** Types a command that stays in front, and lets it begin. */
  start(text: string): void {
    this.#machine.ports.console.type(text);
    this.#machine.settle();
    this.#seen = this.#machine.console.length;
  }

  expect(answer: RegExp): string {
    const fresh = (): string => this.#machine.console.slice(this.#seen);
    this.#machine.until(() => answer.test(fresh()));
    const text = fresh();
    this.#seen = this.#machine.console.length;
    return text.replaceAll('\r', '');
  }
}

describe('bash at the console', () => {
  it('^Z stops the foreground job, bg lets it go on, fg takes it back, ^C ends it', () => {
    const session = new Session();
    session.start('sleep 1000\r');
    expect(session.type('\u001a', /Stopped[^$]*\$ $/)).toMatch(/\[1\]\+ {2}Stopped +sleep 1000\n\$ $/);
    expect(session.type('jobs\r', /Stopped[^$]*\$ $/)).toMatch(/\[1\]\+ {2}Stopped +sleep 1000\n\$ $/);
    expect(session.type('bg\r', /&[^$]*\$ $/)).toMatch(/\[1\]\+ sleep 1000 &\n\$ $/);
    expect(session.type('jobs\r', /Running[^$]*\$ $/)).toMatch(/\[1\]\+ {2}Running +sleep 1000 &\n\$ $/);
    session.start('fg\r');
    session.type('\u0003', /\$ $/);
    expect(session.type('echo ended with $?; jobs\r', /with \d+\r\n\$ $/)).toContain('ended with 130\n$ ');
  });

  it('a background job that reads stops with SIGTTIN, and reads when it is in front', () => {
    const session = new Session();
    session.type('cat &\r', /\[1\] \d+\r\n\$ $/);
    expect(session.type('\r', /Stopped[^$]*\$ $/)).toMatch(/\[1\]\+ {2}Stopped +cat\n/);
    session.start('fg\r');
    session.type('hello\r', /hello\r\nhello\r\n$/);
    session.type('\u0004', /\$ $/);
    expect(session.type('echo $?\r', /\d\r\n\$ $/)).toContain('\n0\n');
  });

  it('a background job writes freely, and stops with SIGTTOU once stty says tostop', () => {
    const session = new Session();
    session.type('(sleep 0.1; echo from behind) &\r', /\[1\] \d+\r\n\$ $/);
    session.expect(/from behind\r\n/);
    session.type('\r', /Done[^$]*\$ $/);
    session.type('stty tostop\r', /tostop\r\n\$ $/);
    session.type('(sleep 0.1; echo from behind) &\r', /\[1\] \d+\r\n\$ $/);
    expect(session.type('sleep 0.5\r', /sleep 0.5[^$]*\$ $/)).not.toContain('\nfrom behind\n');
    session.type('jobs\r', /Stopped[^$]*\$ $/);
    session.type('fg\r', /from behind\r\n\$ $/);
  });
});
