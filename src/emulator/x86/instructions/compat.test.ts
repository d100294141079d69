import { expect, test } from 'vitest';
import { CPU_FEATURES } from '../cpuid.ts';
import type { Instruction } from '../instruction.ts';
import { arithmetic } from './arithmetic.ts';
import { bitByte } from './bit-byte.ts';
import { controlFlow } from './control-flow.ts';
import { dataTransfer } from './data-transfer.ts';
import { farTransfer } from './far-transfer.ts';
import { INSTRUCTIONS } from './index.ts';
import { logic } from './logic.ts';
import { multiplyDivide } from './multiply-divide.ts';
import { segment } from './segment.ts';
import { shiftRotate } from './shift-rotate.ts';
import { stack } from './stack.ts';
import { strings } from './string.ts';
import { system } from './system.ts';

const FAMILIES: readonly (readonly [title: string, rows: readonly Instruction[]])[] = [
  ['Data transfer', dataTransfer],
  ['Stack', stack],
  ['Binary arithmetic', [...arithmetic, ...multiplyDivide]],
  ['Logic', logic],
  ['Shifts and rotates', shiftRotate],
  ['Bits and bytes', bitByte],
  ['Control transfer', [...controlFlow, ...farTransfer]],
  ['Strings', strings],
  ['Segments and descriptors', segment],
  ['Flags, system and miscellaneous', system],
];

/** Rows of no family above: vectors, floating point. */
function otherRows(): Instruction[] {
  const known = new Set(FAMILIES.flatMap(([, rows]) => rows));
  return INSTRUCTIONS.filter((row) => !known.has(row));
}

function tableOf(title: string, rows: readonly Instruction[]): string {
  const lines = rows.map(({ name, forms, support, sdm, feature = '' }) => {
    const level = support === 'full' ? 'full' : `partial: ${support.partial}`;
    return `| ${name.toUpperCase()} | ${forms.length} | ${featureText(feature)} | ${level} | ${sdm} |`;
  });
  return `## ${title}\n\n| instruction | forms | feature | support | Intel SDM |\n|---|---|---|---|---|\n${lines.join('\n')}\n`;
}

function featureText(name: string): string {
  const level = CPU_FEATURES.find(({ rows }) => rows === name)?.level;
  return level === 'v2' ? `${name}, v2` : name;
}

function isX87({ sdm, name }: Instruction): boolean {
  return name.startsWith('f') && !sdm.includes('FXSAVE');
}

function compatText(): string {
  const others = otherRows();
  const tables = [
    ...FAMILIES.map(([title, rows]) => tableOf(title, rows)),
    tableOf(
      'SSE and MMX',
      others.filter((row) => !isX87(row)),
    ),
    tableOf('x87', others.filter(isX87)),
  ];
  const forms = INSTRUCTIONS.reduce((sum, row) => sum + row.forms.length, 0);
  return `# x86-64 instructions

Generated from the rows in src/emulator/x86/instructions (${INSTRUCTIONS.length} rows, ${forms} forms); a test keeps it fresh
(\`npx vitest run src/emulator/x86/instructions/compat.test.ts -u\`). An instruction that is not here is #UD: SIGILL.
What is marked v2 in the third column runs always, but CPUID advertises it at level v2 only (--cpu v2).

${tables.join('\n')}`;
}

test('docs/compat/instructions.md tells what the rows say', async () => {
  await expect(compatText()).toMatchFileSnapshot('../../../../docs/compat/instructions.md');
});
