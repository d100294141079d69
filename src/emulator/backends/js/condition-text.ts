/**
 * A condition code as a compare of the operands of the operation that set the flags, where there is such a compare.
 * The lifter does the same inside a block (x86/flags.ts); this is for flags that another block set.
 */

/** In encoding order; odd codes are the negations of the even ones (Intel SDM 1, appendix B). */
const CONDITIONS = ['o', 'no', 'b', 'ae', 'e', 'ne', 'be', 'a', 's', 'ns', 'p', 'np', 'l', 'ge', 'le', 'g'];

/**
 * @param texts low and high of result, first and second (null: not kept)
 * @returns a JavaScript condition, or null where the flags must be computed.
 */
export function conditionText(
  condition: string,
  kind: string,
  width: number,
  texts: readonly (string | null)[],
): string | null {
  const index = CONDITIONS.indexOf(condition);
  const [result, resultHigh, first, firstHigh, second, secondHigh] = texts.map((text) => text ?? '0');
  const operands = { result: [result, resultHigh], first: [first, firstHigh], second: [second, secondHigh] } as const;
  const text = positive(CONDITIONS[index & ~1], kind, width, operands);
  if (text === null) return null;
  return (index & 1) === 0 ? text : `!(${text})`;
}

type Half = readonly [low: string, high: string];

interface Operands {
  readonly result: Half;
  readonly first: Half;
  readonly second: Half;
}

function positive(condition: string, kind: string, width: number, { result, first, second }: Operands): string | null {
  if (kind === 'bits') return null;
  if (condition === 'e') return isZero(result, width);
  if (condition === 's') return `${signed(result, width)} < 0`;
  if (kind === 'sub') return subCondition(condition, width, first, second);
  if (kind !== 'logic') return null;
  if (condition === 'be') return isZero(result, width);
  if (condition === 'l') return `${signed(result, width)} < 0`;
  if (condition === 'le') return `(${signed(result, width)} < 0 || ${isZero(result, width)})`;
  return null;
}

function subCondition(condition: string, width: number, first: Half, second: Half): string | null {
  switch (condition) {
    case 'b':
      return less(first, second, width, '<', ' >>> 0');
    case 'be':
      return less(first, second, width, '<=', ' >>> 0');
    case 'l':
      return less(first, second, width, '<', '');
    case 'le':
      return less(first, second, width, '<=', '');
    default:
      return null;
  }
}

function less([al, ah]: Half, [bl, bh]: Half, width: number, operator: string, cast: string): string {
  if (width < 32 && cast === '') return `${al} << ${32 - width} ${operator} ${bl} << ${32 - width}`;
  if (width <= 32) return `${al}${cast} ${operator} ${bl}${cast}`;
  return `(${ah} === ${bh} ? ${al} >>> 0 ${operator} ${bl} >>> 0 : ${ah}${cast} < ${bh}${cast})`;
}

function isZero([low, high]: Half, width: number): string {
  return width === 64 ? `(${low} | ${high}) === 0` : `${low} === 0`;
}

/** A number with the sign of the operand. */
function signed([low, high]: Half, width: number): string {
  if (width === 64) return high;
  return width === 32 ? low : `(${low} << ${32 - width})`;
}
