/** Rows as aligned text. `sides` holds one '<' or '>' per column: left or right. */
export function formatTable(rows: readonly (readonly string[])[], sides: string): string {
  const widths = sides.split('').map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => {
        const width = widths[column] ?? 0;
        return sides[column] === '>' ? cell.padStart(width) : cell.padEnd(width);
      });
      return `${cells.join('  ').trimEnd()}\n`;
    })
    .join('');
}
