/** Figures as a table of Markdown and as an SVG chart. */
import { COLUMNS, type ColumnName } from './column.ts';
import { type Figures, geomean, ratio, type Row } from './figures.ts';

const GROUPS: readonly (readonly [group: Row['group'], title: string])[] = [
  ['integer', 'Integer kernels'],
  ['scalar', 'Scalar floating point'],
  ['packed', 'Packed floating point'],
  ['extended', 'Long double (x87)'],
  ['mode', 'Floating point under another MXCSR'],
  ['memory', 'Copying and scanning memory'],
  ['warm-up', 'Warm-up: the same kernels, an eighth of the rounds, from an empty code cache'],
  ['program', 'Whole programs, from the wish to start them to their end'],
  ['latency', 'Latencies'],
  ['process', 'Programs beside each other'],
  ['page', 'The page, with an empty profile'],
  ['speed', 'Million guest instructions per second'],
];

const OURS: readonly ColumnName[] = ['node', 'chromium'];
const OTHERS = COLUMNS.filter((column) => column !== 'native');

/** Native values in their unit; the others as times native. */
export function markdownTable(figures: Figures): string {
  const sections = GROUPS.map(([group, title]) =>
    section(
      title,
      figures.rows.filter((row) => row.group === group),
    ),
  );
  return [header(figures), ...sections.filter((each) => each !== ''), shares(figures)].join('\n');
}

function header({ host, rounds, engine }: Figures): string {
  return `${host}; medians of ${rounds} interleaved rounds; engine ${engine}.\n`;
}

function section(title: string, rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  if (rows.every((row) => row.values.native === undefined)) return plainSection(title, rows);
  const lines = rows.map((row) => line(row.name, amount(row.values.native, row.unit), (column) => ratio(row, column)));
  const mean = line('**geomean**', '', (column) => geomean(rows, column));
  return [`### ${title}\n`, tableHead(['', 'native', ...OTHERS.map((name) => `${name} ×`)]), ...lines, mean, ''].join(
    '\n',
  );
}

/** Rows that only our machine has. */
function plainSection(title: string, rows: readonly Row[]): string {
  const shown = OURS.filter((column) => rows.some((row) => row.values[column] !== undefined));
  const lines = rows.map((row) => {
    const cells = shown.map((column) => amount(row.values[column], row.unit));
    return `| ${[row.name, ...cells].join(' | ')} |`;
  });
  return [`### ${title}\n`, tableHead(['', ...shown]), ...lines, ''].join('\n');
}

function tableHead(titles: readonly string[]): string {
  return `| ${titles.join(' | ')} |\n|${titles.map(() => '---').join('|')}|`;
}

function line(name: string, native: string, value: (column: ColumnName) => number | undefined): string {
  const cells = OTHERS.map((column) => value(column)?.toFixed(2) ?? '');
  return `| ${[name, native, ...cells].join(' | ')} |`;
}

function amount(value: number | undefined, unit: Row['unit']): string {
  return value === undefined ? '' : `${value.toLocaleString('en', { maximumFractionDigits: 1 })} ${unit}`;
}

function shares(figures: Figures): string {
  const parts = Object.entries(figures.shares).map(([tier, share]) => `${tier} ${(share * 100).toFixed(1)} %`);
  return parts.length === 0 ? '' : `Time of the machine in Chromium, without idling: ${parts.join(', ')}.\n`;
}

// The chart: for each kernel one bar per column on a logarithmic scale of "times native".

const COLORS: Readonly<Record<ColumnName, string>> = {
  native: '#888888',
  qemu: '#d08a2e',
  node: '#6aa3d5',
  chromium: '#0f766e',
  v86: '#b4536b',
};
const BAR = 7;
const LEFT = 110;
const WIDTH = 760;
const MOST = 200;

/** Horizontal bars; shorter is faster, 1 is native speed. */
export function svgChart(figures: Figures): string {
  const rows = figures.rows.filter(
    (row) => row.group !== 'warm-up' && OTHERS.some((column) => ratio(row, column) !== undefined),
  );
  const parts: string[] = [];
  let y = 34;
  for (const row of rows) {
    const shown = OTHERS.filter((column) => ratio(row, column) !== undefined);
    parts.push(text(LEFT - 8, y + (shown.length * BAR) / 2 + 4, row.name, 'end'));
    for (const column of shown) {
      const value = ratio(row, column) ?? 1;
      const end = scaleX(value);
      parts.push(
        `<rect x="${LEFT}" y="${y}" width="${(end - LEFT).toFixed(1)}" height="${BAR - 1}" fill="${COLORS[column]}"><title>${row.name}, ${column}: ${value.toFixed(2)} × native</title></rect>`,
      );
      y += BAR;
    }
    y += 8;
  }
  const grid = [1, 2, 5, 10, 20, 50, 100].map((tick) => gridLine(tick, y));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 24}" font-family="system-ui, sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    ...OTHERS.map((column, i) => legend(column, LEFT + i * 110)),
    ...grid,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function scaleX(value: number): number {
  const clamped = Math.min(MOST, Math.max(0.5, value));
  return LEFT + (Math.log(clamped / 0.5) / Math.log(MOST / 0.5)) * (WIDTH - LEFT - 20);
}

function gridLine(tick: number, bottom: number): string {
  const x = scaleX(tick).toFixed(1);
  const color = tick === 1 ? '#444444' : '#dddddd';
  return `<line x1="${x}" x2="${x}" y1="26" y2="${bottom}" stroke="${color}"/>${text(Number(x), bottom + 16, `${tick} ×`, 'middle')}`;
}

function legend(column: ColumnName, x: number): string {
  return `<rect x="${x}" y="8" width="10" height="10" fill="${COLORS[column]}"/>${text(x + 15, 17, column, 'start')}`;
}

function text(x: number, y: number, content: string, anchor: string): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="#222222">${content}</text>`;
}
