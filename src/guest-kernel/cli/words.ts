/** The CLI's words: separated by blanks, '…' and "…" with \' and \" (facts 4.1). No pipes, variables or patterns. */
import { CommandError } from './command-error.ts';
import type { Word } from './command.ts';

/** @throws CommandError when a quote is not closed */
export function splitWords(line: string): readonly Word[] {
  const words: Word[] = [];
  let text = '';
  let isQuoted = false;
  let isInWord = false;
  let quote = '';
  const end = (): void => {
    if (isInWord) words.push({ text, isQuoted });
    text = '';
    isQuoted = false;
    isInWord = false;
  };
  for (let i = 0; i < line.length; i++) {
    const char = line[i] ?? '';
    const next = line[i + 1] ?? '';
    if (char === '\\' && (next === '"' || next === "'")) {
      text += next;
      isInWord = true;
      i++;
    } else if (quote !== '') {
      if (char === quote) quote = '';
      else text += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      // A word is quoted as OSv's `run` means it when it begins so.
      if (!isInWord) isQuoted = true;
      isInWord = true;
    } else if (/\s/.test(char)) end();
    else {
      text += char;
      isInWord = true;
    }
  }
  if (quote !== '') throw new CommandError(`A quote (${quote}) is not closed`);
  end();
  return words;
}
