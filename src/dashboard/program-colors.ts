/** Gives the busiest programs a colour each, and keeps it while they are shown. */

const PROGRAM_COLORS = ['--line-1', '--line-2', '--line-3', '--line-4', '--line-5'] as const;

/** Colour by tid; `shares` are percents of one processor by tid, one map per look. The programs that took the most CPU time of late get one; a program keeps the colour it had. */
export function assignColors(
  shares: readonly ReadonlyMap<number, number>[],
  before: ReadonlyMap<number, string>,
): ReadonlyMap<number, string> {
  const totals = new Map<number, number>();
  for (const share of shares) {
    for (const [tid, percent] of share) totals.set(tid, (totals.get(tid) ?? 0) + percent);
  }
  const busiest = [...totals]
    .filter(([, total]) => total > 0.5)
    .toSorted((a, b) => b[1] - a[1])
    .slice(0, PROGRAM_COLORS.length)
    .map(([tid]) => tid);
  const colors = new Map(busiest.flatMap((tid) => (before.has(tid) ? [[tid, before.get(tid) ?? '']] : [])));
  const free = PROGRAM_COLORS.filter((color) => ![...colors.values()].includes(color));
  for (const tid of busiest) if (!colors.has(tid)) colors.set(tid, free.shift() ?? PROGRAM_COLORS[0]);
  return colors;
}
