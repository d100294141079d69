import { describe, expect, it } from 'vitest';
import { byteStringFrom, bytesOf } from '../../emulator/util/bytes.ts';
import { SIGINT, SIGQUIT, SIGTSTP } from '../abi/signal.ts';
import { ICANON, VMIN, rawTermios } from '../abi/termios.ts';
import { LineDiscipline } from './line-discipline.ts';

function typed(text: string, discipline = new LineDiscipline()) {
  const { echo, signals } = discipline.input(bytesOf(text));
  const lines: string[] = [];
  while (discipline.isReadable) {
    const dst = new Uint8Array(100);
    lines.push(byteStringFrom(dst.subarray(0, discipline.read(dst))));
  }
  return { lines, echo: byteStringFrom(echo), signals: [...signals] };
}

describe('canonical mode', () => {
  // typed → lines read, echo, signals
  const rows: readonly (readonly [string, string, readonly string[], string, readonly number[]])[] = [
    ['a line ends with return, which reads as newline', 'ab\r', ['ab\n'], 'ab\r\n', []],
    ['two lines are read one by one', 'a\rb\r', ['a\n', 'b\n'], 'a\r\nb\r\n', []],
    ['an unfinished line is not readable', 'abc', [], 'abc', []],
    ['backspace takes a character back', 'ab\x7f\r', ['a\n'], 'ab\b \b\r\n', []],
    ['backspace takes a whole UTF-8 character', '\xc3\xa9\x7fx\r', ['x\n'], '\xc3\xa9\b \bx\r\n', []],
    ['backspace at the start does nothing', '\x7fa\r', ['a\n'], 'a\r\n', []],
    ['^W takes a word', 'one two\x17x\r', ['one x\n'], 'one two\b \b\b \b\b \bx\r\n', []],
    ['^U takes the line', 'ab\x15c\r', ['c\n'], 'ab\b \b\b \bc\r\n', []],
    ['^D ends the file on an empty line', '\x04', [''], '', []],
    ['^D hands over an unfinished line', 'ab\x04', ['ab'], 'ab', []],
    ['^C is SIGINT and drops the line', 'ab\x03c\r', ['c\n'], 'ab^Cc\r\n', [SIGINT]],
    ['^\\ and ^Z are signals too', '\x1c\x1a', [], '^\\^Z', [SIGQUIT, SIGTSTP]],
    ['^V takes the next character as it is', '\x16\x03\r', ['\x03\n'], '^C\r\n', []],
    ['control characters echo with a caret', '\x01\r', ['\x01\n'], '^A\r\n', []],
  ];
  it.each(rows)('%s', (_name, text, lines, echo, signals) => {
    expect(typed(text)).toEqual({ lines, echo, signals });
  });

  it('a long line can be read in pieces', () => {
    const discipline = new LineDiscipline();
    discipline.input(bytesOf('abcd\r'));
    const dst = new Uint8Array(2);
    expect([discipline.read(dst), discipline.read(dst), discipline.read(dst)]).toEqual([2, 2, 1]);
  });
});

describe('raw mode', () => {
  it('gives every byte at once, without echo, signals or translation', () => {
    const discipline = new LineDiscipline();
    discipline.termios = rawTermios();
    expect(typed('a\r\x03', discipline)).toEqual({ lines: ['a\r\x03'], echo: '', signals: [] });
    expect(discipline.output(bytesOf('a\nb'))).toEqual(bytesOf('a\nb'));
  });

  it('waits for VMIN bytes', () => {
    const discipline = new LineDiscipline();
    discipline.termios = { ...rawTermios() };
    discipline.termios.controlCharacters[VMIN] = 3;
    discipline.input(bytesOf('ab'));
    expect(discipline.isReadable).toBe(false);
    discipline.input(bytesOf('c'));
    expect(discipline.isReadable).toBe(true);
  });

  it('shows what was typed before canonical mode was left', () => {
    const discipline = new LineDiscipline();
    discipline.input(bytesOf('ab'));
    discipline.termios = { ...discipline.termios, localFlags: discipline.termios.localFlags & ~ICANON };
    expect(discipline.isReadable).toBe(true);
  });

  it('what is pasted at a program that reads keys is there when it reads, however long it is', () => {
    const discipline = new LineDiscipline();
    discipline.termios = rawTermios();
    const pasted = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
    discipline.input(pasted);
    const seen: number[] = [];
    const dst = new Uint8Array(1024);
    for (let count = discipline.read(dst); count > 0; count = discipline.read(dst))
      seen.push(...dst.subarray(0, count));
    expect(seen).toEqual([...pasted]);
  });

  it('lines that nobody reads are kept up to a megabyte, and all count as unread', () => {
    const discipline = new LineDiscipline();
    for (let i = 0; i < 40; i++) discipline.input(new Uint8Array(65_536).fill(13));
    expect(discipline.unreadBytes).toBe(1 << 20);
    discipline.input(Uint8Array.of(4));
    expect(discipline.read(new Uint8Array(10))).toBe(1);
    expect(discipline.readyBytes).toBe((1 << 20) - 1);
    discipline.flush();
    expect(discipline.unreadBytes).toBe(0);
  });

  it('a line keeps its first 4095 bytes', () => {
    const discipline = new LineDiscipline();
    discipline.input(new Uint8Array(5000).fill(65));
    discipline.input(Uint8Array.of(13));
    expect(discipline.readyBytes).toBe(4096);
  });
});
