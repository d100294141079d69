import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CommandLineError,
  parseCommandLine,
  quoteWord,
  splitOptions,
  type CommandLineContext,
} from './command-line.ts';

/** 'words…terminator' per command, words in brackets. */
function parsed(line: string, context?: CommandLineContext): string[] {
  return parseCommandLine(line, context).commands.map(
    ({ words, terminator }) => words.map((word) => `[${word}]`).join('') + terminator,
  );
}

// The cases of OSv's tests/tst-commands.cc (facts 10), restated.
const OSV_CASES: [string, string, string[]][] = [
  ['an empty line', '', []],
  ['blanks', '   \t ', []],
  ['only terminators', ' ; ;; & ', []],
  ['one command', '/ls.so', ['[/ls.so]']],
  ['arguments', 'java.so -jar  a.jar', ['[java.so][-jar][a.jar]']],
  ['a quoted argument', 'echo "many words" ok', ['[echo][many words][ok]']],
  ['two commands', 'a; b', ['[a];', '[b]']],
  ['two commands without blanks', 'a b;c d', ['[a][b];', '[c][d]']],
  ['a semicolon at the end', 'a;', ['[a];']],
  ['an ampersand', 'a & b', ['[a]&', '[b]']],
  ['a detached command', 'a -x &! b', ['[a][-x]&!', '[b]']],
  ['terminators in quotes', 'a "b;c & d" ; e', ['[a][b;c & d];', '[e]']],
  ['escapes', String.raw`a "\"x\" \\ \n" y\tz`, ['[a]["x" \\ \n][y\tz]']],
  ['a quoted program', '"/my prog" x', ['[/my prog][x]']],
  ['an empty word', 'a "" b', ['[a][][b]']],
  ['force-stop', 'a ! b', ['[a]!', '[b]']],
  ['an exclamation in a word', 'echo hello!', ['[echo][hello!]']],
];

describe('the command line', () => {
  test.each(OSV_CASES)('%s', (_, line, expected) => expect(parsed(line)).toEqual(expected));

  test('refuses a quote that is not closed', () => {
    expect(() => parsed('a "b')).toThrow(CommandLineError);
  });

  test('substitutes everything after the first $ of a word, where there is an environment', () => {
    const environment: Record<string, string> = { HOME: '/root', 'A/b': 'odd' };
    expect(parsed('a $HOME x$HOME $A/b $NONE', { variable: (name) => environment[name] })).toEqual([
      '[a][/root][x/root][odd][]',
    ]);
    expect(parsed('a $HOME')).toEqual(['[a][$HOME]']);
  });

  test('runscript takes the commands of a file, line by line, with its environment', () => {
    const files: Record<string, string> = {
      '/s': '--env=A=1 --env=B?=2 first $A $B; second &\n\nthird\n',
      '/outer': 'runscript /s & last',
      '/loop': 'runscript /loop',
    };
    const context: CommandLineContext = {
      readScript: (path) => files[path],
      variable: (name) => (name === 'B' ? 'set' : undefined),
    };
    expect(parsed('zero; runscript /outer', context)).toEqual([
      '[zero];',
      '[first][1][set];',
      '[second]&',
      '[third]',
      '[last]',
    ]);
    expect(parseCommandLine('runscript /s', context).assignments).toEqual([
      { name: 'A', value: '1', onlyIfUnset: false },
      { name: 'B', value: '2', onlyIfUnset: true },
    ]);
    expect(() => parsed('runscript /none', context)).toThrow("Failed to open runscript file '/none'.");
    expect(() => parsed('runscript /loop', context)).toThrow('too deep');
    expect(parsed('runscript /s')).toEqual(['[runscript][/s]']);
  });

  test('quoteWord and the parser are inverse for any words', () => {
    const word = fc.oneof(
      fc.string({ unit: 'binary-ascii' }),
      fc.constantFrom('!', '&', ';', '"', '\\', '', '$A', 'a\\n'),
    );
    fc.assert(
      fc.property(fc.array(fc.array(word, { minLength: 1, maxLength: 5 }), { maxLength: 4 }), (commands) => {
        const line = commands.map((words) => words.map(quoteWord).join(' ')).join(' & ');
        expect(parseCommandLine(line).commands.map(({ words }) => words)).toEqual(commands);
      }),
    );
  });

  test('any text gives commands or a CommandLineError', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', ' ', '"', '\\', ';', '&', '!', '$', 'n') }), (line) => {
        let sizes: number[] = [];
        try {
          sizes = parseCommandLine(line).commands.map(({ words }) => words.length);
        } catch (error) {
          if (!(error instanceof CommandLineError)) throw error;
        }
        expect(sizes).not.toContain(0);
      }),
    );
  });
});

describe('splitOptions', () => {
  test('takes the leading words that begin with a dash', () => {
    expect(splitOptions('--verbose --env="A=b c" /cli/cli.so --help')).toEqual({
      options: ['--verbose', '--env=A=b c'],
      rest: '/cli/cli.so --help',
    });
    expect(splitOptions('/a -x')).toEqual({ options: [], rest: '/a -x' });
  });
});
