/** What was measured, as committed to baseline.json, and what follows from it. */
import type { KernelGroup } from '../emulator/kernels.ts';
import type { ColumnName } from './column.ts';

export interface Row {
  readonly name: string;
  readonly group: KernelGroup | 'warm-up' | 'program' | 'latency' | 'process' | 'page' | 'speed';
  readonly unit: 'ms' | 'ns' | 'KiB' | 'bytes' | 'Mips';
  /** Median over the rounds by column; what a column cannot run is absent. Of one that ran a part: what the whole would take. */
  readonly values: Readonly<Partial<Record<ColumnName, number>>>;
}

export interface Figures {
  /** The processor and Node's and the browser's versions. */
  readonly host: string;
  readonly rounds: number;
  readonly engine: string;
  readonly rows: readonly Row[];
  /** Shares of the time of the machine in Chromium by tier, over all rounds, 0 to 1. */
  readonly shares: Readonly<Record<string, number>>;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** How many times longer than natively; undefined where one is missing. */
export function ratio(row: Row, column: ColumnName): number | undefined {
  const [value, native] = [row.values[column], row.values.native];
  return value === undefined || native === undefined || native === 0 ? undefined : value / native;
}

/** Geometric mean of the ratios of a group; undefined where a column has none. */
export function geomean(rows: readonly Row[], column: ColumnName): number | undefined {
  const ratios = rows.map((row) => ratio(row, column)).filter((value) => value !== undefined);
  if (ratios.length === 0) return undefined;
  return Math.exp(ratios.reduce((sum, value) => sum + Math.log(value), 0) / ratios.length);
}

/** Gathers the values of all rounds, then gives a row of medians. */
export class Samples {
  readonly #byKey = new Map<string, { row: Omit<Row, 'values'>; values: Map<ColumnName, number[]> }>();

  add(row: Omit<Row, 'values'>, column: ColumnName, value: number): void {
    const key = `${row.group} ${row.name}`;
    const known = this.#byKey.get(key) ?? { row, values: new Map<ColumnName, number[]>() };
    this.#byKey.set(key, known);
    known.values.set(column, [...(known.values.get(column) ?? []), value]);
  }

  rows(): readonly Row[] {
    return [...this.#byKey.values()].map(({ row, values }) => ({
      ...row,
      values: Object.fromEntries([...values].map(([column, all]) => [column, round(median(all))])),
    }));
  }
}

/** Four digits are more than a run can vouch for. */
function round(value: number): number {
  return Number(value.toPrecision(4));
}
